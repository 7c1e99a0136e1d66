"""A widget that shows ready lines and repaints only the cells that changed: what makes the dashboard cheap."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_monitor.widgets.formatting import cells
from tui_monitor.widgets.inks import Inks
from tui_monitor.widgets.line import Line, Look

EMPTY: Line = ()


class Lines(Widget):
    """Shows lines that somebody built. Subclasses say what they show in `build`."""

    def __init__(self, *, look: Look, inks: Inks, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.look = look
        self.inks = inks
        self._lines: tuple[Line, ...] = ()
        self._selected = -1
        self._strips: dict[tuple[int, bool], tuple[Line, Strip]] = {}

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The lines for a size in cells, and which of them is selected (-1: none)."""
        raise NotImplementedError

    def rebuild(self) -> None:
        """Build the lines anew and repaint what differs from what is shown."""
        width, height = self.size
        if not width or not height:
            return
        built, selected = self.build(width, height)
        lines = tuple(built[:height])
        before, was = self._lines, self._selected
        self._lines, self._selected = lines, selected
        for y in range(max(len(lines), len(before))):
            old = before[y] if y < len(before) else EMPTY
            new = lines[y] if y < len(lines) else EMPTY
            if y in (selected, was) and selected != was:
                self.refresh(Region(0, y, width, 1))
            elif old != new:
                start, end = changed_cells(old, new, width)
                self.refresh(Region(start, y, end - start, 1))

    def on_resize(self) -> None:
        """A new size is a new picture."""
        self._strips.clear()
        self.rebuild()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The strip of one line, cached until the line changes."""
        line = self._lines[y] if y < len(self._lines) else EMPTY
        key = (y, y == self._selected)
        cached = self._strips.get(key)
        if cached is not None and cached[0] is line:
            return cached[1]
        style = self.inks.style
        segments = [Segment(text, style(name, key[1])) for text, name in line]
        strip = Strip(segments).adjust_cell_length(self.size.width, style("text", key[1]))
        self._strips[key] = (line, strip)
        return strip


def changed_cells(old: Line, new: Line, width: int) -> tuple[int, int]:
    """The first cell that differs and the one after the last, run by run; at least one cell."""
    start = 0
    for before, after in zip(old, new, strict=False):
        if before != after:
            break
        start += cells(before[0])
    end = width
    if sum(cells(text) for text, _ in old) == sum(cells(text) for text, _ in new):
        for before, after in zip(reversed(old), reversed(new), strict=False):
            if before != after or end - cells(before[0]) < start:
                break
            end -= cells(before[0])
    return min(start, width - 1), max(end, min(start, width - 1) + 1)
