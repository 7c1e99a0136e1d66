"""A cumulative histogram as in Prometheus: counts per upper limit, sum, count."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from tui_monitor.core.values import Labels, Sample, labels_of, with_labels

BUCKETS = (0.005, 0.025, 0.1, 0.3, 0.5, 0.7, 1.0, 3.0, 5.0, 7.0, 10.0)
"""Seconds; the contract's default for http_request_duration_seconds."""


class Histogram:
    """Counts of values at most each limit; ``limits`` rising, without infinity."""

    __slots__ = ("_counts", "limits", "total")

    def __init__(self, limits: Sequence[float] = BUCKETS) -> None:
        self.limits = tuple(sorted(limit for limit in set(limits) if math.isfinite(limit)))
        self._counts = [0] * (len(self.limits) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self.limits, value)] += 1
        self.total += value

    def samples(self, name: str, labels: Labels) -> Iterator[Sample]:
        """`NAME_bucket{le}`, `NAME_sum`, `NAME_count`."""
        running = 0
        for limit, count in zip((*self.limits, math.inf), self._counts, strict=True):
            running += count
            yield Sample(with_labels(labels, {"__name__": f"{name}_bucket", "le": _le(limit)}), float(running))
        yield Sample(with_labels(labels, {"__name__": f"{name}_sum"}), self.total)
        yield Sample(with_labels(labels, {"__name__": f"{name}_count"}), float(running))

    def to_json(self) -> list[object]:
        """`[limits, counts, sum]`."""
        return [list(self.limits), list(self._counts), self.total]

    def restore(self, value: object) -> None:
        """Restore saved counts, unless they are invalid or have other limits."""
        if not isinstance(value, list) or len(value) != 3 or value[0] != list(self.limits):
            return
        counts, total = value[1], value[2]
        if isinstance(counts, list) and len(counts) == len(self._counts) and all(isinstance(each, int) and each >= 0 for each in counts):
            self._counts = list(counts)
            self.total = float(total) if isinstance(total, int | float) else 0.0


def _le(limit: float) -> str:
    return "+Inf" if limit == math.inf else f"{limit:g}"


def counter(name: str, value: float, **labels: str) -> Sample:
    """One sample of a counter."""
    return Sample(labels_of(name, **labels), value)
