"""One stored series in memory, as PromQL reads it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence

from tui_monitor.model import Labels


class StoredSeries:
    """Samples of one series in time order (promql.storage.Series)."""

    __slots__ = ("_labels", "_lookback_ms", "times", "values")

    def __init__(self, labels: Labels, lookback_ms: int, times: array[int], values: array[float]) -> None:
        self._labels = labels
        self._lookback_ms = lookback_ms
        self.times = times
        self.values = values

    @property
    def labels(self) -> Labels:
        """The full label set."""
        return self._labels

    @property
    def lookback_ms(self) -> int:
        """How long the newest sample stays current."""
        return self._lookback_ms

    def window(self, after_ms: int, until_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Times and values with after < time <= until."""
        first, last = bisect_right(self.times, after_ms), bisect_right(self.times, until_ms)
        return self.times[first:last], self.values[first:last]

    def latest(self, until_ms: int) -> tuple[int, float] | None:
        """The newest sample with time <= until, stale markers too."""
        place = bisect_right(self.times, until_ms) - 1
        return None if place < 0 else (self.times[place], self.values[place])
