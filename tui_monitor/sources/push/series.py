"""The kinds of pushed series: a number, a distribution, a histogram, a set; each gives its samples when it is flushed."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.core import distribution
from tui_monitor.core.distribution import add, bucket_of, percentiles
from tui_monitor.core.values import METRIC_NAME, Labels, Sample, label, with_labels
from tui_monitor.sources.log.histogram import BUCKETS, Histogram

QUANTILES = (0.5, 0.95, 0.99)
NEVER = float("-inf")
"""Of a series whose first value could not be read: it is not stored, and forgotten."""
MOST_MEMBERS = 10_000
"""Distinct values of a set that are told apart."""


class Pushed:
    """A pushed series. ``sender`` counts it; ``hold``: repeated until it ends, as its sender sends changes only.

    ``seen`` and ``interval`` are seconds of the monotonic clock: the newest push, and the time between the last two. ``size``: how
    many stored series it makes.
    """

    __slots__ = ("changed", "group", "hold", "interval", "labels", "seen", "sender", "size", "ttl")

    def __init__(self, labels: Labels, sender: str, hold: bool, ttl: float) -> None:
        self.labels = labels
        self.sender = sender
        self.hold = hold
        self.ttl = ttl
        self.group: Labels = ()
        self.changed = False
        self.seen = NEVER
        self.interval = 0.0
        self.size = 1

    def samples(self) -> Sequence[Sample]:
        """Its samples now."""
        raise NotImplementedError

    def names(self) -> Sequence[Labels]:
        """The labels of the stored series."""
        return (self.labels,)

    def turn(self) -> None:
        """Half a window has passed."""


class PushedNumber(Pushed):
    """A gauge, or a counter that the sender or this monitor adds up."""

    __slots__ = ("value",)

    def __init__(self, labels: Labels, sender: str, hold: bool, ttl: float) -> None:
        super().__init__(labels, sender, hold, ttl)
        self.value = 0.0

    def samples(self) -> Sequence[Sample]:
        """One sample."""
        return (Sample(self.labels, self.value),)


class PushedDistribution(Pushed):
    """A summary: `NAME{quantile}` of the last half to whole minute, `NAME_sum` and `NAME_count` since the start.

    Quantiles are exact to 1 %; without values in the window they are NaN, as with Prometheus' client libraries.
    """

    __slots__ = ("_before", "_count", "_current", "_names", "_sum")

    def __init__(self, labels: Labels, sender: str, hold: bool, ttl: float) -> None:
        super().__init__(labels, sender, hold, ttl)
        name = label(labels, METRIC_NAME)
        self._names = (
            *(with_labels(labels, {"quantile": f"{each:g}"}) for each in QUANTILES),
            with_labels(labels, {METRIC_NAME: f"{name}_sum"}),
            with_labels(labels, {METRIC_NAME: f"{name}_count"}),
        )
        self.size = len(self._names)
        self._current: distribution.Histogram = {}
        self._before: distribution.Histogram = {}
        self._sum = self._count = 0.0

    def observe_one(self, value: float) -> None:
        """Count a value."""
        bucket = bucket_of(value)
        self._current[bucket] = self._current.get(bucket, 0) + 1
        self._sum += value
        self._count += 1

    def observe(self, value: float, weight: float) -> None:
        """Count a value that stands for ``weight`` ones (sampling)."""
        bucket = bucket_of(value)
        self._current[bucket] = self._current.get(bucket, 0) + max(1, round(weight))
        self._sum += value * weight
        self._count += weight

    def turn(self) -> None:
        """The older half of the window is forgotten."""
        self._before, self._current = self._current, {}

    def samples(self) -> Sequence[Sample]:
        """Quantiles, sum, count."""
        window = dict(self._before)
        add(window, self._current)
        return [*map(Sample, self._names, (*percentiles(window, QUANTILES), self._sum, self._count))]

    def names(self) -> Sequence[Labels]:
        """All of them."""
        return self._names


class PushedSet(Pushed):
    """The number of distinct values in the last half to whole minute."""

    __slots__ = ("_before", "_current")

    def __init__(self, labels: Labels, sender: str, hold: bool, ttl: float) -> None:
        super().__init__(labels, sender, hold, ttl)
        self._current: set[str] = set()
        self._before: set[str] = set()

    def add(self, member: str) -> None:
        """Count a value."""
        if len(self._current) < MOST_MEMBERS:
            self._current.add(member)

    def turn(self) -> None:
        """The older half of the window is forgotten."""
        self._before, self._current = self._current, set()

    def samples(self) -> Sequence[Sample]:
        """One sample."""
        return (Sample(self.labels, float(len(self._before | self._current))),)


class PushedHistogram(Pushed):
    """A histogram with the buckets of http_request_duration_seconds (sources/log/histogram.py)."""

    __slots__ = ("_histogram", "_name", "_others")

    def __init__(self, labels: Labels, sender: str, hold: bool, ttl: float) -> None:
        super().__init__(labels, sender, hold, ttl)
        self._histogram = Histogram()
        self._name = label(labels, METRIC_NAME)
        self._others = with_labels(labels, {METRIC_NAME: ""})
        self.size = len(BUCKETS) + 3

    def observe_one(self, value: float) -> None:
        """Count a value."""
        self._histogram.observe(value)

    def observe(self, value: float, weight: float) -> None:
        """Count a value that stands for ``weight`` ones."""
        for _ in range(min(1000, max(1, round(weight)))):
            self._histogram.observe(value)

    def samples(self) -> Sequence[Sample]:
        """Buckets, sum, count."""
        return list(self._histogram.samples(self._name, self._others))

    def names(self) -> Sequence[Labels]:
        """All of them."""
        return [sample.labels for sample in self.samples()]
