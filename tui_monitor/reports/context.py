"""What the sections of a report read: the stores, the configuration, the period; and how they make their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from typing import Any, Protocol, TypeVar

from tui_monitor.alerts.alert import Alert
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.board.report import ReportCell, ReportColumn, ReportRow, ReportSection
from tui_monitor.board.report_format import ReportFormat
from tui_monitor.board.values import Board
from tui_monitor.config.reports import ReportSettings
from tui_monitor.config.settings import Settings
from tui_monitor.core.catalogue.report_phrases import ReportPhrases
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME, Labels, label
from tui_monitor.promql.queryable import Matcher, Queryable
from tui_monitor.reports.periods import Period, before
from tui_monitor.storage.history.interface import HistoryQueries
from tui_monitor.storage.repository import State

T = TypeVar("T")


class StateQuery(Protocol):
    """Reads state.db."""

    def __call__(self, question: Callable[[State], T]) -> T:
        """The result of the function. Raises StorageFault."""
        ...


@frozen
class ReportSource:
    """The monitor that a report is about: its stores, newest board and configuration."""

    history: HistoryQueries
    state: StateQuery
    board: Board
    settings: Settings
    rules: Sequence[Rule] = ()
    visible: Queryable | None = None
    """What figures are evaluated over, where some series are private; None: the history."""


@frozen
class ReportContext:
    """One report to make, at ``now`` (UTC ms): of a period of a source, with all alerts that its state keeps, newest first."""

    source: ReportSource
    settings: ReportSettings
    period: Period
    now: int
    form: ReportFormat
    alerts: Sequence[Alert]
    known: dict[object, Any] = field(default_factory=dict)
    """What `once` has read."""

    @property
    def t(self) -> ReportPhrases:
        """The texts of the report's language."""
        return self.form.t

    @property
    def history(self) -> HistoryQueries:
        """The history."""
        return self.source.history

    @property
    def series_of_figures(self) -> Queryable:
        """What figures are evaluated over."""
        return self.history if self.source.visible is None else self.source.visible

    @property
    def end(self) -> int:
        """The end of what can be known of the period."""
        return min(self.period.end, self.now)

    def earlier(self, count: int = 1) -> Period:
        """The period so many before this one."""
        return before(self.settings, self.period, count)

    def once(self, key: object, read: Callable[[], T]) -> T:
        """The result of a reading that several sections need; the first one makes it."""
        if key not in self.known:
            self.known[key] = read()
        found: T = self.known[key]
        return found

    def series(self, metric: str) -> dict[str, list[Labels]]:
        """The stored series of a metric by their check."""
        found: dict[str, list[Labels]] = {}
        for labels in self.history.series((Matcher(METRIC_NAME, "=", metric),)):
            found.setdefault(label(labels, "check"), []).append(labels)
        return found

    def section(
        self,
        key: str,
        columns: Iterable[tuple[str, str] | tuple[str, str, bool]] = (),
        rows: Sequence[tuple[Sequence[ReportCell], str]] = (),
        *,
        lines: Sequence[str] = (),
        most: int = 40,
    ) -> ReportSection:
        """A section with titles of the catalogue; ``columns``: (key, unit) and whether it is brief."""
        named = tuple(ReportColumn(name, self.t.columns.get(name, name), unit, bool(brief)) for name, unit, *brief in columns)
        shown = tuple(ReportRow(tuple(cells), shade) for cells, shade in rows[:most])
        return ReportSection(key, self.t.sections[key], tuple(lines), named, shown, more=max(0, len(rows) - most))


def change(now: float | None, then: float | None) -> float | None:
    """The change from then to now as a ratio; None where it cannot be said."""
    return None if now is None or not then else (now - then) / abs(then)
