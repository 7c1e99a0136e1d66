"""The lines of a report on the screen. Pure."""

from __future__ import annotations

from tui_monitor.board.report import Report
from tui_monitor.board.report_text import TextLine, report_lines
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle

WIDEST = 140
"""Cells beyond which a table would be hard to read across."""
KIND_STYLES = {
    "title": "title", "head": "heading", "columns": "dim", "note": "dim", "chart": "dim", "total": "strong", "text": "text", "row": "text",
}  # fmt: skip
SHADE_STYLES = {"bad": "critical", "warn": "warning", "ok": "ok"}


def report_screen_lines(report: Report, width: int, look: RenderStyle) -> list[Line]:
    """The report; what is wrong stands in its colour beside its sign, so that colour alone says nothing."""
    return [_line(line, width, look) for line in report_lines(report, min(WIDEST, width - 2))]


def _line(line: TextLine, width: int, look: RenderStyle) -> Line:
    row = LineBuilder(width, look).gap(1)
    if line.kind == "row":
        sign, rest = (line.text[:1], line.text[1:]) if line.shade in SHADE_STYLES else ("", line.text)
        return row.append(sign, SHADE_STYLES.get(line.shade, "text")).append(rest, "text").line()
    style = SHADE_STYLES.get(line.shade, "text") if line.kind == "text" and line.shade else KIND_STYLES[line.kind]
    return row.append(line.text, style).line()
