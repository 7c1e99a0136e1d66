"""Raw figures of this machine from Linux' /proc and /sys."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from tui_monitor.sources.system.cgroup import Cgroup
from tui_monitor.sources.system.connections import Connections
from tui_monitor.sources.system.memory import memory_and_swap
from tui_monitor.sources.system.mounts import parse_mountinfo
from tui_monitor.sources.system.procfs import integer, read_file, text_of
from tui_monitor.sources.system.readings import CpuTimes, DiskCounters, MemoryReading, Mount, PressureReading, Quota, SwapReading

_SECTOR = 512
_NO_DISK = re.compile(r"(loop|ram|zram|sr|fd|nbd)\d+$|mmcblk\d+boot\d+$")
_LISTS_EVERY = 30
_RESOURCES = ("cpu", "memory", "io")


class LinuxKernel:
    """Reader of /proc and /sys. Disks and container limits are searched again every 30 readings."""

    def __init__(self, proc: Path, sys: Path) -> None:
        self._proc = str(proc)
        self._sys = str(sys)
        self._cgroup = Cgroup(self._proc, self._sys)
        self._connections = Connections(self._proc, netlink=self._proc == "/proc")
        self._disks: frozenset[str] = frozenset()
        self._disks_age = 0
        self._pressures = [(resource, path) for resource in _RESOURCES if os.path.exists(path := f"{proc}/pressure/{resource}")]

    def cpu(self) -> dict[str, CpuTimes]:
        """Times by core from /proc/stat; the interrupt counts after them are not parsed."""
        times = {}
        for line in read_file(f"{self._proc}/stat").split(b"\n"):
            if not line.startswith(b"cpu"):
                break
            name, *fields = line.split(None, 9)
            ticks = [integer(field) for field in fields[:8]]
            user, nice, system, idle, iowait, irq, softirq, steal = ticks + [0] * (8 - len(ticks))
            times[name[3:].decode("ascii")] = CpuTimes(user, nice, system, idle, iowait, irq + softirq, steal)
        return times

    def quota(self) -> Quota | None:
        """The container's CPU limit."""
        return self._cgroup.quota()

    def load(self) -> tuple[float, ...]:
        """Load averages."""
        return tuple(float(field) for field in read_file(f"{self._proc}/loadavg").split(None, 3)[:3])

    def memory(self) -> tuple[MemoryReading, SwapReading]:
        """Memory and swap; a container's limit and ZFS' cache are taken into account."""
        return memory_and_swap(self._proc, self._cgroup)

    def network(self) -> dict[str, tuple[float, float]]:
        """Bytes by interface from /proc/net/dev."""
        found = {}
        for line in read_file(f"{self._proc}/net/dev").split(b"\n")[2:]:
            name, colon, counters = line.rpartition(b":")
            fields = counters.split(None, 9)
            if colon and len(fields) > 8:
                found[text_of(name.strip())] = (float(fields[0]), float(fields[8]))
        return found

    def connections(self, monotonic: float) -> Mapping[str, int]:
        """TCP connections by state, of this network namespace."""
        return self._connections.counts(monotonic)

    def disks(self) -> dict[str, DiskCounters]:
        """Counters of whole physical disks from /proc/diskstats."""
        if self._disks_age == 0:
            self._disks = self._whole_disks()
        self._disks_age = (self._disks_age + 1) % _LISTS_EVERY
        found = {}
        for line in read_file(f"{self._proc}/diskstats").split(b"\n"):
            fields = line.split(None, 13)
            if len(fields) > 12 and (name := text_of(fields[2])) in self._disks:
                found[name] = DiskCounters(integer(fields[5]) * _SECTOR, integer(fields[9]) * _SECTOR, integer(fields[12]) / 1000)
        return found

    def _whole_disks(self) -> frozenset[str]:
        """Disks with a hardware device; without any (some virtual machines) all but loop and memory devices."""
        try:
            names = [name for name in os.listdir(f"{self._sys}/block") if not _NO_DISK.match(name)]
        except OSError:
            return frozenset()
        real = [name for name in names if os.path.exists(f"{self._sys}/block/{name}/device")]
        return frozenset(real or names)

    def pressure(self) -> tuple[PressureReading, ...]:
        """Stall shares of the last 10 s from /proc/pressure (Linux 4.20 and later, where it is switched on)."""
        found = []
        for resource, path in tuple(self._pressures):
            try:
                lines = read_file(path).split(b"\n")
            except OSError:
                self._pressures.remove((resource, path))
                continue
            for line in lines:
                kind, _, rest = line.partition(b" avg10=")
                if rest:
                    found.append(PressureReading(resource, kind.decode("ascii"), float(rest.partition(b" ")[0]) / 100))
        return tuple(found)

    def uptime(self) -> float:
        """Seconds since boot."""
        return float(read_file(f"{self._proc}/uptime").split(None, 1)[0])

    def mounts(self) -> list[Mount]:
        """The mount table of /proc/self/mountinfo."""
        return parse_mountinfo(read_file(f"{self._proc}/self/mountinfo"))
