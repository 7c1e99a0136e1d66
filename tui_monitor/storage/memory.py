"""The recent samples of all series in memory, for the rules: compact, bounded, indexed by name."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from tui_monitor.core.values import METRIC_NAME, STALE_NAN, Labels, Sample, is_stale, label
from tui_monitor.promql.queryable import DEFAULT_LOOKBACK_MS, Matcher, exact_name, fulfils

_SLACK = 1.25
_MAX_ANSWERS = 20_000
_SWEEP_MS = 60_000


class RecentSeries:
    """One series' recent samples: two arrays in time order, trimmed at the front now and then."""

    __slots__ = ("labels", "lookback_ms", "times", "values")

    def __init__(self, labels: Labels, lookback_ms: int) -> None:
        self.labels = labels
        self.lookback_ms = lookback_ms
        self.times: array[int] = array("q")
        self.values: array[float] = array("d")

    def latest(self, until_ms: int) -> tuple[int, float] | None:
        """The newest sample with time <= until, stale markers too."""
        times = self.times
        if not times:
            return None
        if times[-1] <= until_ms:
            return times[-1], self.values[-1]
        index = bisect_right(times, until_ms)
        return (times[index - 1], self.values[index - 1]) if index else None

    def window(self, after_ms: int, until_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Times and values with after < time <= until."""
        times = self.times
        first = bisect_right(times, after_ms)
        if not times or times[-1] <= until_ms:
            return times[first:], self.values[first:]
        last = bisect_right(times, until_ms, first)
        return times[first:last], self.values[first:last]


class SeriesMemory:
    """The recent samples of all series; implements promql.queryable.Queryable.

    ``window_s``: how long samples stay (a series' newest stays for its look-back if that is longer). ``max_samples`` and
    ``max_series`` bound the whole: beyond, the window shrinks and new series are refused. Counters: ``dropped`` (out of order
    or a second value for one time), ``refused`` (samples of series beyond the bound). ``generation`` changes when series come or go.
    """

    def __init__(self, window_s: float = 600.0, max_samples: int = 5_000_000, max_series: int = 50_000) -> None:
        self.window_ms = int(window_s * 1000)
        self.max_samples = max_samples
        self.max_series = max_series
        self.max_lookback_ms = DEFAULT_LOOKBACK_MS
        self.generation = 0
        self.dropped = 0
        self.refused = 0
        self._samples = 0
        self._swept = 0
        self._all: dict[Labels, RecentSeries] = {}
        self._by_name: dict[str, dict[Labels, RecentSeries]] = {}
        self._answers: dict[str, dict[tuple[Matcher, ...], list[RecentSeries]]] = {}  # by the metric that they demand, "": any

    def __len__(self) -> int:
        return len(self._all)

    def count_of(self, name: str) -> int:
        """How many series a metric has."""
        return len(self._by_name.get(name, ()))

    def newest_of(self, labels: Labels, until_ms: int) -> tuple[int, float] | None:
        """The sample of exactly this series that is current at a time (UTC ms); None where there is none."""
        series = self._all.get(labels)
        if series is None:
            return None
        newest = series.latest(until_ms)
        if newest is None or newest[0] <= until_ms - series.lookback_ms or (newest[1] != newest[1] and is_stale(newest[1])):
            return None
        return newest

    @property
    def sample_count(self) -> int:
        """How many samples are held, markers too."""
        return self._samples

    @property
    def newest_ms(self) -> int:
        """The time of the newest sample, 0 where there is none."""
        return max((series.times[-1] for series in self._all.values() if series.times), default=0)

    def append(self, at_ms: int, samples: Iterable[Sample], lookback_ms: int = DEFAULT_LOOKBACK_MS) -> None:
        """Append the samples of one moment; ``lookback_ms`` is how long they stay current."""
        known = self._all
        cutoff = at_ms - int(self.window_ms * _SLACK)
        for labels, value in samples:
            series = known.get(labels) or self._new(labels, lookback_ms)
            if series is None:
                continue
            times = series.times
            if times:
                if at_ms <= times[-1]:
                    self.dropped += 1
                    continue
                if times[0] < cutoff:
                    self._trim(series, at_ms - self.window_ms)
            times.append(at_ms)
            series.values.append(value)
            self._samples += 1
            if series.lookback_ms != lookback_ms:
                self._set_lookback(series, lookback_ms)
        if self._samples > self.max_samples or not 0 <= at_ms - self._swept < _SWEEP_MS:
            self.drop_older(at_ms)

    def load(self, labels: Labels, times: Sequence[int], values: Sequence[float], lookback_ms: int = DEFAULT_LOOKBACK_MS) -> None:
        """Load the history of one series, times rising, after a restart; samples not newer than the present ones are dropped."""
        series = (self._all.get(labels) or self._new(labels, lookback_ms)) if times else None
        if series is None:
            return
        first = bisect_right(times, series.times[-1]) if series.times else 0
        series.times.extend(times[first:])
        series.values.extend(values[first:])
        self.dropped += first
        self._samples += len(times) - first
        self._set_lookback(series, lookback_ms)

    def shift(self, delta_ms: int, now_ms: int) -> None:
        """Shift the samples after the wall clock was set by ``delta_ms`` to ``now_ms``, so that windows and rates continue.

        Samples that came after a step forward, but before it was noticed, keep their times.
        """
        before = now_ms - delta_ms
        for series in self._all.values():
            count = bisect_right(series.times, before)
            series.times = array("q", (at + delta_ms if place < count else at for place, at in enumerate(series.times)))

    def mark_stale(self, at_ms: int, labels: Labels) -> None:
        """Mark the series as stale: it has no current value from this time until its next sample."""
        series = self._all.get(labels)
        if series is None or not series.times or is_stale(series.values[-1]):
            return
        series.times.append(max(at_ms, series.times[-1] + 1))
        series.values.append(STALE_NAN)
        self._samples += 1

    def series_labels(self) -> list[Labels]:
        """The label sets of all series, in the order of their first sample."""
        return list(self._all)

    def last(self, labels: Labels) -> tuple[int, float] | None:
        """The newest sample; None where there is none or the series has ended."""
        series = self._all.get(labels)
        if series is None or not series.times or is_stale(series.values[-1]):
            return None
        return series.times[-1], series.values[-1]

    def recent(self, labels: Labels, n: int) -> list[float]:
        """The newest n values, oldest first, markers left out."""
        series = self._all.get(labels)
        if series is None or n <= 0:
            return []
        return [value for value in series.values[-n:] if value == value or not is_stale(value)]

    def within(self, labels: Labels, after_ms: int, until_ms: int) -> Sequence[float]:
        """The values of exactly this series with after < time <= until, markers left out; a lookup without matchers."""
        series = self._all.get(labels)
        values = series.window(after_ms, until_ms)[1] if series is not None else ()
        return [value for value in values if value == value or not is_stale(value)]

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> list[RecentSeries]:
        """The series that fulfil all matchers, sorted by labels; the times are not used."""
        name = exact_name(matchers)
        answers = self._answers.setdefault(name, {})
        found = answers.get(matchers)
        if found is None:
            candidates = self._by_name.get(name, {}) if name else self._all
            for matcher in matchers:  # most selectors demand a few exact values: an index is far cheaper than matching
                if matcher.op == "=" and matcher.value and matcher.name != METRIC_NAME:
                    pair = (matcher.name, matcher.value)
                    candidates = {labels: series for labels, series in candidates.items() if pair in labels}
            found = [series for labels, series in sorted(candidates.items()) if fulfils(labels, matchers)]
            if len(answers) >= _MAX_ANSWERS or len(self._answers) >= _MAX_ANSWERS:
                self._answers = {name: (answers := {})}
            answers[matchers] = found
        return found

    def drop_older(self, now_ms: int) -> None:
        """Drop samples older than the window, and series without samples; called each minute."""
        self._swept = now_ms
        window = self.window_ms
        if self._samples > self.max_samples:
            span = now_ms - min(series.times[0] for series in self._all.values())
            window = int(min(window, span) * 0.8 * self.max_samples / self._samples)
        gone = []
        for labels, series in self._all.items():
            if series.times[-1] < now_ms - max(self.window_ms, series.lookback_ms):
                gone.append(labels)
            elif series.times[0] < now_ms - window:
                self._trim(series, now_ms - window)
        for labels in gone:
            self._remove(labels)

    def _new(self, labels: Labels, lookback_ms: int) -> RecentSeries | None:
        if len(self._all) >= self.max_series:
            self.refused += 1
            return None
        series = self._all[labels] = RecentSeries(labels, lookback_ms)
        self._by_name.setdefault(label(labels, METRIC_NAME), {})[labels] = series
        self._set_lookback(series, lookback_ms)
        self._changed(label(labels, METRIC_NAME))
        return series

    def _remove(self, labels: Labels) -> None:
        series = self._all.pop(labels)
        self._samples -= len(series.times)
        name = label(labels, METRIC_NAME)
        del self._by_name[name][labels]
        if not self._by_name[name]:
            del self._by_name[name]
        self._changed(name)

    def _changed(self, name: str) -> None:
        self.generation += 1
        self._answers.pop(name, None)
        self._answers.pop("", None)

    def _set_lookback(self, series: RecentSeries, lookback_ms: int) -> None:
        series.lookback_ms = lookback_ms
        self.max_lookback_ms = max(self.max_lookback_ms, lookback_ms)

    def _trim(self, series: RecentSeries, cutoff_ms: int) -> None:
        """Drop what is older than the cutoff, but never the newest sample."""
        count = min(bisect_right(series.times, cutoff_ms), len(series.times) - 1)
        del series.times[:count]
        del series.values[:count]
        self._samples -= count
