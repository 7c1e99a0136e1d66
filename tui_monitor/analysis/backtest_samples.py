"""The samples of a backtest, read from the history block by block."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME
from tui_monitor.promql.calls import RangeCall
from tui_monitor.promql.engine import Query, walk
from tui_monitor.promql.extensions import time_to_zero
from tui_monitor.promql.nodes import RangeSelector, Selector
from tui_monitor.promql.queryable import DEFAULT_LOOKBACK_MS, Matcher, Queryable, Series
from tui_monitor.promql.ranges import deriv, predict_linear
from tui_monitor.storage.history.series import StoredSeries

HOUR_MS = 3_600_000
THIN_MS = 15_000
_PULSE = (Matcher(METRIC_NAME, "=", "tui_monitor_clock_skew_seconds"),)
"""A series with a sample at every tick of a running monitor; where it has none, no monitor ran."""
_TRENDS = (deriv, predict_linear, time_to_zero)
_LONG_TREND_MS = 600_000
_BLOCK_SAMPLES = 1_500_000
_LONGEST_BLOCK_MS = 24 * HOUR_MS
_COARSE_S = 1800.0

Selection = tuple[Matcher, ...]
Span = tuple[int, int]


@frozen
class Need:
    """The window of samples that a selection needs, and whether one sample each 15 s gives the same results."""

    window_ms: int
    thin: bool


def needs_of(queries: Iterable[Query], step_ms: int) -> dict[Selection, Need]:
    """The selections of these expressions when evaluated at multiples of ``step_ms``.

    Trends over ten minutes and more, and single values at multiples of 15 s, need only the last sample of each 15 s.
    """
    needs: dict[Selection, Need] = {}
    for query in queries:
        thin = _can_be_thin(query, step_ms)
        for selection in query.matchers:
            known = needs.get(selection, Need(0, True))
            needs[selection] = Need(max(known.window_ms, query.longest_window_ms), known.thin and selection in thin)
    return needs


def _can_be_thin(query: Query, step_ms: int) -> set[Selection]:
    """The selections that are used in trends and as single values only."""
    if step_ms % THIN_MS:
        return set()
    nodes = [node for node, _ in walk(query.root)]
    long = {
        id(node.argument)
        for node in nodes
        if isinstance(node, RangeCall) and node.function in _TRENDS and node.argument.range_ms >= _LONG_TREND_MS
    }
    thin: set[Selection] = set()
    fine: set[Selection] = set()
    for node in nodes:
        if isinstance(node, Selector | RangeSelector):
            source = node.source
            fits = not source.enclosing and source.shift.offset_ms % THIN_MS == 0
            (thin if fits and (isinstance(node, Selector) or id(node) in long) else fine).add(source.matchers)
    return thin - fine


@frozen
class ResolutionSpan:
    """A span (UTC ms) in which the history has a sample about every ``resolution_s`` seconds; None: no samples."""

    start: int
    end: int
    resolution_s: float | None


class Blocks:
    """Holds the samples around one block of time (promql.queryable.Queryable); call ``advance`` before each step.

    ``generation`` changes with the block, so queries cache their selections within one. ``gaps``: the times without a running monitor.
    """

    def __init__(
        self,
        source: Queryable,
        needs: Mapping[Selection, Need],
        start_ms: int,
        end_ms: int,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        self.generation = 0
        self.max_lookback_ms: int = getattr(source, "max_lookback_ms", DEFAULT_LOOKBACK_MS)
        self.gaps: list[Span] = []
        self.stretches: list[ResolutionSpan] = []
        self._source = source
        self._needs = needs
        self._start, self._end = start_ms, end_ms
        self._progress = progress
        self._until = start_ms - 1
        self._length = HOUR_MS
        self._found: dict[Selection, list[Series]] = {}
        self._pulsing = any(True for _ in source.select(_PULSE, start_ms, end_ms))

    def advance(self, now: int) -> None:
        """Load the block of a moment, where needed; moments must rise."""
        while now > self._until:
            self._load(self._until + 1)

    def running(self, now: int) -> bool:
        """Whether a monitor observed anything around this moment of the block."""
        for first, last in reversed(self.gaps):
            if last < now:
                break
            if first <= now:
                return False
        return True

    @property
    def coarse(self) -> bool:
        """Whether the history has only hours of this block, too coarse for rules."""
        resolution = self.stretches[-1].resolution_s if self.stretches else None
        return resolution is not None and resolution >= _COARSE_S

    def select(self, matchers: Selection, after_ms: int, until_ms: int) -> Iterable[Series]:
        """As `promql.queryable.Queryable.select`; the times of the call are ignored."""
        found = self._found.get(matchers)
        if found is None:
            found = self._found[matchers] = self._read(matchers, Need(max(0, self._until - after_ms), False))
        return found

    def _load(self, begin: int) -> None:
        self._until = min(self._end, (begin + self._length) // HOUR_MS * HOUR_MS)
        self._begin = begin
        self.generation += 1
        self._found = {matchers: self._read(matchers, need) for matchers, need in self._needs.items()}
        every = [series for found in self._found.values() for series in found]
        pulse = self._read(_PULSE, Need(0, False)) if self._pulsing else every
        if pulse or self._pulsing:
            for gap in _uncovered(pulse, begin, self._until):
                _append(self.gaps, gap)
        resolution = min((found for series in (*every, *pulse) if (found := _resolution(series, begin)) is not None), default=None)
        self._note(ResolutionSpan(begin, self._until, resolution))
        held = sum(len(series.window(0, self._until)[0]) for series in every)
        self._length = max(HOUR_MS, min(_LONGEST_BLOCK_MS, self._length * _BLOCK_SAMPLES // max(1, held) // HOUR_MS * HOUR_MS))
        if self._progress is not None:
            self._progress((begin - self._start) / max(1, self._end - self._start))

    def _read(self, matchers: Selection, need: Need) -> list[Series]:
        after = max(-1, self._begin - max(need.window_ms, self.max_lookback_ms) - 1)
        found = self._source.select(matchers, after, self._until)
        return [_thinned(series, after, self._until) for series in found] if need.thin else list(found)

    def _note(self, stretch: ResolutionSpan) -> None:
        last = self.stretches[-1] if self.stretches else None
        if last is not None and _alike(last.resolution_s, stretch.resolution_s):
            self.stretches[-1] = ResolutionSpan(last.start, stretch.end, last.resolution_s)
        else:
            self.stretches.append(stretch)


def _alike(left: float | None, right: float | None) -> bool:
    return left == right or (left is not None and right is not None and 0.5 < left / right < 2)


def _append(gaps: list[Span], gap: Span) -> None:
    if gaps and gaps[-1][1] >= gap[0] - 1:
        gaps[-1] = (gaps[-1][0], max(gaps[-1][1], gap[1]))
    else:
        gaps.append(gap)


def _thinned(series: Series, after: int, until: int) -> Series:
    """The last sample of each 15 s."""
    times, values = series.window(after, until)
    if len(times) * THIN_MS < 2 * (until - after):
        return series
    kept: list[int] = []
    last = len(times) - 1
    index = 0
    while index <= last:
        index = bisect_right(times, -(-times[index] // THIN_MS) * THIN_MS, index)
        kept.append(index - 1)
    return StoredSeries(
        series.labels, series.lookback_ms, array("q", [times[place] for place in kept]), array("d", [values[place] for place in kept])
    )


def _resolution(series: Series, begin: int) -> float | None:
    """The median distance of the samples of a block in seconds, from its first two hundred."""
    times = series.window(begin, begin + _LONGEST_BLOCK_MS)[0][:200]
    distances = sorted(after - before for before, after in pairwise(times))
    return distances[len(distances) // 2] / 1000 if distances else None


def _uncovered(every: Sequence[Series], begin: int, end: int) -> list[Span]:
    """The spans in which no series is current; the search ends once none is left."""
    open_spans: list[Span] = [(begin, end)]
    for series in every:
        if not open_spans:
            break
        own: list[Span] = []
        times = series.window(begin - series.lookback_ms, end)[0]
        reach = begin - 1
        for at in times:
            if at > reach + 1:
                own.append((reach + 1, at - 1))
            reach = at + series.lookback_ms - 1
        if reach < end:
            own.append((reach + 1, end))
        open_spans = _both(open_spans, own)
    return open_spans


def _both(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    found = [(max(one[0], other[0]), min(one[1], other[1])) for one in left for other in right]
    return [span for span in found if span[0] <= span[1]]


def overlap(gaps: Sequence[Span], start: int, end: int) -> int:
    """How many milliseconds from start to end lie in the gaps."""
    return sum(max(0, min(end, last + 1) - max(start, first)) for first, last in gaps)
