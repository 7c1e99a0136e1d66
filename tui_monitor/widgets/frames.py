"""Frames of panes: a box with title and remark on its top line, or only that line where room is short. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.core import humanize as f
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle


def top_line(title: str, remark: str, width: int, look: RenderStyle, *, focused: bool = False, boxed: bool = True) -> Line:
    """The top of a frame: title at the left, remark at the right, a rule between."""
    left, right, _, _, rule, _ = tuple(look.glyphs.box)
    style = "border-focus" if focused else "border"
    row = LineBuilder(width, look).append(left if boxed else rule, style)
    if focused:
        row.append(look.glyphs.selected, "accent")
    row.say(title, "title").gap(0)
    remark = f.cut(clean(look.words.say(remark)), max(0, row.room - 6), look.glyphs.cut)
    end = f.cells(remark) + 4 if remark else 1
    row.append(" ", style).append(rule * max(0, row.room - end), style)
    if remark:
        row.append(" ", style).append(remark, "dim").append(" ", style).append(rule, style)
    return row.append(right if boxed else rule, style).line()


def boxed(lines: Sequence[Line], width: int, height: int, look: RenderStyle, *, focused: bool = False) -> list[Line]:
    """The lines (the first is the top) with sides and a bottom, as ``height`` lines."""
    _, _, left, right, rule, side = tuple(look.glyphs.box)
    style = "border-focus" if focused else "border"
    blank: Line = ((" " * (width - 2), "text"),)
    inner = [line or blank for line in lines[1 : height - 1]]
    inner += [blank] * (height - 2 - len(inner))
    middle: list[Line] = [((side, style), *line, (side, style)) for line in inner]
    return [lines[0], *middle, ((left + rule * (width - 2) + right, style),)]
