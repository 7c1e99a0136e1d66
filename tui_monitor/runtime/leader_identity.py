"""The identity of the leading process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class LeaderIdentity:
    """The leading process: ``kind`` is "dashboard" or "headless", ``since`` its start in UTC ms, shifted where the clock is set."""

    pid: int
    kind: str
    since: int

    def clock_set(self, delta_ms: int) -> None:
        """Shift the start after the wall clock was set."""
        self.since += delta_ms
