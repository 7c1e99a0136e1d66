"""The system source on made-up /proc and /sys trees, and once on the real ones."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.fake_machine import DISKS, GIB, NET, STAT, Machine, value
from tests.support.paths import ROOT
from tui_monitor.core.values import label
from tui_monitor.sources.system.reader import System


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A plain machine."""
    return Machine(tmp_path)


def test_gauges_are_there_at_once_and_rates_are_not(machine: Machine) -> None:
    """The first reading tells load, memory, uptime and space, and no rate or CPU share."""
    reading = machine.system().read(1_000, 1.0)
    assert (value(reading, "load1"), value(reading, "load5"), value(reading, "load15")) == (0.5, 0.25, 0.1)
    assert value(reading, "uptime_seconds") == 3600.5
    assert value(reading, "memory_total_bytes") == 16 * GIB
    assert value(reading, "memory_available_bytes") == 4 * GIB
    assert value(reading, "memory_usage_ratio") == pytest.approx(0.75)
    assert value(reading, "memory_cached_bytes") == 2 * GIB
    assert value(reading, "swap_usage_ratio") == pytest.approx(0.5)
    assert reading.cpu is None and reading.cores == ()
    assert not [sample for sample in reading.samples if label(sample.labels, "__name__").endswith("per_second")]
    assert reading.faults == ()


def test_cpu_shares_count_stolen_time_as_used(machine: Machine) -> None:
    """CPU use is all but idle and iowait; every mode has its share."""
    system = machine.system()
    system.read(0, 0.0)
    machine.write({"proc/stat": STAT.format(130, 110, 840, 10, 10)})
    reading = system.read(1_000, 1.0)
    assert value(reading, "cpu_usage_ratio") == pytest.approx(0.5)
    assert value(reading, "cpu_core_usage_ratio", core="0") == pytest.approx(0.5)
    assert value(reading, "cpu_mode_ratio", mode="user") == pytest.approx(0.3)
    assert value(reading, "cpu_mode_ratio", mode="iowait") == pytest.approx(0.1)
    assert value(reading, "cpu_mode_ratio", mode="steal") == pytest.approx(0.1)
    assert value(reading, "cpu_mode_ratio", mode="irq") == 0.0
    assert reading.cores == (pytest.approx(0.5),)


def test_cpu_counters_that_fall_give_no_share_but_a_dip_of_iowait_does(machine: Machine) -> None:
    """A reset costs one reading; the kernel's small dips of iowait cost nothing and are never negative."""
    system = machine.system()
    system.read(0, 0.0)
    machine.write({"proc/stat": STAT.format(50, 110, 840, 10, 10)})
    assert value(system.read(1_000, 1.0), "cpu_usage_ratio") is None
    machine.write({"proc/stat": STAT.format(100, 110, 890, 5, 10)})
    reading = system.read(2_000, 2.0)
    assert value(reading, "cpu_usage_ratio") == pytest.approx(0.5)
    assert value(reading, "cpu_mode_ratio", mode="iowait") == 0.0


def test_network_and_disk_rates_leave_out_virtual_interfaces_and_parts(machine: Machine) -> None:
    """Rates are per second, only for real interfaces and whole disks."""
    system = machine.system()
    system.read(0, 0.0)
    machine.write({"proc/net/dev": NET.format(3000, 2500), "proc/diskstats": DISKS.format(300, 204, 1500)})
    reading = system.read(2_000, 2.0)
    assert [row.name for row in reading.interfaces] == ["eth0"]
    assert value(reading, "network_receive_bytes_per_second", interface="eth0") == pytest.approx(1000.0)
    assert value(reading, "network_transmit_bytes_per_second", interface="eth0") == pytest.approx(250.0)
    assert [row.name for row in reading.disks] == ["nvme0n1"]
    assert value(reading, "disk_read_bytes_per_second", device="nvme0n1") == pytest.approx(100 * 512)
    assert value(reading, "disk_write_bytes_per_second", device="nvme0n1") == pytest.approx(2 * 512)
    assert value(reading, "disk_io_ratio", device="nvme0n1") == pytest.approx(0.25)


def test_a_counter_reset_and_a_clock_jump_give_no_sample(machine: Machine) -> None:
    """After an interface was reset or the machine slept, that reading has no rate; the next has one."""
    system = machine.system()
    for second, received in enumerate((1000, 10, 110)):
        machine.write({"proc/net/dev": NET.format(received, 2000)})
        reading = system.read(second * 1000, float(second))
        rate = value(reading, "network_receive_bytes_per_second", interface="eth0")
        assert rate == (100.0 if second == 2 else None)
    machine.write({"proc/net/dev": NET.format(99_000, 2000)})
    assert value(system.read(900_000, 3.0), "network_receive_bytes_per_second", interface="eth0") is None


