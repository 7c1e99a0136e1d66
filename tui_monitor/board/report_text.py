"""A report as lines of text: tables in aligned columns for mail and terminals, a line a row for chats. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_monitor.board.report import Report, ReportChart, ReportColumn, ReportRow, ReportSection
from tui_monitor.board.report_format import LEFT, ReportFormat
from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import cells, cut, fit, wrap

BARS = "▁▂▃▄▅▆▇█"
NARROWEST = 8
"""Cells below which a text column is not cut."""
TEXT_CELLS = 24
"""Cells that a text column gets at least before a brief one is left out."""
LABELLED = frozenset({"told", "error", "reason", "by"})
UNNAMED = frozenset({"value", "change"})
"""Columns whose values need no name in a line of text."""
MARKS = {"ok": "✔", "warn": "▲", "bad": "✖"}
MARKED = {"warn": "▲", "bad": "✖"}
MARK_CELLS = 2


@frozen
class TextLine:
    """One line. ``kind``: title, head (of a section), columns, row, total, note, text or chart; ``shade`` as in ReportRow."""

    text: str
    kind: str = "text"
    shade: str = ""


def report_format(report: Report) -> ReportFormat:
    """The spelling of a report's values; times of a report of one day have no date."""
    short = report.end - report.begin <= 26 * 3_600_000
    return ReportFormat(report.language, report.zone, report.begin if short else 0, report.end if short else 0)


def headline_of(report: Report) -> str:
    """Title, period and host in one line."""
    return " · ".join(part for part in (report.title, report.period, report.host) if part)


def report_lines(report: Report, width: int, cut_mark: str = "~") -> list[TextLine]:
    """The whole report in at most ``width`` cells a line; ``cut_mark`` ends what had to be cut."""
    form = report_format(report)
    mark = MARKS.get(report.shade, "")
    lines = [
        TextLine(cut(headline_of(report), width, cut_mark), "title"),
        *_wrapped(f"{mark} {report.verdict}".strip(), width, "text", report.shade),
    ]
    for note in report.notes:
        lines += _wrapped(note, width, "note", "warn")
    for section in report.sections:
        lines += [TextLine(""), TextLine(cut(section.title, width, cut_mark), "head"), *_section_lines(section, width, form, cut_mark)]
    return lines


def _wrapped(text: str, width: int, kind: str, shade: str = "") -> list[TextLine]:
    return [TextLine(line, kind, shade) for line in wrap(text, width)]


def _section_lines(section: ReportSection, width: int, form: ReportFormat, cut_mark: str) -> Iterable[TextLine]:
    for line in section.lines:
        yield from _wrapped(line, width, "text")
    yield from table_lines(section.columns, section.rows, width, form, cut_mark)
    if section.more:
        yield TextLine(form.t.more.format(count=section.more), "note")
    for chart in section.charts:
        yield TextLine(cut(chart_line(chart, form, max(8, min(48, width - 44))), width, cut_mark), "chart")


def table_lines(
    columns: Sequence[ReportColumn], rows: Sequence[ReportRow], width: int, form: ReportFormat, cut_mark: str = "~"
) -> Iterable[TextLine]:
    """Aligned columns. Brief ones that do not fit are left out; brief texts then stand in a second line of their row."""
    if not rows:
        return
    width -= MARK_CELLS
    shown, below = _fitting(columns, rows, width, form)
    texts = [[form.cell(row.cells[place], columns[place], row) for place in shown] for row in rows]
    heads = [columns[place].title for place in shown]
    widths = [max(cells(text) for text in column) for column in zip(heads, *texts, strict=True)]
    free = [number for number, place in enumerate(shown) if columns[place].unit in LEFT]
    while sum(widths) + 2 * len(widths) - 2 > width and any(widths[number] > NARROWEST for number in free):
        widths[max(free, key=lambda number: widths[number])] -= 1
    right = [columns[place].unit not in LEFT for place in shown]
    marked = any(row.shade in MARKED for row in rows)
    if any(heads):
        yield TextLine("  " * marked + _joined(heads, widths, right, width, cut_mark), "columns")
    for row, line in zip(rows, texts, strict=True):
        mark = f"{MARKED.get(row.shade, ' ')} " if marked else ""
        yield TextLine(mark + _joined(line, widths, right, width, cut_mark), "total" if row.shade == "total" else "row", row.shade)
        yield from _second_line(columns, row, below, width, form)


def _second_line(columns: Sequence[ReportColumn], row: ReportRow, below: Sequence[int], width: int, form: ReportFormat) -> list[TextLine]:
    text = " · ".join(labelled(columns[place], form.cell(row.cells[place], columns[place], row)) for place in below if row.cells[place])
    return [TextLine(f"    {line}", "note") for line in wrap(text, max(NARROWEST, width - 4))] if text else []


