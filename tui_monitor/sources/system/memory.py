"""Total and available memory of the machine, or of the container if its limit is lower."""

from __future__ import annotations

import os

from tui_monitor.sources.system.cgroup import Cgroup, flat_keyed
from tui_monitor.sources.system.procfs import integer, read_file, read_number
from tui_monitor.sources.system.readings import MemoryReading, SwapReading


def memory_and_swap(proc: str, cgroup: Cgroup) -> tuple[MemoryReading, SwapReading]:
    """Memory and swap. Raises OSError or LookupError where /proc/meminfo lacks them."""
    known = _meminfo(read_file(f"{proc}/meminfo"))
    total = known.get(b"SwapTotal", 0)
    host, swap = _host(known), SwapReading(total, max(0, total - known.get(b"SwapFree", 0)))
    limit = cgroup.memory_limit()
    whole = _with_arc(host, proc)
    if limit is not None and limit[1] <= host.total:
        directory, most = limit
        return _container(directory, most, whole, cgroup.version), _container_swap(directory, swap, cgroup.version)
    return whole, swap


def _meminfo(content: bytes) -> dict[bytes, int]:
    """Bytes by key; /proc/meminfo counts in KiB."""
    known = {}
    for line in content.split(b"\n")[:40]:
        key, colon, rest = line.partition(b":")
        if colon:
            known[key] = integer(rest.split(None, 1)[0]) * 1024
    return known


def _host(known: dict[bytes, int]) -> MemoryReading:
    total, free = known[b"MemTotal"], known[b"MemFree"]
    kept = known.get(b"Shmem", 0)
    cached = max(0, known.get(b"Buffers", 0) + known.get(b"Cached", 0) + known.get(b"SReclaimable", 0) - kept)
    available = known.get(b"MemAvailable", free + cached)
    return MemoryReading(total, min(total, available), cached)


def _with_arc(host: MemoryReading, proc: str) -> MemoryReading:
    """Memory with ZFS' reclaimable cache (down to ``c_min``) as available, which the kernel does not count.

    Only for the machine's own meminfo: in a container lxcfs mounts a meminfo of its own, while arcstats stays the host's.
    """
    try:
        if os.stat(f"{proc}/meminfo").st_dev != os.stat(proc).st_dev:
            return host
        lines = read_file(f"{proc}/spl/kstat/zfs/arcstats").split(b"\n")
    except OSError:
        return host
    stats = {fields[0]: integer(fields[2]) for line in lines[2:] if len(fields := line.split()) == 3}
    size = stats.get(b"size", 0)
    if size >= host.total:
        return host
    spare = max(0, size - stats.get(b"c_min", 0))
    return MemoryReading(host.total, min(host.total, host.available + spare), host.cached + spare)


def _container(directory: str, limit: int, host: MemoryReading, version: int) -> MemoryReading:
    """A group's memory: file pages and reclaimable slab are reclaimed before it runs out, so they count as available."""
    stat = flat_keyed(read_file(f"{directory}/memory.stat"))
    if version == 2:
        used = integer(read_file(f"{directory}/memory.current"))
        cached = stat.get("active_file", 0) + stat.get("inactive_file", 0) + stat.get("slab_reclaimable", 0)
    else:
        used = integer(read_file(f"{directory}/memory.usage_in_bytes"))
        cached = stat.get("total_active_file", 0) + stat.get("total_inactive_file", 0)
    available = max(0, limit - max(0, used - cached))
    return MemoryReading(limit, min(limit, available, host.available), cached, limited=True)


def _container_swap(directory: str, host: SwapReading, version: int) -> SwapReading:
    """A group's swap: version 2 limits it separately; version 1 only with memory, so the machine's swap is used."""
    if version != 2:
        return host
    limit, used = read_number(f"{directory}/memory.swap.max"), read_number(f"{directory}/memory.swap.current")
    if limit is None or used is None or limit > host.total:
        return host
    return SwapReading(limit, min(limit, used))