def test_pressure_is_told_where_the_kernel_has_it(machine: Machine) -> None:
    """PSI's avg10 percent become ratios; without PSI there are no such samples."""
    assert machine.system().read(0, 0.0).pressure == ()
    line = "some avg10=12.50 avg60=0.25 avg300=0.44 total=9272630\nfull avg10=2.00 avg60=0.00 avg300=0.00 total=0\n"
    machine.write({"proc/pressure/memory": line})
    reading = machine.system().read(0, 0.0)
    assert value(reading, "pressure_ratio", resource="memory", kind="some") == pytest.approx(0.125)
    assert value(reading, "pressure_ratio", resource="memory", kind="full") == pytest.approx(0.02)


def test_totals_counts_and_used_bytes_are_there_at_once(machine: Machine) -> None:
    """Counters of real interfaces, the number of CPUs, and what is used in bytes: of memory, file systems, and by the monitor itself."""
    machine.write({"proc/self/stat": "7 (python) S " + " ".join(["0"] * 20 + ["4096", "0"])})
    reading = machine.system().read(1_000, 1.0)
    assert value(reading, "network_receive_bytes_total", interface="eth0") == 1000.0
    assert value(reading, "network_transmit_bytes_total", interface="eth0") == 2000.0
    assert value(reading, "network_receive_bytes_total", interface="lo") is None
    assert value(reading, "cpu_count") == 1.0
    assert value(reading, "memory_used_bytes") == 12 * GIB
    assert value(reading, "disk_used_bytes", mount="/") == 700 * 4096
    assert 0 < (value(reading, "tui_monitor_memory_ratio") or 0) < 1


def test_one_broken_file_costs_only_its_own_figures(machine: Machine) -> None:
    """A file that is missing or holds nonsense is named in the faults and everything else is told."""
    machine.write({"proc/meminfo": "garbage\n", "proc/loadavg": "what is this\n"})
    (machine.proc / "net" / "dev").unlink()
    reading = machine.system().read(0, 0.0)
    assert [fault.partition(":")[0] for fault in reading.faults] == ["memory", "load", "network"]
    assert reading.memory is None and reading.uptime_s == 3600.5 and reading.mounts[0].error == ""


def test_the_monitor_tells_its_own_use() -> None:
    """Own CPU, memory, threads and descriptors are samples like any other."""
    system = System(None)
    system.read(0, 0.0)
    reading = system.read(1_000, 1.0)
    assert 0.0 <= (value(reading, "tui_monitor_cpu_ratio") or 0.0) < 5.0
    assert 1_000_000 < (value(reading, "tui_monitor_memory_bytes") or 0) < 10 * GIB
    assert (value(reading, "tui_monitor_threads") or 0) >= 1
    assert (value(reading, "tui_monitor_open_files") or 0) >= 3
    assert reading.own is not None and not reading.own.descriptors_scarce


@pytest.mark.skipif(sys.platform != "linux", reason="reads the real /proc")
def test_this_machine_gives_plausible_figures() -> None:
    """On the real /proc every ratio is between 0 and 1, nothing is negative and no series stands there twice."""
    system = System(None)
    now = time.monotonic()
    system.read(0, now)
    list(range(3_000_000))
    reading = system.read(1_000, now + 1.0)
    assert reading.faults == ()
    assert reading.mounts[0].mount == "/" and reading.memory is not None and reading.memory.total > 64 * 1024**2
    assert len({sample.labels for sample in reading.samples}) == len(reading.samples)
    for sample in reading.samples:
        assert sample.value >= 0.0, sample
        if label(sample.labels, "__name__").endswith("_ratio") and not label(sample.labels, "__name__").startswith("tui_monitor"):
            assert sample.value <= 1.0, sample


@pytest.mark.skipif(sys.platform != "linux", reason="psutil is the way on other systems")
def test_linux_needs_no_psutil() -> None:
    """Reading this machine and its processes loads neither psutil (27 ms, 3 MiB) nor anything of the screen."""
    code = (
        "import sys; from tui_monitor.sources.system.reader import System; from tui_monitor.sources.system.processes import TopProcesses;"
        "System(None).read(0, 0.0); TopProcesses().read(0.0);"
        "print([name for name in ('psutil', 'textual', 'rich', 'asyncio') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30, cwd=ROOT)
    assert found.stdout.strip() == "[]"
