"""The drawing area of a chart in cells: filled areas of eighth blocks, lines of braille dots, dashes, columns. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tui_monitor.board.values import ChartLine
from tui_monitor.core.humanize import cells
from tui_monitor.widgets.cell_line import Run
from tui_monitor.widgets.glyphs import Glyphs
from tui_monitor.widgets.scale import Scale

_LEFT = (0x40, 0x04, 0x02, 0x01)
"""The dots of a braille cell's left column from the bottom up (Unicode 2800: dots 7, 3, 2, 1)."""
_RIGHT = (0x80, 0x20, 0x10, 0x08)
Heights = Sequence[float | None]
"""A value for each column; None: none."""


def columns_of(line: ChartLine, start: int, end: int, width: int) -> list[float | None]:
    """The line's mean in each of ``width`` columns from ``start`` to ``end``; a column between two samples takes the one before it."""
    sums, counts = [0.0] * width, [0] * width
    broken = [False] * width
    span = max(1, end - start)
    for at, value in zip(line.times, line.values, strict=True):
        if start <= at <= end:
            place = min(width - 1, (at - start) * width // span)
            if math.isfinite(value):
                sums[place] += value
                counts[place] += 1
            else:
                broken[place] = True
    return _held([total / count if count else None for total, count in zip(sums, counts, strict=True)], broken, counts)


def _held(values: list[float | None], broken: Sequence[bool], counts: Sequence[int]) -> list[float | None]:
    last, filled = max((at for at, count in enumerate(counts) if count), default=-1), list(values)
    for at in range(1, last + 1):
        if filled[at] is None and not broken[at]:
            filled[at] = filled[at - 1]
    return filled


class Plot:
    """A grid of cells, drawn from the back to the front."""

    def __init__(self, width: int, scale: Scale, glyphs: Glyphs) -> None:
        self.width, self.scale, self._glyphs = width, scale, glyphs
        self._texts = [[" "] * width for _ in range(scale.rows)]
        self._styles = [["text"] * width for _ in range(scale.rows)]

    def dashes(self, value: float, style: str) -> None:
        """A dashed line across at a value."""
        row = self._row(value)
        for column in range(self.width):
            self._set(row, column, self._glyphs.dash, style)

    def label(self, value: float, text: str, style: str) -> None:
        """A text in the row of a value, after the first cells."""
        if cells(text) + 4 <= self.width:
            at = 2
            for character in f" {text} ":
                self._set(self._row(value), at, character, style)
                if (wide := cells(character)) > 1:
                    self._set(self._row(value), at + 1, "", style)
                at += wide

    def column(self, at: int, style: str) -> None:
        """A line from top to bottom; where something is drawn only its style changes."""
        for row in range(self.scale.rows):
            empty = self._texts[row][at] in (" ", self._glyphs.dash)
            self._set(row, at, self._glyphs.ticks[1] if empty else self._texts[row][at], style)

    def area(self, values: Heights, style: Callable[[int, int], str]) -> None:
        """Columns filled from below to their values; ``style`` of (column, row from below)."""
        for column, value in enumerate(values):
            if value is None:
                continue
            level = self.scale.place(value)
            for row in range(math.ceil(level)):
                self._set(row, column, self._glyphs.block(min(1.0, level - row)), style(column, row))

    def full(self, column: int, style: str) -> None:
        """A column filled to the top."""
        for row in range(self.scale.rows):
            self._set(row, column, self._glyphs.failed, style)

    def line(self, line: ChartLine, start: int, end: int, style: str) -> None:
        """A line through the samples; a gap stays a gap."""
        per, high = (2, 4) if self._glyphs.braille else (1, 1)
        wide, tall = self.width * per, self.scale.rows * high
        ranges: dict[int, tuple[int, int]] = {}
        before: tuple[int, int] | None = None
        for at, value in zip(line.times, line.values, strict=True):
            if not start <= at <= end or not math.isfinite(value):
                before = None
                continue
            x = min(wide - 1, (at - start) * wide // max(1, end - start))
            y = min(tall - 1, int(self.scale.place(value) * high))
            _join(ranges, before or (x, y), (x, y))
            before = (x, y)
        self._dots(ranges, style)

    def _dots(self, ranges: dict[int, tuple[int, int]], style: str) -> None:
        if not self._glyphs.braille:
            for x, (low, top) in ranges.items():
                for y in range(low, top + 1):
                    self._set(y, x, "*", style)
            return
        cells: dict[tuple[int, int], int] = {}
        for x, (low, top) in ranges.items():
            for y in range(low, top + 1):
                place = (y // 4, x // 2)
                cells[place] = cells.get(place, 0) | (_LEFT, _RIGHT)[x % 2][y % 4]
        for (row, column), bits in cells.items():
            under = ord(self._texts[row][column])
            kept = under & 0xFF if 0x2800 <= under < 0x2900 and self._styles[row][column] == style else 0
            self._set(row, column, chr(0x2800 | bits | kept), style)

    def _row(self, value: float) -> int:
        return min(self.scale.rows - 1, int(self.scale.place(value)))

    def _set(self, row: int, column: int, text: str, style: str) -> None:
        if 0 <= column < self.width and 0 <= row < self.scale.rows:
            self._texts[row][column], self._styles[row][column] = text, style

    def runs(self, row: int) -> list[Run]:
        """A row (from below) as runs of one style."""
        runs: list[Run] = []
        for text, style in zip(self._texts[row], self._styles[row], strict=True):
            if runs and (runs[-1][1] == style or text == " "):
                runs[-1] = (runs[-1][0] + text, runs[-1][1])
            else:
                runs.append((text, style))
        return runs


def _join(ranges: dict[int, tuple[int, int]], before: tuple[int, int], here: tuple[int, int]) -> None:
    """Add the dots from one sample to the next: in each column the lowest and the highest."""
    (x0, y0), (x1, y1) = before, here
    last = y0
    for x in range(x0, x1 + 1):
        y = y1 if x == x1 else y0 + round((y1 - y0) * (x - x0) / (x1 - x0))
        low, top = min(last, y), max(last, y)
        known = ranges.get(x)
        ranges[x] = (low, top) if known is None else (min(low, known[0]), max(top, known[1]))
        last = y
