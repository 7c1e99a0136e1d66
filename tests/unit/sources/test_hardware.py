"""Temperatures on a made /sys, disks by a stand-in for smartctl, GPUs by a stand-in for NVML: there is no such hardware for the tests."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.clocks import ManualClock
from tests.support.fake_smartctl import FakeSmartctl, ata, nvme, refused
from tui_monitor.core.values import METRIC_NAME, Inventory, Sample
from tui_monitor.sources.system import gpu
from tui_monitor.sources.system.gpu import GpuTrouble, gpus, read_gpus
from tui_monitor.sources.system.hardware import LOOK_AGAIN, SMART_EVERY, Hardware
from tui_monitor.sources.system.own_thread import OwnThread
from tui_monitor.sources.system.sensors import temperatures


class Tree:
    """A /sys under a temporary directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: dict[str, str]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def chip(self, number: int, place: str, files: dict[str, str]) -> None:
        """hwmonN with a link to its device."""
        (self.root / place).mkdir(parents=True, exist_ok=True)
        self.write({f"class/hwmon/hwmon{number}/{name}": content for name, content in files.items()})
        link = self.root / f"class/hwmon/hwmon{number}/device"
        if not link.exists():
            link.symlink_to(self.root / place)

    def graphics(self, address: str, *, vendor: str = "0x10de", status: str = "active") -> None:
        at = f"bus/pci/devices/{address}"
        self.write({f"{at}/vendor": f"{vendor}\n", f"{at}/class": "0x030000\n", f"{at}/power/runtime_status": f"{status}\n"})


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "sys")


def named(samples: tuple[Sample, ...], *labels: str) -> dict[tuple[str, ...], float]:
    return {tuple(dict(sample.labels)[name] for name in labels): sample.value for sample in samples}


# --- temperatures -----------------------------------------------------------------------------------------------------


def test_chips_and_sensors_are_named_by_driver_place_and_label(tree: Tree) -> None:
    """The number of hwmonN changes at each start; two sensors of one label stay apart."""
    tree.chip(0, "devices/platform/coretemp.0", {"name": "coretemp\n", "temp1_input": "45000\n", "temp1_label": "Package id 0\n"})
    nvme_place = "devices/pci0000:00/0000:00:1d.0/0000:01:00.0/nvme/nvme0"
    nvme_files = {"name": "nvme\n", "temp1_input": "38850", "temp1_label": "Composite", "temp2_input": "51000", "temp2_label": "Composite"}
    tree.chip(7, nvme_place, nvme_files)
    tree.write({"class/hwmon/hwmon3/name": "acpitz\n", "class/hwmon/hwmon3/temp1_input": "27800\n"})
    found = named(temperatures(str(tree.root)), "chip", "sensor")
    assert found == {
        ("coretemp-coretemp.0", "Package id 0"): 45.0,
        ("nvme-0000:01:00.0", "Composite"): 38.85,
        ("nvme-0000:01:00.0", "Composite (temp2)"): 51.0,
        ("acpitz", "temp1"): 27.8,
    }


@pytest.mark.parametrize("text", ["3892314000", "-128000", "255500000", "nonsense", "", "9" * 5000])
def test_impossible_temperatures_give_no_sample(tree: Tree, text: str) -> None:
    """3,892,314 °C, a sensor that is not there, or no number at all; the sensor beside it is told."""
    tree.chip(0, "devices/platform/x.0", {"name": "x", "temp1_input": text, "temp2_input": "40000"})
    assert named(temperatures(str(tree.root)), "sensor") == {("temp2",): 40.0}


def test_a_sensor_at_fault_gives_no_sample(tree: Tree) -> None:
    """The chip itself says that the sensor does not work."""
    tree.chip(0, "devices/platform/x.0", {"name": "x", "temp1_input": "20000", "temp1_fault": "1\n"})
    assert temperatures(str(tree.root)) == () and temperatures("/nowhere") == ()


# --- disks ------------------------------------------------------------------------------------------------------------


async def disks(
    tmp_path: Path, answers: dict[str, dict[str, Any]]
) -> tuple[dict[tuple[str, ...], float], tuple[Inventory, ...], FakeSmartctl]:
    program = FakeSmartctl(tmp_path, answers)
    hardware = Hardware(lambda *_: None, ManualClock(), tmp_path, str(program.path))
    samples, inventories = await hardware.read_disks()
    return named(samples, METRIC_NAME, "device"), inventories, program


async def test_ata_and_nvme_disks(tmp_path: Path) -> None:
    """Health, temperature, and of NVMe how much of its life is used."""
    found, inventories, _ = await disks(tmp_path, {"/dev/sda": ata(), "/dev/nvme0": nvme()})
    assert found == {
        ("smart_healthy", "sda"): 1.0,
        ("smart_temperature_celsius", "sda"): 34.0,
        ("smart_healthy", "nvme0"): 1.0,
        ("smart_temperature_celsius", "nvme0"): 41.0,
        ("smart_used_ratio", "nvme0"): 0.03,
    }
    assert [one.values for one in inventories] == [frozenset({"sda", "nvme0"})]


