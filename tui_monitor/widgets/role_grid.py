"""The grid of a screen by role: which panel lies where, and all of them as lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.screen_values import PanelValues, ScreenValues
from tui_monitor.board.screens import ScreenDefinition
from tui_monitor.core.catalogue.screen_phrases import ENGLISH, ScreenPhrases
from tui_monitor.core.frozen import frozen
from tui_monitor.widgets.cell_line import Line, RenderStyle, with_cursor
from tui_monitor.widgets.frames import boxed, top_line
from tui_monitor.widgets.role_panels import panel_lines

ONE_COLUMN = 80
"""Terminals narrower than this have all panels below each other."""
LEAST = 5
"""No panel is higher than the terminal, unless that has fewer lines than this."""
STIFF = frozenset({"stat", "pie", "text"})
"""Kinds that do not grow with the screen."""


@frozen
class PanelPlace:
    """Where a panel lies, in cells."""

    number: int
    x: int
    y: int
    width: int
    height: int


def places_of(screen: ScreenDefinition, width: int, height: int) -> list[PanelPlace]:
    """The place of each panel. Lines that would stay empty go to rows with charts, until these are twice as high, then to all that grow."""
    rows = _rows(screen, width)
    heights = [min(max(screen.panels[number].height for number, _, _ in row), max(LEAST, height)) for row in rows]
    kinds = [{screen.panels[number].kind for number, _, _ in row} for row in rows]
    spare = height - sum(heights)
    charts = [place for place, found in enumerate(kinds) if "chart" in found]
    spare -= _grown(heights, charts, min(spare, sum(heights[place] for place in charts)))
    _grown(heights, [place for place, found in enumerate(kinds) if found - STIFF], spare)
    places, y = [], 0
    for row, tall in zip(rows, heights, strict=True):
        places += [PanelPlace(number, begin, y, end - begin, tall) for number, begin, end in row]
        y += tall
    return places


def _grown(heights: list[int], growing: Sequence[int], spare: int) -> int:
    """Share lines out among some rows; returns how many were."""
    for count, place in enumerate(growing):
        share = spare * (count + 1) // len(growing) - spare * count // len(growing) if spare > 0 else 0
        heights[place] += share
    return max(0, spare) if growing else 0


def _rows(screen: ScreenDefinition, width: int) -> list[list[tuple[int, int, int]]]:
    """(number of the panel, first cell, cell after the last) in rows from the left."""
    columns = 1 if width < ONE_COLUMN else screen.columns
    rows: list[list[tuple[int, int, int]]] = []
    used = columns
    for number, panel in enumerate(screen.panels):
        wide = min(columns, panel.width)
        if used + wide > columns:
            rows.append([])
            used = 0
        rows[-1].append((number, used * width // columns, (used + wide) * width // columns))
        used += wide
    return rows


class GridLines:
    """The lines of a screen. A panel is drawn again only when its values or its size have changed: a chart costs 10 ms."""

    def __init__(self, look: RenderStyle, phrases: ScreenPhrases = ENGLISH) -> None:
        self._look = look
        self._phrases = phrases
        self._drawn: dict[int, tuple[PanelValues, int, int, list[Line]]] = {}

    def lines(self, values: ScreenValues, places: Sequence[PanelPlace], width: int, chosen: int = -1, row: int = -1) -> list[Line]:
        """All lines of the grid; ``chosen``: the panel with the focus, ``row`` its selected row (-1: none)."""
        drawn = {place.number: self._panel(values.panels[place.number], place, place.number == chosen, row) for place in places}
        total = max((place.y + place.height for place in places), default=0)
        return [self._joined(places, drawn, y, width) for y in range(total)]

    def _joined(self, places: Sequence[PanelPlace], drawn: dict[int, list[Line]], y: int, width: int) -> Line:
        found: list[tuple[str, str]] = []
        used = 0
        for place in places:
            if place.y <= y < place.y + place.height:
                if place.x > used:
                    found.append((" " * (place.x - used), "text"))
                found += drawn[place.number][y - place.y]
                used = place.x + place.width
        return (*found, (" " * (width - used), "text")) if used < width else tuple(found)

    def _panel(self, values: PanelValues, place: PanelPlace, focused: bool, row: int) -> list[Line]:
        inner, tall = max(1, place.width - 2), max(0, place.height - 2)
        known = self._drawn.get(place.number)
        if known is None or known[:3] != (values, inner, tall):
            known = (values, inner, tall, panel_lines(values, inner, tall, self._look, self._phrases))
            self._drawn[place.number] = known
        body = list(known[3])
        if focused and 0 <= row < len(body):
            body[row] = marked(body[row], self._look)
        remark = values.remark or (self._phrases.more.format(count=values.more) if values.more else "")
        top = top_line(values.title, remark, place.width, self._look, focused=focused)
        return boxed([_in_colour(top, values.title, values.status), *body], place.width, place.height, self._look, focused=focused)


def _in_colour(top: Line, title: str, status: str) -> Line:
    """The top line with its title in the colour of what is wrong in the panel."""
    return tuple((text, status if status and style == "title" else style) for text, style in top)


def marked(line: Line, look: RenderStyle) -> Line:
    """The line with a cursor in its first cell, and its plain texts in bold."""
    bright = tuple((text, "strong" if style in ("text", "dim") else style) for text, style in line)
    return with_cursor(bright, look)
