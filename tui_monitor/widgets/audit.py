"""The lines of the audit log. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.values import ActView
from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.table_heads import table_head
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle

HEADS = ("time", "by", "did", "to", "note")


def audit_widths(entries: Sequence[ActView], now: int, look: RenderStyle) -> tuple[int, int]:
    """Width in cells of the longest timestamp and of the longest name."""
    stamps = max((len(f.stamp(one.at, now, look.zone, seconds=True)) for one in entries), default=4)
    return stamps, max(2, min(24, max((f.cells(clean(one.by)) for one in entries), default=0)))


def _row(texts: tuple[str, ...], styles: tuple[str, ...], widths: tuple[int, int], width: int, look: RenderStyle) -> Line:
    row = LineBuilder(width, look).gap(1)
    for text, style, wide in zip(texts, styles, (*widths, 9), strict=False):
        row.append(text, style, wide).gap(2)
    row.append(texts[3], styles[3], max(8, min(32, row.room * 2 // 3))).gap(2)
    return row.append(texts[4], styles[4]).line()


def audit_heads(widths: tuple[int, int], width: int, look: RenderStyle) -> Line:
    """The names of the columns of `audit_line`."""
    language = look.words.language
    heads = tuple(table_head("who" if head == "by" and language == "ko" else head, language) for head in HEADS)
    return _row(heads, ("faint",) * 5, widths, width, look)


def audit_line(one: ActView, now: int, widths: tuple[int, int], width: int, look: RenderStyle) -> Line:
    """One entry: time, person, command, subject (an alert or silence), note."""
    texts = (f.stamp(one.at, now, look.zone, seconds=True), one.by, one.verb, one.subject, one.note)
    return _row(texts, ("dim", "text", "strong", "text", "dim"), widths, width, look)
