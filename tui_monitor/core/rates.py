"""Rates per second of counters; never negative, never absurd. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Hashable

LONGEST_GAP = 30.0
SHORTEST_GAP = 0.05
CLOCK_TOLERANCE = 2.0


def increase(before: float, now: float) -> float | None:
    """How far a counter rose; None where it fell (a reset) or where one of the values is not a finite number."""
    if not (math.isfinite(before) and math.isfinite(now)) or now < before:
        return None
    return now - before


def clock_jump(wall_ms_before: int, monotonic_before: float, wall_ms: int, monotonic: float) -> float:
    """Seconds by which the wall clock moved further (+) or less (-) than the monotonic one: suspend or a clock step."""
    return (wall_ms - wall_ms_before) / 1000.0 - (monotonic - monotonic_before)


class Rates:
    """The rates of counters since their last values.

    Call ``begin`` once per reading and ``per_second`` once per counter after it. There is no rate (None) for the first
    value, after a reset, after a gap longer than ``longest_gap`` seconds, within SHORTEST_GAP of the last value (the
    older value stays the base), and after a jump between wall and monotonic clock of more than CLOCK_TOLERANCE
    seconds. Counters that are no longer seen are forgotten.
    """

    def __init__(self, longest_gap: float = LONGEST_GAP) -> None:
        self._longest_gap = longest_gap
        self._last: dict[Hashable, tuple[float, float]] = {}
        self._wall_ms: int | None = None
        self._at = 0.0
        self._swept = 0.0

    def begin(self, wall_ms: int, monotonic: float) -> float | None:
        """Open a reading at this time; the seconds since the last one, or None where every counter starts anew."""
        elapsed: float | None = None
        if self._wall_ms is not None:
            elapsed = monotonic - self._at
            jump = clock_jump(self._wall_ms, self._at, wall_ms, monotonic)
            if elapsed < 0.0 or elapsed > self._longest_gap or abs(jump) > CLOCK_TOLERANCE:
                elapsed = None
        self._wall_ms, self._at = wall_ms, monotonic
        if elapsed is None:
            self._last.clear()
            self._swept = monotonic
        elif monotonic - self._swept > self._longest_gap:
            oldest = monotonic - self._longest_gap
            self._last = {key: known for key, known in self._last.items() if known[1] >= oldest}
            self._swept = monotonic
        return elapsed

    def per_second(self, key: Hashable, value: float, ceiling: float = math.inf) -> float | None:
        """The rate of counter ``key``, whose value is now ``value``; None for a rate above ``ceiling``, which is absurd."""
        known = self._last.get(key)
        if known is None:
            self._last[key] = (value, self._at)
            return None
        before, at = known
        elapsed = self._at - at
        if elapsed < SHORTEST_GAP:
            return None
        self._last[key] = (value, self._at)
        risen = increase(before, value)
        if risen is None or elapsed > self._longest_gap:
            return None
        rate = risen / elapsed
        return rate if rate <= ceiling else None