async def test_the_exit_status_is_no_success_and_no_failure(tmp_path: Path) -> None:
    """Bits 3 to 7 tell of the disk: what stands in the answer counts (64: there are old errors in the log)."""
    answers = {"/dev/sda": ata(passed=False, exit_status=8), "/dev/sdb": ata(exit_status=64), "/dev/nvme0": nvme(warning=1)}
    found, _, _ = await disks(tmp_path, answers)
    healthy = {device: value for (metric, device), value in found.items() if metric == "smart_healthy"}
    assert healthy == {"sda": 0.0, "sdb": 1.0, "nvme0": 0.0}


async def test_a_sleeping_disk_is_not_woken_and_does_not_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """`-n standby` at each call; asleep it gives no sample, stays in the inventory, and nothing is told."""
    found, inventories, program = await disks(tmp_path, {"/dev/sda": refused("Device is in STANDBY mode, exit(2)")})
    assert found == {} and inventories[0].values == {"sda"}
    assert all("-n" in call and call[call.index("-n") + 1] == "standby" for call in program.calls if "--scan" not in call)


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("Smartctl open device: /dev/sda failed: Permission denied", "smartctl needs root"),
        ("/dev/sda: Unknown USB bridge [0x1234:0x5678 (0x100)]", "does not know this USB bridge"),
        ("/dev/sda: Unable to detect device type", "Unable to detect device type"),
    ],
)
async def test_what_cannot_be_read_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str, remedy: str
) -> None:
    """Once, in the log; it is never an unhealthy disk."""
    said: list[str] = []
    monkeypatch.setattr(logging.getLogger("tui_monitor.sources.system.hardware"), "warning", lambda text, *rest: said.append(text % rest))
    program = FakeSmartctl(tmp_path, {"/dev/sda": refused(message, 1)})
    hardware = Hardware(lambda *_: None, ManualClock(), tmp_path, str(program.path))
    for _ in range(2):
        assert (await hardware.read_disks())[0] == ()
    assert len(said) == 1 and remedy in said[0] and said[0].startswith("SMART of sda cannot be read: ")


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"smart_status": 1, "temperature": {"current": "hot"}}', "x" * 1000, '{"devices": {"a": 1}}']
)
async def test_nonsense_costs_one_disk(tmp_path: Path, text: str) -> None:
    """Whatever the program prints for one, the other is told."""
    found, _, _ = await disks(tmp_path, {"/dev/sda": {"text": text, "exit": 0}, "/dev/sdb": ata()})
    assert {device for _, device in found} == {"sdb"}


# --- GPUs -------------------------------------------------------------------------------------------------------------


