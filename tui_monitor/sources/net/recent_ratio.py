"""A ratio of two growing counters over the recent past, calm when there is little traffic. Standard library only."""

from __future__ import annotations


class RecentRatio:
    """Good over all since the last answer; needs ``enough`` events for a new answer and repeats the last until then.

    The first answer covers the counters' whole life. A counter that fell was reset: the past starts anew.
    """

    def __init__(self, enough: float) -> None:
        self._enough = enough
        self._good = self._all = 0.0
        self._ratio: float | None = None

    def update(self, good: float, all_: float) -> float | None:
        """The ratio now (0 to 1) for these two counters; None while there has been no event at all."""
        if good < self._good or all_ < self._all:
            self._good = self._all = 0.0
        events = all_ - self._all
        if events >= self._enough or (self._ratio is None and events > 0):
            self._ratio = min(1.0, (good - self._good) / events)
            self._good, self._all = good, all_
        return self._ratio
