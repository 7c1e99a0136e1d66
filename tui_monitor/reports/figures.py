"""Sections of the configured figures: PromQL at the end of the period, beside the period before. What fails says why."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tui_monitor.board.report import ReportCell, ReportChart, ReportColumn, ReportRow, ReportSection
from tui_monitor.config.reports import FigureSettings
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import Labels
from tui_monitor.promql.engine import Matrix, Query, compile_expr
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.values import Value, Vector
from tui_monitor.reports.context import ReportContext, change
from tui_monitor.reports.machine import even_values
from tui_monitor.reports.periods import Period

RANGE = "$__range"
WITHIN_S = 20.0
"""Seconds after which a query is given up."""
MOST_ROWS = 30
MOST_CHARTS = 4
CHART_POINTS, FEWEST_POINTS = 56, 8
CHART_PERIODS = 7
_ALWAYS = frozenset({"__name__", "check", "type", "category", "instance", "job", "host", "layer"})


class NotAvailable(Exception):
    """A figure that cannot be made; the text is for people."""


@frozen
class FigureTable:
    """A figure's values: a row of numbers, one for each query, by the labels that tell the rows apart."""

    rows: dict[Labels, list[float | None]]
    single: bool


def figure_sections(context: ReportContext) -> Iterator[ReportSection]:
    """One section of all single values, then one for each table."""
    singles: list[ReportRow] = []
    charts: list[ReportChart] = []
    tables: list[ReportSection] = []
    for figure in context.settings.figures:
        try:
            found = figure_table(context, figure, context.period)
        except NotAvailable as reason:
            singles.append(ReportRow((title_of(figure), None, None, None, context.t.not_available.format(reason=reason), ""), "warn"))
            continue
        if found.single:
            singles.append(_single_row(context, figure, found))
            charts += _chart(context, figure) if len(charts) < MOST_CHARTS else []
        else:
            tables.append(_table_section(context, figure, found))
    if singles:
        yield replace(_single_section(context, singles), charts=tuple(charts))
    yield from tables


def title_of(figure: FigureSettings) -> str:
    """Its sign and its title."""
    return clean(f"{figure.icon} {figure.title}").strip()


def _single_section(context: ReportContext, rows: Sequence[ReportRow]) -> ReportSection:
    titles = context.t.columns
    columns = (
        ReportColumn("figure", titles["figure"]), ReportColumn("value", titles["value"], "own"),
        ReportColumn("before", titles["before"], "own"), ReportColumn("change", titles["change"], "change"),
        ReportColumn("not_available", "", "text"), ReportColumn("unit", "", "hidden"),
    )  # fmt: skip
    return ReportSection("figures", context.t.sections["figures"], (), columns, tuple(rows))


def _single_row(context: ReportContext, figure: FigureSettings, found: FigureTable) -> ReportRow:
    value = next(iter(found.rows.values()))[0]
    if context.settings.kind == "health":
        return ReportRow((title_of(figure), value, None, None, "", figure.unit))
    try:
        then = figure_table(context, figure, context.earlier())
        before = next(iter(then.rows.values()))[0] if then.single else None
    except NotAvailable:
        before = None
    return ReportRow((title_of(figure), value, before, change(value, before), "", figure.unit))


def _table_section(context: ReportContext, figure: FigureSettings, found: FigureTable) -> ReportSection:
    names = list(figure.queries)
    titles = [name or context.t.columns["value"] for name in names]
    columns = [
        ReportColumn("label", ""),
        *(ReportColumn(name or "value", title, _unit_of(figure, name)) for name, title in zip(names, titles, strict=True)),
    ]
    telling = _telling(list(found.rows))
    ordered = sorted(found.rows.items(), key=lambda item: (-(item[1][0] if item[1][0] is not None else -math.inf), item[0]))
    rows = [ReportRow((_label_text(labels, telling), *values)) for labels, values in ordered]
    shown = rows[:MOST_ROWS]
    if figure.total and rows:
        shown.append(ReportRow((context.t.total, *_sums(list(found.rows.values()))), "total"))
    return ReportSection("figure", title_of(figure), (), tuple(columns), tuple(shown), more=max(0, len(rows) - MOST_ROWS))


def _unit_of(figure: FigureSettings, column: str) -> str:
    return figure.unit if figure.unit and column != "count" else "count"


def _sums(rows: Sequence[Sequence[float | None]]) -> list[ReportCell]:
    return [sum(value for value in column if value is not None) for column in zip(*rows, strict=True)]


def _telling(several: Sequence[Labels]) -> frozenset[str]:
    """The labels that tell the rows apart; where there is one row, those that are not of its check."""
    names = {name for labels in several for name, _ in labels}
    differing = {name for name in names if len({dict(labels).get(name, "") for labels in several}) > 1}
    return frozenset(differing or names - _ALWAYS)


def _label_text(labels: Labels, telling: frozenset[str]) -> str:
    return clip(clean(", ".join(value for name, value in labels if name in telling)), 60)


# --- queries -------------------------------------------------------------------------------------------------------------


def figure_table(context: ReportContext, figure: FigureSettings, period: Period) -> FigureTable:
    """The values of a figure at the end of a period. Raises NotAvailable."""
    rows: dict[Labels, list[float | None]] = {}
    queries = list(figure.queries.values())
    at = min(period.end, context.now)
    for place, text in enumerate(queries):
        for labels, value in _vector(_asked(lambda text=text: _instant(context, text, period, at))):  # type: ignore[misc]
            known = tuple(pair for pair in labels if pair[0] != "__name__")
            rows.setdefault(known, [None] * len(queries))[place] = value
    if not rows:
        raise NotAvailable(context.t.nothing_found)
    return FigureTable(rows, single=len(rows) == 1 and not figure.columns)


def compiled(text: str, period: Period) -> Query:
    """The expression with the length of the period in it. Raises PromqlError."""
    return compile_expr(text.replace(RANGE, f"{(period.end - period.begin) // 1000 or 1}s"))


def _instant(context: ReportContext, text: str, period: Period, at: int) -> Value:
    return compiled(text, period).instant(context.series_of_figures, at, enough=_enough())


def _enough() -> Callable[[], bool]:
    deadline = time.monotonic() + WITHIN_S
    return lambda: time.monotonic() > deadline


def _asked(question: Callable[[], Value]) -> Value:
    try:
        return question()
    except (PromqlError, EvaluationError) as error:
        raise NotAvailable(clip(clean(str(error)), 200)) from None


def _vector(value: Value) -> Vector:
    if isinstance(value, Matrix | str):
        raise NotAvailable("the query gives a range vector or a text; a number is wanted")
    found: Vector = [((), value)] if isinstance(value, float) else value
    return [(labels, number) for labels, number in found if math.isfinite(number)]


def _chart(context: ReportContext, figure: FigureSettings) -> list[ReportChart]:
    """The figure over this and the periods before; none where it does not change or has few values."""
    period = context.period
    length = max(1, period.end - period.begin) if context.settings.kind != "health" else 86_400_000
    begin, end = context.end - CHART_PERIODS * length, context.end
    try:
        query = compiled(figure.query, period)
        found = query.range(context.series_of_figures, begin, end, max(1000, (end - begin) // CHART_POINTS), enough=_enough())
    except (PromqlError, EvaluationError):
        return []
    values = even_values([(at, value) for _, times, each in found for at, value in zip(times, each, strict=True)], begin, end, CHART_POINTS)
    known = [value for value in values if value is not None]
    if len(found) != 1 or len(known) < FEWEST_POINTS or min(known) == max(known):
        return []
    return [ReportChart(title_of(figure), figure.unit, begin, end, values)]
