"""Raw figures of this machine through psutil, for systems without Linux' /proc (macOS, BSD): best effort."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import psutil

from tui_monitor.sources.system.readings import CpuTimes, DiskCounters, MemoryReading, Mount, PressureReading, Quota, SwapReading

Value = TypeVar("Value")

_NO_DISK = re.compile(r"(loop|ram|zram|sr|fd|md|cd|pass)\d+$|dm-\d+$")


class PsutilKernel:
    """Reader of psutil; figures that a system lacks are zero or empty."""

    def cpu(self) -> dict[str, CpuTimes]:
        """CPU seconds by core."""
        times = {"": _cpu_times(_ask(lambda: psutil.cpu_times(percpu=False)))}
        times.update({str(core): _cpu_times(row) for core, row in enumerate(_ask(lambda: psutil.cpu_times(percpu=True)))})
        return times

    def quota(self) -> Quota | None:
        """No container limits here."""
        return None

    def load(self) -> tuple[float, ...]:
        """Load averages."""
        return os.getloadavg()

    def memory(self) -> tuple[MemoryReading, SwapReading]:
        """Memory and swap."""
        memory, swap = _ask(psutil.virtual_memory), _ask(psutil.swap_memory)
        cached = int(getattr(memory, "cached", getattr(memory, "inactive", 0)))
        return MemoryReading(int(memory.total), int(memory.available), cached), SwapReading(int(swap.total), int(swap.used))

    def network(self) -> dict[str, tuple[float, float]]:
        """Bytes by interface."""
        counters = _ask(lambda: psutil.net_io_counters(pernic=True))
        return {name: (float(row.bytes_recv), float(row.bytes_sent)) for name, row in counters.items()}

    def disks(self) -> dict[str, DiskCounters]:
        """Counters by disk; busy time falls back to the sum of read and write times."""
        counters = _ask(lambda: psutil.disk_io_counters(perdisk=True)) or {}
        found = {}
        for name, row in counters.items():
            if not _NO_DISK.match(name):
                busy = getattr(row, "busy_time", None)
                spent = busy if busy is not None else getattr(row, "read_time", 0) + getattr(row, "write_time", 0)
                found[name] = DiskCounters(float(row.read_bytes), float(row.write_bytes), spent / 1000)
        return found

    def connections(self, monotonic: float) -> Mapping[str, int]:
        """Not known: other systems tell them to root only."""
        return {}

    def pressure(self) -> tuple[PressureReading, ...]:
        """Linux only."""
        return ()

    def uptime(self) -> float:
        """Seconds since boot."""
        return max(0.0, time.time() - float(_ask(psutil.boot_time)))

    def mounts(self) -> list[Mount]:
        """Mounted disks; psutil leaves pseudo file systems out."""
        table = _ask(lambda: psutil.disk_partitions(all=False))
        return [_mount(row) for row in table]


def _ask(question: Callable[[], Value]) -> Value:
    """Call psutil with its own errors turned into OSError, which `Kernel` allows."""
    try:
        return question()
    except psutil.Error as error:
        raise OSError(str(error)) from error


def _cpu_times(row: object) -> CpuTimes:
    def spent(*names: str) -> float:
        return sum(float(getattr(row, name, 0.0)) for name in names)

    return CpuTimes(
        spent("user"), spent("nice"), spent("system"), spent("idle"), spent("iowait"), spent("irq", "softirq", "interrupt"), spent("steal")
    )


def _mount(row: Any) -> Mount:
    """A mount; on macOS "/" counts as writable, since it and disk images (.dmg) are mounted read-only."""
    fixed = "ro" in row.opts.split(",") and row.mountpoint != "/"
    return Mount(os.fsencode(row.mountpoint), _text(row.mountpoint), _text(row.device), row.fstype, row.device, read_only=fixed)


def _text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")
