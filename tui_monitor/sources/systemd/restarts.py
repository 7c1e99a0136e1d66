"""How often units were started again by systemd within a time, from the counters that it keeps."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection


class RestartCounter:
    """Restarts within ``window`` seconds, by unit.

    NRestarts grows with each automatic restart and begins at 0 again where somebody starts the unit by hand. Its growth counts, so
    that a crash loop is seen although the unit runs at each look; what it stood at when it was first seen does not.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._last: dict[str, int] = {}
        self._growths: dict[str, deque[tuple[float, int]]] = {}

    def note(self, unit: str, total: int, now: float) -> None:
        """The counter of a unit at a moment (monotonic seconds)."""
        before = self._last.get(unit, total)
        self._last[unit] = total
        growth = total - before if total >= before else total
        if growth:
            self._growths.setdefault(unit, deque()).append((now, growth))

    def recent(self, unit: str, now: float) -> int:
        """Restarts within the window that ends now."""
        growths = self._growths.get(unit, deque())
        while growths and growths[0][0] <= now - self._window:
            growths.popleft()
        return sum(growth for _, growth in growths)

    def keep(self, units: Collection[str]) -> None:
        """Forget all other units."""
        for held in (self._last, self._growths):
            for gone in held.keys() - set(units):
                held.pop(gone)
