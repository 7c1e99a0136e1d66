"""A stored series in memory, as PromQL reads it: samples, and aggregates of the minutes and hours of older ones."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tui_monitor.core.values import Labels
from tui_monitor.promql.ranges import maximum_of, minimum_of
from tui_monitor.storage.history.aggregate import Aggregate, Minutes

Percentile = Callable[[Labels, float, int, int], float]
"""The value at a quantile (0 to 1) of a series over after < time <= until; NaN where no distribution is kept."""


class Stretches:
    """Minutes and hours of one series in time order: when the last sample was, how many there were, their sum, least and greatest."""

    __slots__ = ("counts", "highs", "lows", "sums", "times")

    def __init__(self) -> None:
        self.times: array[int] = array("q")
        self.counts: array[int] = array("L")
        self.sums: array[float] = array("d")
        self.lows: array[float] = array("d")
        self.highs: array[float] = array("d")

    def append(self, part: Aggregate) -> None:
        """Add the next; one that lies before the last (the clock was set back) is left out."""
        if not self.times or part.last_at > self.times[-1]:
            self.times.append(part.last_at)
            self.counts.append(part.n)
            self.sums.append(part.sum)
            self.lows.append(part.low)
            self.highs.append(part.high)

    def extend(self, part: Minutes) -> None:
        """Add minutes that are in time order; those that lie before the last are left out."""
        if self.times and part.times and part.times[0] <= self.times[-1]:
            part = part.between(self.times[-1] + 1, 1 << 62)
        self.times.extend(part.times)
        self.counts.extend(part.counts)
        self.sums.extend(part.sums)
        self.lows.extend(part.lows)
        self.highs.extend(part.highs)


_BLOCK = 256
_LONG = 16 * _BLOCK
"""Windows of at least so many samples are added up by blocks: six hours of every second take microseconds, not milliseconds."""


class _Parts(NamedTuple):
    """Of the samples of a window: their number, summands of their sum, and candidates of their least and greatest."""

    n: int
    sums: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]


class _Blocks:
    """Sums (in two parts: as exact as all samples), least and greatest of each 256 samples of a series."""

    def __init__(self, values: array[float]) -> None:
        self._values = values
        parts = [values[start : start + _BLOCK] for start in range(0, len(values) - _BLOCK + 1, _BLOCK)]
        self._sums = [_sum(part) for part in parts]
        self._rests = [_sum([*part, -total]) for part, total in zip(parts, self._sums, strict=True)]
        self._lows, self._highs = [min(part) for part in parts], [max(part) for part in parts]

    def parts(self, first: int, last: int) -> _Parts | None:
        """Of the samples from first up to last; None where one is NaN or infinite."""
        inner = slice(-(-first // _BLOCK), last // _BLOCK)
        ends = [*self._values[first : inner.start * _BLOCK], *self._values[inner.stop * _BLOCK : last]]
        sums = [*ends, *self._sums[inner], *self._rests[inner]]
        if not math.isfinite(sum(sums)):
            return None
        return _Parts(last - first, sums, [*ends, *self._lows[inner]], [*ends, *self._highs[inner]])


_NOTHING = Stretches()


class StoredSeries:
    """Samples of one series in time order (promql.queryable.Series); immutable."""

    __slots__ = ("_blocks", "_labels", "_lookback_ms", "_percentile", "_stretches", "times", "values")

    def __init__(
        self,
        labels: Labels,
        lookback_ms: int,
        times: array[int],
        values: array[float],
        stretches: Stretches | None = None,
        percentile: Percentile | None = None,
    ) -> None:
        self._labels = labels
        self._lookback_ms = lookback_ms
        self._stretches = stretches
        self._percentile = percentile
        self._blocks: _Blocks | None = None
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

    def over(self, name: str, parameter: float, after_ms: int, until_ms: int) -> float | None:
        """avg_, sum_, count_, min_, max_ or quantile_over_time of all samples of a window, also of those that were folded.

        A minute or hour counts whole where its last sample is in the window. None where the window's own samples are complete and few.
        """
        known = self._stretches or _NOTHING
        first, last = bisect_right(known.times, after_ms), bisect_right(known.times, until_ms)
        if name == "quantile_over_time":
            return self._quantile(parameter, after_ms, until_ms) if first < last else None
        begin = bisect_right(self.times, max(after_ms, known.times[-1]) if first < last else after_ms)
        end = bisect_right(self.times, until_ms)
        rest = self._long(begin, end)
        if rest is None and first == last:
            return None
        if rest is None:
            values = [value for value in self.values[begin:end] if value == value]
            rest = _Parts(len(values), values, values, values)
        count = sum(known.counts[first:last]) + rest.n
        if name == "count_over_time" or not count:
            return float(count) if count else None
        if name == "min_over_time":
            return minimum_of([*known.lows[first:last], *rest.lows])
        if name == "max_over_time":
            return maximum_of([*known.highs[first:last], *rest.highs])
        total = _sum([*known.sums[first:last], *rest.sums])
        return total if name == "sum_over_time" else total / count

    def _long(self, begin: int, end: int) -> _Parts | None:
        if end - begin < _LONG:
            return None
        if self._blocks is None:
            self._blocks = _Blocks(self.values)
        return self._blocks.parts(begin, end)

    def _quantile(self, quantile: float, after_ms: int, until_ms: int) -> float | None:
        if self._percentile is None or not 0 <= quantile <= 1:
            return None
        value = self._percentile(self._labels, quantile, after_ms, until_ms)
        return value if value == value else None


def _sum(values: Sequence[float]) -> float:
    """Exact but for the last rounding; infinite or NaN where there are infinities or the sum overflows."""
    try:
        return math.fsum(values)
    except (ValueError, OverflowError):
        return sum(values)
