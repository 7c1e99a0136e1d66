"""Values of one reading of this machine, and the raw counters of a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple, Protocol

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Inventory, Sample
from tui_monitor.sources.system.self_usage import OwnReading


class CpuTimes(NamedTuple):
    """Time spent since boot in any unit (only shares are used); guest time is inside user and nice."""

    user: float
    nice: float
    system: float
    idle: float
    iowait: float
    irq: float
    steal: float


class Quota(NamedTuple):
    """A container's CPU limit: allowed cores, and the CPU seconds used so far."""

    cores: float
    used_seconds: float


class DiskCounters(NamedTuple):
    """Bytes read and written since boot, and seconds in which the device was busy."""

    read: float
    write: float
    busy: float


@frozen
class MemoryReading:
    """Memory in bytes. ``available``: usable without swapping; ``limited``: a container's limit applies."""

    total: int
    available: int
    cached: int
    limited: bool = False

    @property
    def usage(self) -> float:
        """Ratio of memory that is in use and not reclaimable."""
        return min(1.0, max(0.0, 1.0 - self.available / self.total)) if self.total > 0 else 0.0


@frozen
class SwapReading:
    """Swap in bytes; both zero without swap."""

    total: int
    used: int

    @property
    def usage(self) -> float | None:
        """Ratio in use, None without swap."""
        return min(1.0, max(0.0, self.used / self.total)) if self.total > 0 else None


@frozen
class MountReading:
    """One file system in bytes, as in df: ``free`` is the space for ordinary users.

    ``usage`` and ``inodes`` are ratios, None where not known (or, for inodes, where the file system has no limit).
    With ``error`` ("not answering", "Permission denied") the figures are zero and None.
    """

    mount: str
    device: str
    fstype: str
    total: int = 0
    used: int = 0
    free: int = 0
    usage: float | None = None
    inodes: float | None = None
    error: str = ""


@frozen
class InterfaceReading:
    """One network interface: rates in bytes per second (None: no rate yet)."""

    name: str
    receive: float | None
    transmit: float | None


@frozen
class DiskReading:
    """One block device: bytes per second and the share of time in which it was busy; None: no rate yet."""

    name: str
    read: float | None
    write: float | None
    busy: float | None


@frozen
class PressureReading:
    """Share of the last 10 s in which ``kind`` = "some" or "full" tasks waited for ``resource`` = "cpu", "memory" or "io"."""

    resource: str
    kind: str
    ratio: float


@frozen
class SystemReading:
    """One reading of this machine (``at`` in UTC ms); None and empty where unknown, with the reason in ``faults``.

    ``cpu`` and ``cores`` are shares of time in use, ``modes`` shares by mode; all need a second reading.
    """

    at: int
    samples: tuple[Sample, ...]
    inventories: tuple[Inventory, ...] = ()
    cpu: float | None = None
    cores: tuple[float, ...] = ()
    modes: Mapping[str, float] = field(default_factory=dict)
    quota: float | None = None
    load: tuple[float, ...] = ()
    memory: MemoryReading | None = None
    swap: SwapReading | None = None
    mounts: tuple[MountReading, ...] = ()
    interfaces: tuple[InterfaceReading, ...] = ()
    disks: tuple[DiskReading, ...] = ()
    pressure: tuple[PressureReading, ...] = ()
    uptime_s: float | None = None
    own: OwnReading | None = None
    faults: tuple[str, ...] = ()


@frozen
class Mount:
    """One line of the mount table. ``path`` is for system calls, ``name`` for display."""

    path: bytes
    name: str
    device: str
    fstype: str
    number: str = ""
    """The device's number: equal for bind mounts of one file system."""
    whole: bool = True
    """False if only a part of the file system is mounted here (a bind mount or a subvolume)."""
    read_only: bool = False
    """True if it was mounted read-only; False if the kernel made it read-only after an error."""


class Kernel(Protocol):
    """Raw figures of a machine; methods raise OSError, ValueError or LookupError where a figure is unavailable."""

    def cpu(self) -> dict[str, CpuTimes]:
        """Times by core, "" for the sum."""
        ...

    def quota(self) -> Quota | None:
        """The container's CPU limit, None without."""
        ...

    def load(self) -> tuple[float, ...]:
        """Load averages of 1, 5 and 15 minutes."""
        ...

    def memory(self) -> tuple[MemoryReading, SwapReading]:
        """Memory and swap."""
        ...

    def network(self) -> dict[str, tuple[float, float]]:
        """Bytes received and sent by interface."""
        ...

    def connections(self, monotonic: float) -> Mapping[str, int]:
        """TCP connections by state, {} where not known (yet)."""
        ...

    def disks(self) -> dict[str, DiskCounters]:
        """Counters by whole block device."""
        ...

    def pressure(self) -> tuple[PressureReading, ...]:
        """Stall shares, empty where the kernel has none."""
        ...

    def uptime(self) -> float:
        """Seconds since boot."""
        ...

    def mounts(self) -> list[Mount]:
        """The whole mount table."""
        ...
