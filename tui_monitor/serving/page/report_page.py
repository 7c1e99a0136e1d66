"""A report as a page: the verdict, what has to be known first, its sections with charts, the periods before and after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from urllib.parse import quote

from starlette.responses import Response

from tui_monitor.board.report import Report, ReportChart, ReportColumn, ReportRow, ReportSection
from tui_monitor.board.report_format import LEFT, ReportFormat
from tui_monitor.board.report_text import MARKS, chart_figures, filled_columns, report_format
from tui_monitor.board.svg import area_svg
from tui_monitor.core.frozen import frozen
from tui_monitor.serving.asked_report import asked_report, report_names
from tui_monitor.serving.endpoint import HttpCall
from tui_monitor.serving.page.data import PageData
from tui_monitor.serving.page.frame import framed, navigation
from tui_monitor.serving.page.handlers import may_act, words_of
from tui_monitor.serving.page.render import marked, render

_area = marked(area_svg)


@frozen
class PageCell:
    """One cell of a table."""

    text: str
    right: bool
    brief: bool


@frozen
class PageRow:
    """One row: the sign and class of its state, and its cells."""

    sign: str
    shade: str
    total: bool
    cells: tuple[PageCell, ...]


async def reports(call: HttpCall) -> Response:
    """The first report."""
    return Response(status_code=303, headers={"location": f"/reports/{quote(report_names(call)[0][0], safe='')}"})


async def report(call: HttpCall) -> Response:
    """One report."""
    found, words = await asked_report(call, call.path["name"]), words_of(call)
    names = [(name, f"/reports/{quote(name, safe='')}") for name, _ in report_names(call)]
    form = report_format(found)
    sections = [_section(section, form) for section in found.sections]
    around = neighbours(found, form, call.backend.board.at)
    body = render("report.html", t=form.t, report=found, sections=sections, names=names, around=around, mark=MARKS.get(found.shade, ""))
    here = f"/reports/{quote(call.path['name'], safe='')}"
    by_role = bool(await call.shared.one(PageData).screens())
    return framed(
        words, f"{found.title} · {found.period}", found.shade, body, nav=navigation(words, by_role), here=here, host=found.host, feed=True,
        caller=call.caller.name, may_act=may_act(call),
    )  # fmt: skip


def neighbours(found: Report, form: ReportFormat, now: int) -> tuple[tuple[str, str], ...]:
    """(text, day) of the period before, and of the one after where it has begun."""
    if found.kind == "health":
        return ()
    first, after = _day(found.begin, form), _day(found.end, form)
    near = [first - timedelta(days=1), *([after] if found.end < now else [])]
    return tuple((f"{arrow} {form.short_day(day)}", day.isoformat()) for arrow, day in zip("←→", near, strict=False))


def _day(at: int, form: ReportFormat) -> date:
    return datetime.fromtimestamp(at / 1000, form.zone).date()


def _section(section: ReportSection, form: ReportFormat) -> dict[str, object]:
    shown = filled_columns(section.columns, section.rows)
    return {
        "title": section.title,
        "lines": section.lines,
        "heads": tuple(_cell(section.columns[place], section.columns[place].title) for place in shown),
        "rows": tuple(_row(section.columns, row, shown, form) for row in section.rows),
        "marked": any(row.shade in MARKS for row in section.rows),
        "more": form.t.more.format(count=section.more) if section.more else "",
        "charts": tuple((chart.title, chart_figures(chart, form), _drawn(chart)) for chart in section.charts),
    }


def _row(columns: Sequence[ReportColumn], row: ReportRow, shown: Sequence[int], form: ReportFormat) -> PageRow:
    cells = tuple(_cell(columns[place], form.cell(row.cells[place], columns[place], row)) for place in shown)
    return PageRow(MARKS.get(row.shade, ""), row.shade if row.shade in MARKS else "none", row.shade == "total", cells)


def _cell(column: ReportColumn, text: str) -> PageCell:
    return PageCell(text, column.unit not in LEFT, column.brief and column.unit not in LEFT)


def _drawn(chart: ReportChart) -> object:
    return _area([math.nan if value is None else value for value in chart.values], chart.title, width=600, height=90)
