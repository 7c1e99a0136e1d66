"""This machine, read once a second: CPU, memory, file systems, disks, network, pressure and the monitor's own use."""

from __future__ import annotations

import os
import re
import sys as python
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from tui_monitor.core.rates import LONGEST_GAP, Rates
from tui_monitor.core.values import Inventory, Labels, Sample, labels_of
from tui_monitor.sources.system.filesystem_usage import GRACE, Space, Statvfs
from tui_monitor.sources.system.mounts import default_mounts, named_mounts
from tui_monitor.sources.system.readings import (
    CpuTimes,
    DiskReading,
    InterfaceReading,
    Kernel,
    MemoryReading,
    Mount,
    MountReading,
    PressureReading,
    SwapReading,
    SystemReading,
)
from tui_monitor.sources.system.self_usage import Own, OwnReading

__all__ = ["System", "SystemReading"]

Value = TypeVar("Value")

_VIRTUAL = re.compile(
    r"lo\d*$|(veth|docker|br-|virbr|vnet|tap|cali|cni|flannel|lxcbr|lxdbr|podman|fwbr|fwpr|fwln|ifb|dummy|nodelocaldns|kube-)"
)
_OF_MOUNTS = ("disk_usage_ratio", "disk_free_bytes", "disk_used_bytes", "disk_total_bytes", "disk_inodes_usage_ratio")
_OF_INTERFACES = (
    "network_receive_bytes_per_second", "network_transmit_bytes_per_second", "network_receive_bytes_total", "network_transmit_bytes_total",
)  # fmt: skip
_OF_DEVICES = ("disk_read_bytes_per_second", "disk_write_bytes_per_second", "disk_io_ratio")
_MOST_INTERFACES = 32
_MOST_BYTES = 1e12
"""Per second; more than any interface or disk can do, so a counter that was made up."""


@lru_cache(maxsize=4096)
def _labels(name: str, key: str = "", value: str = "", more: str = "", more_value: str = "") -> Labels:
    """The label set of a series, cached: a reading has a hundred of them each second."""
    return labels_of(name, **{word: text for word, text in ((key, value), (more, more_value)) if word})


