"""Quantiles and fractions of classic histograms: cumulative buckets with the label le."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from tui_monitor.core.values import METRIC_NAME, Labels
from tui_monitor.promql.calls import checked
from tui_monitor.promql.nodes import Context, Node, ScalarNode, VectorNode
from tui_monitor.promql.numbers import INF, NAN, divide, parse_float
from tui_monitor.promql.values import Vector, without

_LE = frozenset({"le"})
_LE_AND_NAME = frozenset({"le", METRIC_NAME})
_TOLERANCE = 1e-12
_SMALLEST_NORMAL = 2.2250738585072014e-308

Buckets = list[tuple[float, float]]
"""Upper bound and cumulative count, sorted by bound, equal bounds merged."""


class HistogramQuantile(VectorNode):
    """histogram_quantile(q, buckets)."""

    def __init__(self, text: str, children: Sequence[Node], quantile: ScalarNode, argument: VectorNode) -> None:
        super().__init__(text, children)
        self.quantile = quantile
        self.argument = argument

    def result(self, ctx: Context, at: int) -> Vector:
        """One element for each histogram."""
        q = self.quantile.result(ctx, at)
        return checked([(labels, bucket_quantile(q, buckets)) for labels, buckets in _histograms(self.argument.result(ctx, at))])


class HistogramFraction(VectorNode):
    """histogram_fraction(lower, upper, buckets)."""

    def __init__(self, text: str, children: Sequence[Node], lower: ScalarNode, upper: ScalarNode, argument: VectorNode) -> None:
        super().__init__(text, children)
        self.lower = lower
        self.upper = upper
        self.argument = argument

    def result(self, ctx: Context, at: int) -> Vector:
        """One element for each histogram."""
        lower, upper = self.lower.result(ctx, at), self.upper.result(ctx, at)
        found = _histograms(self.argument.result(ctx, at))
        return checked([(labels, bucket_fraction(lower, upper, buckets)) for labels, buckets in found])


def _histograms(vector: Vector) -> Iterator[tuple[Labels, Buckets]]:
    """The buckets of each histogram; what has no readable bound is no bucket."""
    groups: dict[Labels, Buckets] = {}
    for labels, value in vector:
        bound = next((text for name, text in labels if name == "le"), "")
        try:
            upper = parse_float(bound)
        except ValueError:
            continue
        groups.setdefault(without(labels, _LE), []).append((upper, value))
    for labels, buckets in groups.items():
        yield without(labels, _LE_AND_NAME), _merged(buckets)


def _merged(buckets: Buckets) -> Buckets:
    ordered = sorted(buckets, key=lambda bucket: bucket[0])
    merged = ordered[:1]
    for bound, count in ordered[1:]:
        if bound == merged[-1][0]:
            merged[-1] = (bound, merged[-1][1] + count)
        else:
            merged.append((bound, count))
    return merged


def _monotonic(buckets: Buckets) -> list[float]:
    """The counts without decreases; differences below the tolerance are rounding and count as none."""
    counts = [buckets[0][1]]
    previous = counts[0]
    for _, count in buckets[1:]:
        if count == previous or _almost_equal(previous, count) or count < previous:
            counts.append(previous)
        else:
            previous = count
            counts.append(count)
    return counts


def _almost_equal(left: float, right: float) -> bool:
    """Equal but for rounding (source: prometheus util/almost)."""
    if left != left or right != right:
        return left != left and right != right
    if left == right:
        return True
    size = abs(left) + abs(right)
    difference = abs(left - right)
    if left == 0 or right == 0 or size < _SMALLEST_NORMAL:
        return difference < _TOLERANCE * _SMALLEST_NORMAL
    return difference / min(size, 1.7976931348623157e308) < _TOLERANCE


def bucket_quantile(q: float, buckets: Buckets) -> float:
    """The q-quantile, linear within its bucket; NaN without +Inf bucket, below two buckets or without observations."""
    if q != q:
        return NAN
    if q < 0:
        return -INF
    if q > 1:
        return INF
    if buckets[-1][0] != INF or len(buckets) < 2:
        return NAN
    counts = _monotonic(buckets)
    if counts[-1] == 0:
        return NAN
    rank = q * counts[-1]
    last = len(buckets) - 1
    index = bisect_left(counts, rank, 0, last) if rank == rank else last
    if index == last:
        return buckets[-2][0]
    upper = buckets[index][0]
    if index == 0:
        return upper if upper <= 0 else upper * divide(rank, counts[0])
    lower, below = buckets[index - 1][0], counts[index - 1]
    return lower + (upper - lower) * divide(rank - below, counts[index] - below)


def bucket_fraction(lower: float, upper: float, buckets: Buckets) -> float:
    """The share of observations between two values, linear within buckets."""
    count = buckets[-1][1]
    if buckets[-1][0] != INF or count == 0 or lower != lower or upper != upper:
        return NAN
    if lower >= upper:
        return 0.0
    return divide(_rank(upper, buckets) - _rank(lower, buckets), count)


def _rank(value: float, buckets: Buckets) -> float:
    """How many observations lie below the value; never more than there are."""
    count = buckets[-1][1]
    rank = 0.0
    floor = 0.0 if buckets[0][0] > 0 else -INF
    for bound, cumulative in buckets:
        if floor >= value:
            return min(rank, count) if not rank > count else count
        if floor < value < bound:
            inside = cumulative if floor == -INF else rank + (cumulative - rank) * (value - floor) / (bound - floor)
            return count if inside > count else inside
        rank, floor = cumulative, bound
    return count
