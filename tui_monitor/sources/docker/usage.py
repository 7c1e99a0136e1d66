"""CPU and memory of a container, from one answer to `stats` and the one before."""

from __future__ import annotations

import json
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.docker.inspection import stamp

MAX_BODY = 1 << 18
_LARGEST = 2**63
_GIVEN_BACK = ("total_inactive_file", "inactive_file")
"""Page cache that the kernel takes back first, in cgroup v1 (with all below it) and v2: no use of the container's (docker/cli PR#2415)."""


@frozen
class Usage:
    """One reading. ``cpu_ns``: nanoseconds of CPU since its start; ``read_ms``: the engine's UTC ms; None: not told."""

    cpu_ns: int | None
    read_ms: int
    memory: int | None
    limit: int | None

    def cpu_since(self, before: Usage | None) -> float | None:
        """Cores used since another reading, as `docker stats` shows them (1 is a whole core); None where that cannot be said."""
        if before is None or self.cpu_ns is None or before.cpu_ns is None or self.cpu_ns < before.cpu_ns:
            return None
        passed = self.read_ms - before.read_ms
        return (self.cpu_ns - before.cpu_ns) / 1e6 / passed if passed > 0 else None


def usage_of(body: bytes) -> Usage:
    """Reads an answer to `stats` (JSON). Raises ValueError where it is none; a part of the wrong type counts as missing.

    The first answer has no earlier reading in it (`precpu_stats` is empty), so CPU takes two. Podman may leave `stats` out.
    """
    try:
        found = json.loads(body.decode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("no stats")
    memory = _part(found, "memory_stats")
    return Usage(
        cpu_ns=_number(_part(_part(found, "cpu_stats"), "cpu_usage").get("total_usage")),
        read_ms=stamp(found.get("read")),
        memory=_used(memory),
        limit=_number(memory.get("limit")) or None,
    )


def _used(memory: dict[str, Any]) -> int | None:
    usage = _number(memory.get("usage"))
    if not usage:  # a container that has just ended says 0, or nothing
        return None
    details = _part(memory, "stats")
    back = next((number for name in _GIVEN_BACK if (number := _number(details.get(name))) is not None), 0)
    return usage - back if back < usage else usage


def _part(found: dict[str, Any], name: str) -> dict[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _number(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < _LARGEST else None