class System:
    """Reader of the whole machine. Not thread-safe: one reading at a time, in a worker thread.

    ``mounts``: the paths to show, None for all real file systems. Virtual interfaces (lo, veth*, docker*, br-* and others)
    are left out. ``interval``: seconds between readings, so that a long interval is no gap. ``grace``: seconds that a
    reading waits for file systems; later answers are in the next reading. ``cpu_usage_ratio`` is always the machine's; in
    a container with a CPU limit ``cpu_quota_usage_ratio`` is the used ratio of that limit. Stolen time counts as used,
    since it is unavailable. Rates and CPU ratios begin with the second reading and skip one after a clock jump or gap.
    """

    def __init__(
        self,
        mounts: Sequence[str] | None = None,
        proc: Path = Path("/proc"),
        sys: Path = Path("/sys"),
        *,
        interval: float = 1.0,
        statvfs: Statvfs = os.statvfs,
        grace: float = GRACE,
        kernel: Kernel | None = None,
    ) -> None:
        self._mount_names = mounts
        self._kernel = kernel or _kernel_of(proc, sys)
        self._own = Own(proc)
        self._rates = Rates(longest_gap=max(LONGEST_GAP, 3 * interval))
        self._space = Space(statvfs, grace=grace)
        self._mounts: list[Mount] = []
        self._cpu_before: dict[str, CpuTimes] = {}
        self._faults: list[str] = []
        self._inventories: list[Inventory] = []

    def read(self, now_ms: int, monotonic: float) -> SystemReading:
        """Read everything once; ``now_ms`` is the UTC stamp, ``monotonic`` the same time in seconds. Never raises OSError:
        unreadable parts are missing and named in ``faults``. Waits ``grace`` seconds at most."""
        self._faults = []
        self._inventories = []
        if self._rates.begin(now_ms, monotonic) is None:
            self._cpu_before = {}
        samples: list[Sample] = []
        cpu, cores, modes = self._read_cpu(samples)
        memory, swap = self._read_memory(samples)
        return SystemReading(
            at=now_ms,
            cpu=cpu,
            cores=cores,
            modes=modes,
            quota=self._read_quota(samples),
            load=self._read_load(samples),
            memory=memory,
            swap=swap,
            mounts=self._read_mounts(samples, monotonic),
            interfaces=self._read_network(samples, monotonic),
            disks=self._read_disks(samples),
            pressure=self._read_pressure(samples),
            uptime_s=self._read_uptime(samples),
            own=self._read_own(samples, monotonic, memory.total if memory else 0),
            faults=tuple(self._faults),
            samples=tuple(samples),
            inventories=tuple(self._inventories),
        )

    def _try(self, what: str, read: Callable[[], Value]) -> Value | None:
        """The value, or None with a line in ``faults``, so that an unreadable file does not affect the others."""
        try:
            return read()
        except (OSError, ValueError, LookupError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
            self._faults.append(f"{what}: {reason}")
            return None

    def _read_cpu(self, samples: list[Sample]) -> tuple[float | None, tuple[float, ...], Mapping[str, float]]:
        times = self._try("cpu", self._kernel.cpu) or {}
        before, self._cpu_before = self._cpu_before, times
        shares = {name: shares for name, now in times.items() if name in before and (shares := cpu_shares(before[name], now))}
        modes = shares.pop("", {})
        usage = None
        if modes:
            usage = _usage(modes)
            samples.append(Sample(_labels("cpu_usage_ratio"), usage))
            samples.extend(Sample(_labels("cpu_mode_ratio", "mode", mode), share) for mode, share in modes.items() if mode != "idle")
        count = len(times) - ("" in times)
        if count > 0:
            samples.append(Sample(_labels("cpu_count"), float(count)))
        cores = {name: _usage(share) for name, share in shares.items()}
        samples.extend(Sample(_labels("cpu_core_usage_ratio", "core", name), value) for name, value in cores.items())
        return usage, tuple(cores.values()), {mode: share for mode, share in modes.items() if mode != "idle"}

    def _read_quota(self, samples: list[Sample]) -> float | None:
        quota = self._try("cpu quota", self._kernel.quota)
        if quota is None:
            return None
        cores_used = self._rates.per_second("quota", quota.used_seconds, ceiling=1e5)
        if cores_used is None:
            return None
        samples.append(Sample(_labels("cpu_quota_usage_ratio"), cores_used / quota.cores))
        return cores_used / quota.cores

    def _read_load(self, samples: list[Sample]) -> tuple[float, ...]:
        load = self._try("load", self._kernel.load) or ()
        samples.extend(Sample(_labels(name), value) for name, value in zip(("load1", "load5", "load15"), load, strict=False))
        return load

    def _read_memory(self, samples: list[Sample]) -> tuple[MemoryReading | None, SwapReading | None]:
        found = self._try("memory", self._kernel.memory)
        if found is None:
            return None, None
        memory, swap = found
        samples += (
            Sample(_labels("memory_total_bytes"), float(memory.total)),
            Sample(_labels("memory_available_bytes"), float(memory.available)),
            Sample(_labels("memory_used_bytes"), float(max(0, memory.total - memory.available))),
            Sample(_labels("memory_cached_bytes"), float(memory.cached)),
            Sample(_labels("memory_usage_ratio"), memory.usage),
            Sample(_labels("swap_total_bytes"), float(swap.total)),
        )
        if swap.usage is not None:
            samples.append(Sample(_labels("swap_usage_ratio"), swap.usage))
        return memory, swap

    def _read_mounts(self, samples: list[Sample], monotonic: float) -> tuple[MountReading, ...]:
        if self._space.due(monotonic):
            table = self._try("mounts", self._kernel.mounts)
            if self._mount_names is not None:
                self._mounts = named_mounts(self._mount_names, table or ())
            elif table is not None:
                self._mounts = default_mounts(table) or [Mount(b"/", "/", "", "")]
            self._space.ask(self._mounts, monotonic)
            if table is not None:
                self._inventories.append(Inventory(_OF_MOUNTS, "mount", frozenset(mount.name for mount in self._mounts)))
        rows = self._space.rows(self._mounts, monotonic)
        for row in rows:
            if row.usage is not None:
                samples += (
                    Sample(_labels("disk_usage_ratio", "mount", row.mount), row.usage),
                    Sample(_labels("disk_free_bytes", "mount", row.mount), float(row.free)),
                    Sample(_labels("disk_used_bytes", "mount", row.mount), float(row.used)),
                    Sample(_labels("disk_total_bytes", "mount", row.mount), float(row.total)),
                )
            if row.inodes is not None:
                samples.append(Sample(_labels("disk_inodes_usage_ratio", "mount", row.mount), row.inodes))
        return rows

    def _read_network(self, samples: list[Sample], monotonic: float) -> tuple[InterfaceReading, ...]:
        found: list[InterfaceReading] = []
        counters = self._try("network", self._kernel.network)
        for name, (received, sent) in (counters or {}).items():
            if len(found) == _MOST_INTERFACES or _VIRTUAL.match(name):
                continue
            receive = self._rates.per_second(("receive", name), received, _MOST_BYTES)
            transmit = self._rates.per_second(("transmit", name), sent, _MOST_BYTES)
            found.append(InterfaceReading(name, receive, transmit))
            _add(samples, _labels("network_receive_bytes_per_second", "interface", name), receive)
            _add(samples, _labels("network_transmit_bytes_per_second", "interface", name), transmit)
            samples.append(Sample(_labels("network_receive_bytes_total", "interface", name), received))
            samples.append(Sample(_labels("network_transmit_bytes_total", "interface", name), sent))
        if counters is not None:
            self._inventories.append(Inventory(_OF_INTERFACES, "interface", frozenset(row.name for row in found)))
        states = self._try("connections", lambda: self._kernel.connections(monotonic)) or {}
        samples.extend(Sample(_labels("network_connections", "state", state), float(count)) for state, count in states.items())
        return tuple(found)

    def _read_disks(self, samples: list[Sample]) -> tuple[DiskReading, ...]:
        found: list[DiskReading] = []
        disks = self._try("disks", self._kernel.disks)
        for name, counters in (disks or {}).items():
            read = self._rates.per_second(("read", name), counters.read, _MOST_BYTES)
            write = self._rates.per_second(("write", name), counters.write, _MOST_BYTES)
            busy = self._rates.per_second(("busy", name), counters.busy)
            busy = None if busy is None else min(1.0, busy)
            found.append(DiskReading(name, read, write, busy))
            _add(samples, _labels("disk_read_bytes_per_second", "device", name), read)
            _add(samples, _labels("disk_write_bytes_per_second", "device", name), write)
            _add(samples, _labels("disk_io_ratio", "device", name), busy)
        if disks is not None:
            self._inventories.append(Inventory(_OF_DEVICES, "device", frozenset(row.name for row in found)))
        return tuple(found)

    def _read_pressure(self, samples: list[Sample]) -> tuple[PressureReading, ...]:
        found = self._try("pressure", self._kernel.pressure) or ()
        samples.extend(Sample(_labels("pressure_ratio", "resource", row.resource, "kind", row.kind), row.ratio) for row in found)
        return found

    def _read_uptime(self, samples: list[Sample]) -> float | None:
        uptime = self._try("uptime", self._kernel.uptime)
        _add(samples, _labels("uptime_seconds"), uptime)
        return uptime

    def _read_own(self, samples: list[Sample], monotonic: float, total: int) -> OwnReading:
        own = self._own.read(monotonic)
        _add(samples, _labels("tui_monitor_memory_ratio"), own.memory / total if total > 0 else None)
        _add(samples, _labels("tui_monitor_cpu_ratio"), own.cpu)
        _add(samples, _labels("tui_monitor_memory_bytes"), own.memory)
        _add(samples, _labels("tui_monitor_threads"), own.threads)
        _add(samples, _labels("tui_monitor_open_files"), own.open_files)
        return own


def cpu_shares(before: CpuTimes, now: CpuTimes) -> dict[str, float]:
    """Ratio of time between two readings by mode (user, system, iowait, steal, nice, irq, idle); {} after a reset or within no time.

    The kernel lets idle and iowait fall a little now and then (proc_stat(5)): that counts as no time, not as a reset.
    """
    spent = CpuTimes(*(after - earlier for after, earlier in zip(now, before, strict=True)))
    if min(spent.user, spent.nice, spent.system, spent.irq, spent.steal) < 0:
        return {}
    spent = spent._replace(idle=max(0.0, spent.idle), iowait=max(0.0, spent.iowait))
    total = sum(spent)
    if total <= 0:
        return {}
    order = ("user", "system", "iowait", "steal", "nice", "irq", "idle")
    return {mode: getattr(spent, mode) / total for mode in order}


def _usage(shares: Mapping[str, float]) -> float:
    return min(1.0, max(0.0, 1.0 - shares["idle"] - shares["iowait"]))


def _add(samples: list[Sample], labels: Labels, value: float | None) -> None:
    if value is not None:
        samples.append(Sample(labels, float(value)))


def _kernel_of(proc: Path, sys: Path) -> Kernel:
    """The Linux reader where /proc/stat exists, else the psutil one."""
    if python.platform == "linux" or (proc / "stat").exists():
        from tui_monitor.sources.system.linux import LinuxKernel

        return LinuxKernel(proc, sys)
    from tui_monitor.sources.system.psutil_kernel import PsutilKernel

    return PsutilKernel()
