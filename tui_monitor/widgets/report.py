"""The lines of a report on the screen. Pure."""

from __future__ import annotations

from functools import lru_cache

from tui_monitor.board.report import Report
from tui_monitor.board.report_text import BARS, MARKS, TextLine, report_lines
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.glyphs import Glyphs

WIDEST = 140
"""Cells beyond which a table would be hard to read across."""
KIND_STYLES = {
    "title": "title", "head": "heading", "columns": "dim", "note": "dim", "chart": "dim", "total": "strong", "text": "text", "row": "text",
}  # fmt: skip
SHADE_STYLES = {"bad": "critical", "warn": "warning", "ok": "ok"}


def report_screen_lines(report: Report, width: int, look: RenderStyle) -> list[Line]:
    """The report; what is wrong stands in its colour beside its sign, so that colour alone says nothing."""
    shapes = _shapes(look.glyphs)
    return [_line(line, line.text.translate(shapes), width, look) for line in report_lines(report, min(WIDEST, width - 2), look.glyphs.cut)]


@lru_cache(4)
def _shapes(glyphs: Glyphs) -> dict[int, str]:
    """The signs of a report as this terminal shows them, none of ambiguous width."""
    signs = {MARKS["ok"]: glyphs.healthy, MARKS["warn"]: glyphs.degraded, MARKS["bad"]: glyphs.unhealthy, "·": glyphs.bullet, "–": "-"}
    return str.maketrans({**signs, **dict(zip(BARS, glyphs.blocks, strict=True))})


def _line(line: TextLine, text: str, width: int, look: RenderStyle) -> Line:
    row = LineBuilder(width, look).gap(1)
    if line.kind == "row":
        sign, rest = (text[:1], text[1:]) if line.shade in SHADE_STYLES else ("", text)
        return row.append(sign, SHADE_STYLES.get(line.shade, "text")).append(rest, "text").line()
    style = SHADE_STYLES.get(line.shade, "text") if line.kind == "text" and line.shade else KIND_STYLES[line.kind]
    return row.append(text, style).line()
