"""Rate, errors and durations of spans as series: `spans_total{service,operation,status}` and `span_duration_seconds{service,operation}`."""

from __future__ import annotations

from collections.abc import Iterable

from tui_monitor.core.trace import Span
from tui_monitor.core.values import labels_of
from tui_monitor.sources.log.histogram import BUCKETS
from tui_monitor.sources.push.series import PushedHistogram, PushedNumber
from tui_monitor.sources.push.table import SeriesTable

DURATION, TOTAL = "span_duration_seconds", "spans_total"
SERIES_OF_OPERATION = len(BUCKETS) + 3 + 3
OTHER = "other"
"""The operation of all spans beyond the bound."""


class SpanSeries:
    """Counts spans. A service may have as many operations as fit into ``max_series``; further ones count as OTHER."""

    def __init__(self, table: SeriesTable) -> None:
        self._table = table
        self._operations: dict[str, set[str]] = {}
        self._generation = table.generation

    def count(self, spans: Iterable[Span], now: float) -> None:
        """Count spans that have come at a time (seconds of the monotonic clock)."""
        if self._generation != self._table.generation:
            self._generation = self._table.generation
            self._operations.clear()
        for span in spans:
            self._count(span, self._operation(span), now)

    def _operation(self, span: Span) -> str:
        known = self._operations.setdefault(span.service, set())
        if span.operation not in known:
            if len(known) >= self._table.max_series // SERIES_OF_OPERATION - 1:
                return OTHER
            known.add(span.operation)
        return span.operation

    def _count(self, span: Span, operation: str, now: float) -> None:
        sender = f"traces of {span.service}"
        labels = labels_of(DURATION, service=span.service, operation=operation)
        durations = self._table.entry(PushedHistogram, labels, sender, now, hold=True)
        total = self._table.entry(
            PushedNumber, labels_of(TOTAL, service=span.service, operation=operation, status=span.status), sender, now, hold=True
        )
        if durations is not None:
            durations.observe_one(span.duration_us / 1e6)
            self._table.touch(durations, now)
        if total is not None:
            total.value += 1
            self._table.touch(total, now)
