"""Writes the changed cells of line widgets to the terminal themselves, past Textual's compositor.

The compositor renders the whole width of a changed line and writes its colours anew for each run; for a board that changes in a few
cells a second that was a quarter of the dashboard's CPU and two thirds of its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

from rich.color import ColorSystem
from rich.style import Style
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.geometry import Offset, Region
from textual.screen import Screen
from textual.widget import Widget

from tui_monitor.core.humanize import cells
from tui_monitor.widgets.cell_line import Line
from tui_monitor.widgets.styles import TextStyles

Pen = tuple[str, str, str]
"""The codes of attributes, colour and background that a terminal style consists of."""
NO_PEN: Pen = ("", "", "")
GAP = 3
"""Equal cells between two changes that are written too: to move over them takes as many bytes."""


class Painter:
    """The cells of one screen. Within ``with`` all changes are written together; a part of a line that did not change is not written."""

    def __init__(self, screen: Screen[Any], text_styles: TextStyles) -> None:
        self.on = True
        """False while the screen is not to be painted yet."""
        self._screen = screen
        self._styles = text_styles
        self._seen: Mapping[Widget, tuple[Region, Region]] = {}
        self._places: dict[Widget, Offset] = {}
        self._pens: dict[tuple[Style, ColorSystem], Pen] = {}
        self._depth = 0
        self._out: list[str] = []
        self._pen = NO_PEN
        self._at = (-1, -1)

    def __enter__(self) -> Painter:
        self._depth += 1
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._depth -= 1
        if not self._depth and self._out:
            self._flush()

    def place(self, widget: Widget) -> Offset | None:
        """Where the widget's cells begin on the screen; None where only the compositor may paint them.

        That is: another screen is on top, the screen is about to be painted whole, the widget is partly hidden, or nobody looks on.
        """
        screen, app = self._screen, self._screen.app
        free = self.on and app.screen is screen and not (app.is_headless or app.is_inline or app._batch_count or screen._repaint_required)
        if not free or app._driver is None:
            return None
        visible = screen._compositor.visible_widgets
        if visible is not self._seen:
            self._seen, self._places = visible, dict(_uncovered(visible))
        return self._places.get(widget)

    def paint(self, at: Offset, old: Line, new: Line, *, selected: bool) -> None:
        """Write the cells of a line that differ; both have the same width."""
        for x, text, style in changes(old, new):
            self._move(at.x + x, at.y)
            self._use(self._pen_of(self._styles.style(style, selected)))
            self._out.append(text)
            self._at = (self._at[0] + cells(text), at.y)

    def _move(self, x: int, y: int) -> None:
        column, row = self._at
        if row != y or x < column:
            self._out.append(f"\x1b[{y + 1};{x + 1}H")
        elif x > column:
            self._out.append(f"\x1b[{x - column}C")
        self._at = (x, y)

    def _use(self, pen: Pen) -> None:
        if pen == self._pen:
            return
        fresh = pen[0] != self._pen[0]
        codes = [code for code, before in zip(pen, self._pen, strict=True) if code and (fresh or code != before)]
        self._out.append(f"\x1b[{';'.join(['0', *codes] if fresh else codes)}m")
        self._pen = pen

    def _pen_of(self, style: Style) -> Pen:
        system = self._screen.app.console._color_system or ColorSystem.TRUECOLOR
        pen = self._pens.get((style, system))
        if pen is None:
            flags = (("1", style.bold), ("4", style.underline), ("7", style.reverse))
            color = style.color.downgrade(system).get_ansi_codes() if style.color else ()
            ground = style.bgcolor.downgrade(system).get_ansi_codes(foreground=False) if style.bgcolor else ()
            attributes = ";".join(code for code, is_set in flags if is_set)
            pen = self._pens[(style, system)] = (attributes, ";".join(color) or "39", ";".join(ground) or "49")
        return pen

    def _flush(self) -> None:
        app = self._screen.app
        text = "".join(self._out) + "\x1b[0m"
        self._out, self._pen, self._at = [], NO_PEN, (-1, -1)
        if app._driver is not None:
            app._driver.write(f"{SYNC_START}{text}{SYNC_END}" if app._sync_available else text)


def _uncovered(visible: Mapping[Widget, tuple[Region, Region]]) -> Iterator[tuple[Widget, Offset]]:
    """The widgets of which every cell is seen; ``visible`` begins with the topmost widget."""
    above: list[Region] = []
    for widget, (region, clip) in visible.items():
        if clip.contains_region(region) and not any(map(region.overlaps, above)):
            yield widget, region.offset
        above.append(region.intersection(clip))


def changes(old: Line, new: Line) -> Iterator[tuple[int, str, str]]:
    """(first cell, text, style name) of what differs; a line with wide characters is written from its first other run on."""
    same = _alike(old, new)
    at = sum(cells(text) for text, _ in new[:same])
    tail = min(_alike(old[::-1], new[::-1]), len(old) - same, len(new) - same)
    rest = new[same:]
    old, new = old[same : len(old) - tail], new[same : len(new) - tail]
    before, after = "".join([text for text, _ in old]), "".join([text for text, _ in new])
    size = len(after)
    if len(before) != size or cells(before) != size or cells(after) != size:
        for text, style in rest:
            yield at, text, style
            at += cells(text)
        return
    was, now = _styles(old), _styles(new)
    start = 0
    while start < size:
        if after[start] == before[start] and now[start] == was[start]:
            start += 1
            continue
        end, style, place = start + 1, now[start], start + 1
        while place < size and place - end <= GAP and now[place] == style:
            if after[place] != before[place] or was[place] != style:
                end = place + 1
            place += 1
        yield at + start, after[start:end], style
        start = end


def _alike(old: Line, new: Line) -> int:
    """How many runs are the same from the begin on."""
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return place
    return min(len(old), len(new))


def _styles(line: Line) -> list[str]:
    styles: list[str] = []
    for text, style in line:
        styles += [style] * len(text)
    return styles
