"""When the monitor was off: the gaps in a series that a running monitor writes each second."""

from __future__ import annotations

from itertools import pairwise

from tui_monitor.core.values import METRIC_NAME
from tui_monitor.promql.queryable import Matcher
from tui_monitor.reports.context import ReportContext
from tui_monitor.storage.history.interface import HistoryQueries

OWN_SERIES = "tui_monitor_clock_skew_seconds"
STEP_MS = 60_000
MOST_POINTS = 2_000
SHORTEST_STEPS = 3
"""Steps without a sample from which it counts as off: a restart takes seconds."""
MOST_SPANS = 5
Spans = list[tuple[int, int]]


def off_spans(history: HistoryQueries, begin: int, end: int) -> Spans:
    """(from, until) in UTC ms; before the first sample that was ever stored the monitor did not exist."""
    span = history.span()
    if span is None or span[0] >= end:
        return []
    begin = max(begin, span[0])
    step = max(STEP_MS, (end - begin) // MOST_POINTS)
    charts = history.downsampled_all((Matcher(METRIC_NAME, "=", OWN_SERIES),), begin - 1, end - 1, max(1, (end - begin) // step))
    times = sorted({point.at for steps in charts.values() for point in steps})
    if not times:
        return []
    apart = sorted(later - earlier for earlier, later in pairwise(times))
    usual = max(step, apart[len(apart) // 2] if apart else step)
    edges = [begin, *times, end]
    return [
        (earlier, later - (step if later != end else 0))
        for earlier, later in pairwise(edges)
        if later - earlier > SHORTEST_STEPS * usual + step
    ]


def watched_seconds(history: HistoryQueries, begin: int, end: int) -> float:
    """How long the monitor ran in a window."""
    span = history.span()
    begin = max(begin, span[0] if span else end)
    return max(0, end - begin) / 1000 - seconds_of(off_spans(history, begin, end))


def seconds_of(spans: Spans) -> float:
    """Their length together."""
    return sum(end - begin for begin, end in spans) / 1000


def spans_text(context: ReportContext, spans: Spans) -> str:
    """The spans in words, the longest ones where there are many."""
    longest = sorted(sorted(spans, key=lambda one: one[0] - one[1])[:MOST_SPANS])
    told = ", ".join(f"{context.form.stamp(begin)}–{context.form.stamp(end)}" for begin, end in longest)
    left = len(spans) - len(longest)
    return f"{told}, {context.t.more.format(count=left)}" if left else told