def labelled(column: ReportColumn, text: str) -> str:
    """A text that stands away from its column's title; some need it."""
    return f"{column.title}: {text}" if column.key in LABELLED else text


def _joined(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool], width: int, cut_mark: str) -> str:
    parts = [fit(text, wide, cut_mark, right=end) for text, wide, end in zip(texts, widths, right, strict=True)]
    return cut("  ".join(parts).rstrip(), width, cut_mark)


def filled_columns(columns: Sequence[ReportColumn], rows: Sequence[ReportRow]) -> list[int]:
    """The places of the columns that have a value in some row and are not hidden."""
    return [
        place
        for place, column in enumerate(columns)
        if column.unit != "hidden" and any(place < len(row.cells) and row.cells[place] not in (None, "") for row in rows)
    ]


def _fitting(columns: Sequence[ReportColumn], rows: Sequence[ReportRow], width: int, form: ReportFormat) -> tuple[list[int], list[int]]:
    """The places of the columns that are shown, and of the texts that go below: brief ones are left out until the rest fits."""
    shown, below = filled_columns(columns, rows), []
    least = {
        place: min(
            TEXT_CELLS if columns[place].unit in LEFT else width,
            max([cells(columns[place].title), *_sizes(columns, rows, place, form)]),
        )
        for place in shown
    }
    while sum(least[place] + 2 for place in shown) - 2 > width and (brief := [place for place in shown if columns[place].brief]):
        shown.remove(brief[-1])
        below += [brief[-1]] if columns[brief[-1]].unit == "text" else []
    return shown, sorted(below)


def _sizes(columns: Sequence[ReportColumn], rows: Sequence[ReportRow], place: int, form: ReportFormat) -> list[int]:
    return [cells(form.cell(row.cells[place], columns[place], row)) for row in rows]


def sparkline(values: Sequence[float | None], points: int) -> str:
    """Bars between the least and the greatest value, a space for a gap."""
    step = max(1, -(-len(values) // points))
    groups = [[value for value in values[place : place + step] if value is not None] for place in range(0, len(values), step)]
    means = [sum(group) / len(group) if group else None for group in groups]
    known = [value for value in means if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    if high - low < 1e-6 * abs(high):
        low = high  # rounding, no change
    return "".join(" " if value is None else BARS[min(7, int((value - low) / (high - low) * 8)) if high > low else 3] for value in means)


def chart_line(chart: ReportChart, form: ReportFormat, points: int) -> str:
    """A chart in one line: its name, a sparkline, and the least, mean and greatest value."""
    return f"{chart.title}  {sparkline(chart.values, points)}  {chart_figures(chart, form)}"


def chart_figures(chart: ReportChart, form: ReportFormat) -> str:
    """The least, mean and greatest value in words."""
    known = [value for value in chart.values if value is not None]
    if not known:
        return form.t.nothing_found
    parts = ((form.t.least, min(known)), (form.t.mean, sum(known) / len(known)), (form.t.most, max(known)))
    return ", ".join(f"{word} {form.value(value, chart.unit)}" for word, value in parts)


# --- chats ---------------------------------------------------------------------------------------------------------------


def chat_lines(report: Report) -> list[str]:
    """The report without its headline for proportional type: a line a row, names of columns beside their values."""
    form = report_format(report)
    lines = [report.verdict, *report.notes]
    for section in report.sections:
        if section.rows or section.lines:
            lines += ["", f"■ {section.title}", *_chat_section(section, form)]
    return lines


def _chat_section(section: ReportSection, form: ReportFormat) -> Iterable[str]:
    yield from section.lines
    for row in section.rows:
        yield _chat_row(section.columns, row, form)
    if section.more:
        yield form.t.more.format(count=section.more)


def _chat_row(columns: Sequence[ReportColumn], row: ReportRow, form: ReportFormat) -> str:
    parts = []
    for place, (column, value) in enumerate(zip(columns, row.cells, strict=False)):
        if value in (None, "") or column.unit == "hidden":
            continue
        text = labelled(column, form.cell(value, column, row))
        named = place and column.title and column.unit not in LEFT and column.key not in UNNAMED
        parts.append(f"{column.title} {text}" if named else text)
    return f"{MARKED.get(row.shade, '•')} " + (f"{parts[0]}: {', '.join(parts[1:])}" if len(parts) > 1 else "".join(parts))


def brief_text(report: Report) -> str:
    """The report in a few words, for SMS: verdict, what is open, figures."""
    form = report_format(report)
    lines = [report.verdict]
    for section in report.sections:
        if section.key == "open":
            lines += [str(row.cells[2]) for row in section.rows[:3]]
        if section.key == "figures":
            lines += [f"{row.cells[0]} {form.cell(row.cells[1], section.columns[1], row)}" for row in section.rows[:5]]
    return "\n".join(lines)
