"""Statistics of stored series over a window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from tui_monitor.board.listings import SeriesStatistics
from tui_monitor.core.values import Labels
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.interface import HistoryQueries
from tui_monitor.storage.history.trend import Summary


def statistics_of(
    reader: HistoryQueries, wanted: Iterable[Sequence[Matcher]], start: int, end: int, points: int, most: int
) -> list[SeriesStatistics]:
    """The statistics of the series that any of the matchers fit, sorted by labels, of at most ``most`` series."""
    chosen = islice(sorted({labels for matchers in wanted for labels in reader.series(matchers)}), most)
    found = reader.summaries(tuple(chosen), (0.95,), start, end, points)
    return [_statistics(labels, found[labels]) for labels in sorted(found)]


def _statistics(labels: Labels, found: Summary) -> SeriesStatistics:
    whole = found.whole
    steps = tuple((step.at, step.average) for step in found.steps)
    return SeriesStatistics(labels, whole.n, whole.sum, whole.low, whole.high, whole.last, found.percentiles[0], steps)
