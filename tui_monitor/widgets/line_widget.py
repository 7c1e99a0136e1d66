"""The base of all widgets here: shows lines and repaints only the cells that changed (0.7 % of a core instead of 5 %)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

from rich.segment import Segment
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_monitor.core.humanize import cells
from tui_monitor.widgets.cell_line import Line, RenderStyle
from tui_monitor.widgets.painter import Painter
from tui_monitor.widgets.styles import TextStyles

EMPTY: Line = ()


class OpensMoment(Message):
    """Message on a click on a strip: show the board of this moment (UTC ms)."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at


class LineWidget(Widget):
    """Widget that shows the lines built by a subclass in `build`."""

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.look = look
        self.text_styles = text_styles
        self.shape = Size(0, 0)
        """Width and height of the last build; Textual counts its own ``size`` anew at each access."""
        self._lines: tuple[Line, ...] = ()
        self._selected = -1
        self._painter: Painter | None = None

    def on_mount(self) -> None:
        """Paint with the screen's painter, where it has one."""
        self._painter = getattr(self.screen, "painter", None)

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The lines for a size in cells, and which of them is selected (-1: none)."""
        raise NotImplementedError

    def forget(self) -> None:
        """Keep nothing that was drawn: the language has changed."""

    def rebuild(self) -> None:
        """Build the lines again and repaint the cells that changed."""
        width, height = self.shape = self.size
        if not width or not height:
            return
        built, selected = self.build(width, height)
        lines = tuple(built[:height])
        before, was = self._lines, self._selected
        self._lines, self._selected = lines, selected
        with self._painter or nullcontext():
            for y in range(min(height, max(len(lines), len(before)))):
                old = before[y] if y < len(before) else EMPTY
                new = lines[y] if y < len(lines) else EMPTY
                other = selected != was and y in (selected, was)
                if other or old != new:
                    self._repaint(y, EMPTY if other else old, new)

    def _repaint(self, y: int, old: Line, new: Line) -> None:
        """Paint what differs in a line: at once where the painter may, else with the compositor's next round."""
        width = self.shape[0]
        place = self._painter.place(self) if self._painter is not None else None
        if place is not None and self._painter is not None:
            self._painter.paint(Offset(place.x, place.y + y), old, new or ((" " * width, "text"),), selected=y == self._selected)
        else:
            start, end = changed_cells(old, new, width) if old else (0, width)
            self.refresh(Region(start, y, end - start, 1))

    def on_resize(self) -> None:
        """Rebuild for the new size."""
        self.rebuild()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips of a region, made when painted; Textual's own cache would keep many copies of each."""
        width = self.size.width
        strips = [self._strip(y, width) for y in crop.line_range]
        return strips if crop.column_span == (0, width) else [strip.crop(crop.x, crop.right) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """The strip of one line."""
        return self._strip(y, self.size.width)

    def _strip(self, y: int, width: int) -> Strip:
        style, selected = self.text_styles.style, y == self._selected
        segments = [Segment(text, style(name, selected)) for text, name in (self._lines[y] if y < len(self._lines) else EMPTY)]
        return Strip(segments).adjust_cell_length(width, style("text", selected))


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
