"""Filled areas and bars of blocks: the big chart of the selection, the CPU, shares in use. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, Run
from tui_monitor.widgets.glyphs import Glyphs

Column = tuple[float | None, str]
"""Height of a column, 0 to 1 (None: no value), and its style."""


def area(columns: Sequence[Column], height: int, glyphs: Glyphs) -> list[list[Run]]:
    """The columns as ``height`` rows of runs, from the top; each cell has eight levels."""
    rows: list[list[Run]] = []
    for row in range(height - 1, -1, -1):
        runs: list[Run] = []
        for value, style in columns:
            level = 0.0 if value is None else max(value * height, 1 / 8 if row == 0 else 0.0) - row
            text = " " if level <= 0 else glyphs.block(min(1.0, level))
            style = style if text != " " else "text"
            if runs and runs[-1][1] == style:
                runs[-1] = (runs[-1][0] + text, style)
            else:
                runs.append((text, style))
        rows.append(runs)
    return rows


def newest(values: Sequence[float | None], width: int) -> list[float | None]:
    """The newest values, one for each of ``width`` columns, the newest at the right; None where there is none."""
    shown = list(values[-width:]) if width > 0 else []
    return [None] * (width - len(shown)) + shown


def append_bar(row: LineBuilder, ratio: float | None, width: int, style: str, look: RenderStyle) -> LineBuilder:
    """Append a bar of ``width`` cells, filled by a ratio."""
    filled = 0 if ratio is None else min(width, max(1 if ratio > 0 else 0, round(ratio * width)))
    return row.append(look.glyphs.full * filled, style).append(look.glyphs.empty * (width - filled), "track")


def chart_lines(
    columns: Sequence[Column], labels: Sequence[str], height: int, width: int, look: RenderStyle, limits: Sequence[tuple[float, str]] = ()
) -> list[Line]:
    """A filled chart with its scale at the left. ``labels``: texts of the top, the middle and the bottom; ``limits``: (height, style)."""
    gutter = max(len(label) for label in labels)
    marks = {0: labels[0], height - 1: labels[-1]} | ({(height - 1) // 2: labels[1]} if height >= 5 else {})
    levels = {min(height - 1, max(0, height - 1 - int(at * height))): style for at, style in limits if 0 <= at <= 1}
    lines = []
    for number, runs in enumerate(area(columns, height, look.glyphs)):
        row = (
            LineBuilder(width, look)
            .append(marks.get(number, ""), "dim", gutter, right=True)
            .append(look.glyphs.axis(number in marks), "border")
        )
        for text, style in runs:
            dashes = number in levels and style == "text"
            row.append(look.glyphs.dash * len(text) if dashes else text, levels[number] if dashes else style)
        lines.append(row.line())
    return lines


def pick(values: Sequence[float | None], style: Callable[[float], str]) -> list[Column]:
    """Columns of ratios, each in the style of its value."""
    return [(value, style(value) if value is not None else "text") for value in values]
