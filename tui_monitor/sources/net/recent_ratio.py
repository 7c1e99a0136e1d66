"""Ratio of two counters over the recent past, stable with little traffic."""

from __future__ import annotations


class RecentRatio:
    """Good over all events since the last value; a new value needs ``enough`` events, until then the last is repeated.

    The first value covers the counters' whole life. A decreased counter was reset: the ratio starts again.
    """

    def __init__(self, enough: float) -> None:
        self._enough = enough
        self._good = self._all = 0.0
        self._ratio: float | None = None

    def update(self, good: float, all_: float) -> float | None:
        """The ratio (0 to 1) after these two counter values; None before the first event."""
        if good < self._good or all_ < self._all:
            self._good = self._all = 0.0
        events = all_ - self._all
        if events >= self._enough or (self._ratio is None and events > 0):
            self._ratio = min(1.0, (good - self._good) / events)
            self._good, self._all = good, all_
        return self._ratio
