"""What disks say of their health, by smartmontools' program `smartctl`, without waking one that sleeps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Inventory, Sample, labels_of
from tui_monitor.platform.child_process import ProgramOutcome
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.system.sensors import COLDEST, HOTTEST

METRICS = ("smart_healthy", "smart_temperature_celsius", "smart_used_ratio")
PROGRAM = "smartctl"
TIME_LIMIT = 30.0
"""Seconds for one disk: a bridge or a disk at its end takes long."""
MOST_DEVICES = 64
MOST_OUTPUT = 256 * 1024
_COMMAND_LINE, _OPEN = 1, 2
"""Bits of the exit status (source: smartctl(8)): 1 wrong arguments, 2 the device cannot be opened, or sleeps; others are about the disk."""
_ASLEEP = ("STANDBY", "SLEEP")


class Run(Protocol):
    """Runs the program with these arguments. Raises `CannotStart`."""

    async def __call__(self, arguments: Sequence[str]) -> ProgramOutcome:
        """Its end and its output."""
        ...


@frozen
class SmartReading:
    """What the disks said. ``faults``: by device, what has to be changed so that it can be read; ``inventories`` name all devices."""

    samples: tuple[Sample, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    inventories: tuple[Inventory, ...] = ()


async def read_disks(run: Run) -> SmartReading:
    """Ask for the devices, then each of them. Raises CannotStart where there is no smartctl."""
    scan = _document(await run(("--scan", "-j")))
    devices = [device for device in _list(scan, "devices") if isinstance(device, dict) and str(device.get("name", "")).startswith("/dev/")]
    samples: list[Sample] = []
    faults: dict[str, str] = {}
    names: set[str] = set()
    for device in devices[:MOST_DEVICES]:
        path, kind = str(device["name"]), str(device.get("type", "auto"))
        # an argument of its own, and an absolute path: neither can be taken for an option
        outcome = await run(("-j", "-n", "standby", "-i", "-H", "-A", "-d", kind, path))
        name = clean(path.removeprefix("/dev/"), 64)
        names.add(name)
        found, fault = disk_samples(name, outcome)
        samples += found
        if fault:
            faults[name] = fault
    known = Inventory(METRICS, "device", frozenset(names))
    return SmartReading(tuple(samples), faults, (known,) if scan else ())


def disk_samples(name: str, outcome: ProgramOutcome) -> tuple[list[Sample], str]:
    """The samples of one disk, and why there are none ("" also for a disk that sleeps). The exit status is no verdict by itself."""
    document = _document(outcome)
    said = "; ".join(str(line.get("string", "")) for line in _list(_part(document, "smartctl"), "messages") if isinstance(line, dict))
    status = outcome.code if outcome.code is not None and outcome.code >= 0 else _COMMAND_LINE
    if status & (_COMMAND_LINE | _OPEN):
        return [], "" if any(word in said.upper() for word in _ASLEEP) else _refusal(said, outcome)
    found: list[Sample] = []
    passed = _part(document, "smart_status").get("passed")
    if isinstance(passed, bool):
        warning = _number(_part(document, "nvme_smart_health_information_log"), "critical_warning")
        found.append(Sample(labels_of("smart_healthy", device=name), float(passed and not warning)))
    celsius = _number(_part(document, "temperature"), "current")
    if celsius is not None and COLDEST < celsius < HOTTEST:
        found.append(Sample(labels_of("smart_temperature_celsius", device=name), celsius))
    used = _number(_part(document, "nvme_smart_health_information_log"), "percentage_used")
    if used is not None and 0 <= used <= 255:
        found.append(Sample(labels_of("smart_used_ratio", device=name), used / 100))
    return found, "" if found else "it tells nothing of its health"


def _refusal(said: str, outcome: ProgramOutcome) -> str:
    if outcome.timed_out:
        return f"smartctl did not end within {TIME_LIMIT:g}s"
    reason = clean(said or outcome.errors.decode("utf-8", "replace") or outcome.ending, 160)
    if "permission denied" in reason.lower() or "operation not permitted" in reason.lower():
        return f"{reason}: smartctl needs root; run the monitor as root, or set [system] hardware = false"
    if "usb bridge" in reason.lower():
        return f"{reason}: smartmontools does not know this USB bridge"
    return reason


def _document(outcome: ProgramOutcome) -> Mapping[str, Any]:
    try:
        found = json.loads(outcome.output)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _list(document: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = document.get(name)
    return found if isinstance(found, list) else ()


def _number(document: Mapping[str, Any], name: str) -> float | None:
    found = document.get(name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 1e12 else None
