"""Limits of the container that this process runs in, from cgroup version 2 or 1.

Only a container's limits count, not those of an ordinary service: a unit with ``MemoryMax=`` still watches the whole
machine. A container sees its own group as the root of the mounted hierarchy, and a real machine's root group has no
limits; so the root is asked. Where a container shares the host's view, its path names the engine and is followed too.
Sources: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst of Linux.
"""

from __future__ import annotations

import os
import re

from tui_monitor.sources.system.procfs import integer, read_file, read_number, text_of
from tui_monitor.sources.system.readings import Quota

_ENGINE = re.compile(r"docker|kubepods|libpod|containerd|crio|lxc|garden")
_LOOK_AGAIN = 30


class Cgroup:
    """The lowest limits in force; groups with a limit are searched again every 30 readings, as limits can change."""

    def __init__(self, proc: str, sys: str) -> None:
        self._proc = proc
        self._root = f"{sys}/fs/cgroup"
        self._memory_at: str | None = None
        self._memory_age = 0
        self._quota_at: str | None = None
        self._quota_age = 0
        self._paths = self._own_paths()
        self.version = 2 if os.path.exists(f"{self._root}/cgroup.controllers") else 1

    def memory_limit(self) -> tuple[str, int] | None:
        """The directory of the group with the lowest memory limit and that limit in bytes; None without a limit."""
        if self._memory_age == 0:
            limits = [(limit, path) for path in self._directories("memory") if (limit := read_number(self._limit_file(path))) is not None]
            self._memory_at = min(limits)[1] if limits else None
        self._memory_age = (self._memory_age + 1) % _LOOK_AGAIN
        if self._memory_at is None:
            return None
        limit = read_number(self._limit_file(self._memory_at))
        return None if limit is None else (self._memory_at, limit)

    def quota(self) -> Quota | None:
        """The lowest CPU limit and what its group has used."""
        if self._quota_age == 0:
            quotas = [(cores, path) for path in self._directories("cpu") if (cores := self._cores(path)) is not None]
            self._quota_at = min(quotas)[1] if quotas else None
        self._quota_age = (self._quota_age + 1) % _LOOK_AGAIN
        if self._quota_at is None or (cores := self._cores(self._quota_at)) is None:
            return None
        return Quota(cores, self._used_seconds(self._quota_at))

    def _limit_file(self, path: str) -> str:
        return f"{path}/memory.max" if self.version == 2 else f"{path}/memory.limit_in_bytes"

    def _cores(self, path: str) -> float | None:
        """Number of cores that the group may use, None without a limit."""
        try:
            if self.version == 2:
                quota, period = map(integer, read_file(f"{path}/cpu.max").split())
            else:
                quota, period = integer(read_file(f"{path}/cpu.cfs_quota_us")), integer(read_file(f"{path}/cpu.cfs_period_us"))
        except (OSError, ValueError):
            return None
        return quota / period if quota > 0 and period > 0 else None

    def _used_seconds(self, path: str) -> float:
        if self.version == 2:
            return flat_keyed(read_file(f"{path}/cpu.stat"))["usage_usec"] / 1e6
        for accounting in (path, path.replace(f"{self._root}/cpu", f"{self._root}/cpuacct", 1)):
            if (used := read_number(f"{accounting}/cpuacct.usage")) is not None:
                return used / 1e9
        raise LookupError("cpuacct.usage")

    def _directories(self, controller: str) -> list[str]:
        """The groups whose limits apply: the root, and each container engine's group on the path to ours."""
        root = self._root if self.version == 2 else f"{self._root}/{controller}"
        own = self._paths.get("" if self.version == 2 else controller, "/")
        found = [root]
        if _ENGINE.search(own):
            for part in own.strip("/").split("/"):
                found.append(f"{found[-1]}/{part}")
        return found

    def _own_paths(self) -> dict[str, str]:
        """Our group by controller, "" for version 2."""
        try:
            lines = text_of(read_file(f"{self._proc}/self/cgroup")).splitlines()
        except OSError:
            return {}
        paths = {}
        for line in lines:
            _, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            if ".." not in path:
                paths.update({controller: path for controller in controllers.split(",")})
        return paths


def flat_keyed(content: bytes) -> dict[str, int]:
    """Parse "key number" lines of cpu.stat and memory.stat. Raises ValueError."""
    fields = content.split()
    return {key.decode("ascii"): integer(value) for key, value in zip(fields[::2], fields[1::2], strict=True)}
