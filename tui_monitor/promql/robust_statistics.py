"""Robust statistics, which outliers do not move: medians, the trend of Theil and Sen, spreads. Standard library only, no errors."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

PARTS = 60
"""Into how many equal parts of time a trend is cut: 1,770 pairs, some 0.4 ms."""
SPREAD = 1.4826
"""A median deviation times this is a standard deviation, where values are spread normally."""


class Trend(NamedTuple):
    """A straight line: the change per second, the level at the moment asked for, and how far values usually lie from it."""

    slope: float
    level: float
    spread: float


def median(values: Sequence[float]) -> float:
    """The middle of at least one number."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def finite(values: Sequence[float]) -> Sequence[float]:
    """The values without NaN and infinities; the sum, computed in C, tells first whether there are any."""
    return values if math.isfinite(sum(values)) else [value for value in values if math.isfinite(value)]


def parts_of(times: Sequence[int], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Median time (ms) and median value of each of PARTS equal parts of the time; few samples stay as they are."""
    if len(times) <= PARTS:
        kept = [(float(time), value) for time, value in zip(times, values, strict=True) if math.isfinite(value)]
        return [time for time, _ in kept], [value for _, value in kept]
    middles, levels = [], []
    first, length = times[0], (times[-1] - times[0]) / PARTS
    begin = 0
    for part in range(1, PARTS + 1):
        end = len(times) if part == PARTS else bisect_right(times, first + part * length, begin)
        inside = finite(values[begin:end])
        if inside:
            middles.append((times[begin] + times[end - 1]) / 2)
            levels.append(median(inside))
        begin = end
    return middles, levels


def trend(times: Sequence[int], values: Sequence[float], at: int) -> Trend | None:
    """The line of Theil and Sen (the median of the slopes between all pairs) with its level at ``at`` (UTC ms).

    Up to a quarter of all values may be outliers without effect. None for fewer than two finite values. Times rise.
    """
    xs, ys = parts_of(times, values)
    if len(xs) < 2:
        return None
    if min(ys) == max(ys):
        return Trend(0.0, ys[0], 0.0)
    slope = median([(ys[j] - ys[i]) / (xs[j] - xs[i]) for i in range(len(xs) - 1) for j in range(i + 1, len(xs))])
    level = median([y - slope * (x - at) for x, y in zip(xs, ys, strict=True)])
    spread = SPREAD * median([abs(y - slope * (x - at) - level) for x, y in zip(xs, ys, strict=True)])
    return Trend(slope * 1000, level, spread)


def seconds_to_zero(line: Trend) -> float:
    """The time until a line reaches 0, in seconds after the moment of its level; 0 where it is there, +Inf where it does not fall."""
    if line.level <= 0:
        return 0.0
    if line.slope >= 0:
        return math.inf
    return line.level / -line.slope
