"""Which process leads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class LeaderIdentity:
    """``kind`` is "dashboard" or "headless"; ``since`` its start in UTC ms, which moves along where the clock is set."""

    pid: int
    kind: str
    since: int

    def clock_set(self, delta_ms: int) -> None:
        """The wall clock was set by so much: the start moves along."""
        self.since += delta_ms
