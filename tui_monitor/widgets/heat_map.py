"""A heat map of many series: a row each, a cell for each moment, its height and colour the value; for the cores of large machines. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_monitor.board.values import Chart, ChartLine
from tui_monitor.core import humanize as f
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.machine import level
from tui_monitor.widgets.plot import columns_of
from tui_monitor.widgets.scale import moments, time_text

MORE_THAN = 16
"""Up to so many shares are lines of a chart."""
_CORE = re.compile(r'\bcore="(\d+)"')


def is_heat_map(chart: Chart) -> bool:
    """Whether a chart is of so many cores that lines would hide each other."""
    return len(chart.lines) > MORE_THAN and chart.unit == "ratio" and all(_CORE.search(line.name) for line in chart.lines)


def heat_lines(chart: Chart, start: int, end: int, width: int, height: int, look: RenderStyle) -> list[Line]:
    """The map from ``start`` to ``end`` (UTC ms): rows by core; where they do not fit, each row is the highest of several cores."""
    cores = sorted(chart.lines, key=lambda line: int(_CORE.findall(line.name)[0]))
    room = max(1, height - 1)
    per = -(-len(cores) // room)
    gutter = len(f"core {len(cores)}-{len(cores)} ")
    wide = max(1, width - gutter - 6)
    lines = [_row(cores[at : at + per], start, end, gutter, wide, width, look) for at in range(0, len(cores), per)]
    cells = [" "] * wide
    for at in moments(start, end, max(2, wide // 16), look.zone):
        text = time_text(at, start, end, look.zone)
        place = min(wide - len(text), max(0, (at - start) * wide // max(1, end - start) - len(text) // 2))
        if place >= 0 and not "".join(cells[max(0, place - 1) : place + len(text) + 1]).strip():
            cells[place : place + len(text)] = text
    return [*lines, LineBuilder(width, look).gap(gutter).append("".join(cells), "dim").line()][:height]


def _row(cores: Sequence[ChartLine], start: int, end: int, gutter: int, wide: int, width: int, look: RenderStyle) -> Line:
    names = [_CORE.findall(line.name)[0] for line in cores]
    row = LineBuilder(width, look).append(f"core {names[0]}" + (f"-{names[-1]}" if len(names) > 1 else ""), "dim", gutter)
    columns = [columns_of(line, start, end, wide) for line in cores]
    last: float | None = None
    for moment in zip(*columns, strict=True):
        known = [value for value in moment if value is not None]
        last = max(known) if known else None
        row.append(look.glyphs.nothing if last is None else look.glyphs.block(last), "track" if last is None else level(last))
    return row.append(f.percent(last), "text", 6, right=True).line()
