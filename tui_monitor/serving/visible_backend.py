"""The backend as callers without scope admin see it: without what `[redact] private` selects. States of checks and alerts are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from tui_monitor.board.backend import QUERY_S, Backend, MetricMetadata
from tui_monitor.board.listings import LogLine, LogQuery, SeriesStatistics
from tui_monitor.board.log_pages import LogPage, LogPageQuery, LogSource
from tui_monitor.board.privacy import Privacy
from tui_monitor.board.report import Report
from tui_monitor.board.rule_views import CurrentSample, ExportedFamily
from tui_monitor.board.values import Board, CheckView
from tui_monitor.core.trace import OperationSummary, Span, TraceQuery, TraceSummary
from tui_monitor.core.values import METRIC_NAME, Labels, label
from tui_monitor.promql.values import Matrix, Value

T = TypeVar("T")


def visible_backend(backend: Backend, privacy: Privacy, scopes: frozenset[str]) -> Backend:
    """The backend for a caller with these scopes."""
    return backend if not privacy.active or "admin" in scopes else cast(Backend, VisibleBackend(backend, privacy))


class VisibleBackend:
    """Leaves out private series, log lines and spans; everything else is the backend's own."""

    def __init__(self, backend: Backend, privacy: Privacy) -> None:
        self._backend = backend
        self._privacy = privacy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    # --- PromQL: private series are not read at all, so that no expression sums them up -----------------------------------

    async def query(self, expr: str, at: int, within: float = QUERY_S) -> Value:
        """As Backend.query."""
        return await self._backend.query(expr, at, within, privacy=self._privacy)

    async def query_range(self, expr: str, start: int, end: int, step: int, within: float = QUERY_S) -> Matrix:
        """As Backend.query_range."""
        return await self._backend.query_range(expr, start, end, step, within, privacy=self._privacy)

    async def report(self, name: str, day: str = "", *, public: bool = True) -> Report:
        """As Backend.report, without figures of private series."""
        return await self._backend.report(name, day, public=True)

    # --- series -----------------------------------------------------------------------------------------------------------

    async def current(self, selectors: Sequence[str]) -> Sequence[CurrentSample]:
        """The visible samples."""
        return self._shown(await self._backend.current(selectors))

    async def exported(self) -> Sequence[ExportedFamily]:
        """The families with visible samples."""
        families = [family._replace(samples=self._shown(family.samples)) for family in await self._backend.exported()]
        return [family for family in families if family.samples]

    async def statistics(self, selectors: Sequence[str], start: int, end: int, points: int, most: int) -> Sequence[SeriesStatistics]:
        """The statistics of visible series."""
        return self._shown(await self._backend.statistics(selectors, start, end, points, most))

    async def series(self, selectors: Sequence[str]) -> Sequence[Labels]:
        """The visible series."""
        return [labels for labels in await self._backend.series(selectors) if not self._privacy.hides(labels)]

    async def labels(self, selectors: Sequence[str]) -> Sequence[str]:
        """The label names of visible series."""
        return sorted({name for labels in await self.series(selectors) for name, _ in labels})

    async def label_values(self, name: str, selectors: Sequence[str]) -> Sequence[str]:
        """The values of a label of visible series."""
        return sorted({label(labels, name) for labels in await self.series(selectors)} - {""})

    async def metadata(self) -> Sequence[MetricMetadata]:
        """The metrics with a visible series."""
        known = set(await self.label_values(METRIC_NAME, []))
        return [one for one in await self._backend.metadata() if one.name in known]

    # --- lines, spans, boards ---------------------------------------------------------------------------------------------

    async def log_lines(self, query: LogQuery) -> Sequence[LogLine]:
        """The visible lines."""
        found = await self._backend.log_lines(query)
        return [one for one in found if not self._hides(check=one.check, service=one.service, level=one.level)]

    async def log_page(self, query: LogPageQuery) -> LogPage:
        """The page with its visible lines."""
        page = await self._backend.log_page(query)
        shown = tuple(one for one in page.lines if not self._hides(check=one.line.check, service=one.line.service, level=one.line.level))
        return replace(page, lines=shown)

    async def log_sources(self) -> Sequence[LogSource]:
        """The visible sources."""
        return [one for one in await self._backend.log_sources() if not self._hides(check=one.check, service=one.service)]

    async def span_operations(self, since_us: int, until_us: int) -> Sequence[OperationSummary]:
        """The operations of visible services."""
        found = await self._backend.span_operations(since_us, until_us)
        return [one for one in found if not self._hides(service=one.service)]

    async def traces(self, query: TraceQuery) -> Sequence[TraceSummary]:
        """The traces of visible services."""
        return [one for one in await self._backend.traces(query) if not self._hides(service=one.service)]

    async def trace(self, ident: str) -> Sequence[Span]:
        """The spans of visible services."""
        return [one for one in await self._backend.trace(ident) if not self._hides(service=one.service)]

    @property
    def board(self) -> Board:
        """The board without private figures of checks."""
        board = self._backend.board
        return replace(board, checks=tuple(map(self._check, board.checks)))

    def _check(self, check: CheckView) -> CheckView:
        own = {"check": check.name, "type": check.type, "category": check.category}
        figures = {name: value for name, value in check.figures.items() if not self._hides(**{METRIC_NAME: name.partition("{")[0]}, **own)}
        return check if len(figures) == len(check.figures) else replace(check, figures=figures)

    def _hides(self, **labels: str) -> bool:
        return self._privacy.hides(labels)

    def _shown(self, found: Iterable[T]) -> list[T]:
        return [one for one in found if not self._privacy.hides(cast(Any, one).labels)]