class FakeNvml:
    """NVML's functions that are used, for cards which a test describes; ``opened`` counts sessions, ``open`` those not closed."""

    class NVMLError(Exception):
        """The library's error."""

    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *cards: dict[str, Any], broken: str = "") -> None:
        self._cards, self._broken = cards, broken
        self.opened = self.open = 0

    def nvmlInit(self) -> None:
        if self._broken:
            raise self.NVMLError(self._broken)
        self.opened += 1
        self.open += 1

    def nvmlShutdown(self) -> None:
        self.open -= 1

    def nvmlDeviceGetCount(self) -> int:
        return len(self._cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> dict[str, Any]:
        return self._cards[index]

    def _of(self, card: dict[str, Any], key: str) -> Any:
        if key not in card:
            raise self.NVMLError("Not Supported")
        return card[key]

    def nvmlDeviceGetPciInfo(self, card: dict[str, Any]) -> Any:
        return SimpleNamespace(busId=card["bus"])

    def nvmlDeviceGetUtilizationRates(self, card: dict[str, Any]) -> Any:
        return SimpleNamespace(gpu=self._of(card, "use"))

    def nvmlDeviceGetMemoryInfo(self, card: dict[str, Any]) -> Any:
        return SimpleNamespace(used=self._of(card, "used"), total=self._of(card, "total"))

    def nvmlDeviceGetTemperature(self, card: dict[str, Any], _: int) -> Any:
        return self._of(card, "celsius")

    def nvmlDeviceGetPowerUsage(self, card: dict[str, Any]) -> Any:
        return self._of(card, "milliwatts")


FULL = {"bus": b"00000000:01:00.0", "use": 42, "used": 2**30, "total": 2**34, "celsius": 61, "milliwatts": 120_500}


def test_a_gpu_tells_use_memory_temperature_and_power(tree: Tree) -> None:
    """Named by its address on the bus; the library is closed again, as an open one keeps the card awake."""
    tree.graphics("0000:01:00.0")
    library = FakeNvml(FULL)
    samples, inventories = read_gpus(str(tree.root), lambda: library)
    assert named(samples, METRIC_NAME, "gpu") == {
        ("gpu_usage_ratio", "0000:01:00.0"): 0.42,
        ("gpu_memory_used_bytes", "0000:01:00.0"): 2**30,
        ("gpu_memory_total_bytes", "0000:01:00.0"): 2**34,
        ("gpu_temperature_celsius", "0000:01:00.0"): 61.0,
        ("gpu_power_watts", "0000:01:00.0"): 120.5,
    }
    assert inventories[0].values == {"0000:01:00.0"} and (library.opened, library.open) == (1, 0)


@pytest.mark.parametrize(
    ("card", "missing"),
    [
        ({"bus": "00000000:01:00.0", "celsius": 50}, "gpu_usage_ratio"),
        ({**FULL, "use": None}, "gpu_usage_ratio"),
        ({**FULL, "use": 4_294_967_295}, "gpu_usage_ratio"),
        ({**FULL, "celsius": 3_892_314}, "gpu_temperature_celsius"),
        ({**FULL, "milliwatts": "N/A"}, "gpu_power_watts"),
    ],
)
def test_what_a_gpu_does_not_tell_is_no_sample(tree: Tree, card: dict[str, Any], missing: str) -> None:
    """MIG has no use, old cards no power, drivers answer N/A: the other figures are there."""
    tree.graphics("0000:01:00.0")
    samples, _ = read_gpus(str(tree.root), lambda: FakeNvml(card))
    metrics = {dict(sample.labels)[METRIC_NAME] for sample in samples}
    assert metrics and missing not in metrics


def test_a_suspended_gpu_is_not_woken(tree: Tree) -> None:
    """The library is not even opened while one sleeps, as opening it may wake all."""
    tree.graphics("0000:01:00.0", status="suspended")
    tree.graphics("0000:02:00.0")
    library = FakeNvml(FULL)
    assert read_gpus(str(tree.root), lambda: library) == ((), ()) and library.opened == 0


def test_without_such_a_device_nothing_is_loaded(tree: Tree) -> None:
    """Another maker's card needs no library."""

    def never() -> Any:
        raise AssertionError("loaded")

    tree.graphics("0000:00:02.0", vendor="0x8086")
    assert gpus(str(tree.root)) == {} and read_gpus(str(tree.root), never) == ((), ())


def test_a_missing_driver_is_a_remedy(tree: Tree) -> None:
    """The real library without a driver, and one that does not answer: trouble of ours, no unhealthy card."""
    tree.graphics("0000:01:00.0")
    if not Path("/proc/driver/nvidia/version").exists():
        with pytest.raises(GpuTrouble, match="is NVIDIA's driver installed"):
            read_gpus(str(tree.root))
    with pytest.raises(GpuTrouble, match="Driver Not Loaded"):
        read_gpus(str(tree.root), lambda: FakeNvml(broken="Driver Not Loaded"))


# --- the pace of each -------------------------------------------------------------------------------------------------


async def test_each_source_has_its_pace_and_its_boundary(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sensors each 10 s, disks each 30 m; a library that breaks costs neither, and is tried again after five minutes."""
    tree.chip(0, "devices/platform/x.0", {"name": "x", "temp1_input": "40000"})
    tree.graphics("0000:01:00.0")
    program = FakeSmartctl(tmp_path, {"/dev/sda": ata()})
    monkeypatch.setattr(gpu, "_read", lambda nvml: 1 / 0)
    monkeypatch.setattr(gpu, "gpus", lambda sys: 1 / 0)
    taken: dict[str, list[float]] = {}
    all_taken = asyncio.Event()

    def take(samples: tuple[Sample, ...], inventories: tuple[Inventory, ...], pause: float) -> None:
        for sample in samples:
            taken.setdefault(dict(sample.labels)[METRIC_NAME], []).append(pause)
        if {"hardware_temperature_celsius", "smart_healthy"} <= taken.keys():
            all_taken.set()

    clock = ManualClock()
    running = asyncio.create_task(Hardware(take, clock, tree.root, str(program.path)).run())
    async with asyncio.timeout(10):
        await all_taken.wait()
    assert taken["hardware_temperature_celsius"][0] == 10.0 and taken["smart_healthy"] == [SMART_EVERY] and LOOK_AGAIN == 300.0
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_driver_that_hangs_holds_one_thread() -> None:
    """Nobody waits longer than the limit, no second call begins, and what it gives at last is taken."""
    go, calls = threading.Event(), 0

    def hang() -> int:
        nonlocal calls
        calls += 1
        go.wait(10)
        return 7

    thread = OwnThread("test", hang)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await thread.result(0.01)
    go.set()
    assert await thread.result(10) == 7 and calls == 1


async def test_an_error_in_the_thread_is_raised_outside() -> None:
    """And the next call is a new one."""
    with pytest.raises(ZeroDivisionError):
        await OwnThread("test", lambda: 1 / 0).result(10)
