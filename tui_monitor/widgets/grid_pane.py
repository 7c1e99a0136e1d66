"""The pane of a screen by role: a grid of panels, one of them chosen, that scrolls where it is higher than the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import events

from tui_monitor.board.screen_values import PanelRow, PanelValues, ScreenValues
from tui_monitor.core.catalogue.screen_phrases import ScreenPhrases
from tui_monitor.widgets.cell_line import Line, RenderStyle, note, title_line
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.role_grid import GridLines, PanelPlace, places_of
from tui_monitor.widgets.styles import TextStyles

ROWED = ("checks", "hosts", "alerts")
"""The kinds whose rows are chosen one by one."""


class GridPane(Pane):
    """Draws values of a screen. ``nothing``: the lines where it has no panels."""

    def __init__(
        self, title: str, phrases: ScreenPhrases, nothing: Sequence[str] = (), *, look: RenderStyle, text_styles: TextStyles
    ) -> None:
        super().__init__(look=look, text_styles=text_styles, id="grid")
        self.heading, self.nothing, self.note = title, nothing, ""
        self.values: ScreenValues | None = None
        self._all: ScreenValues | None = None
        self.row = 0
        self.places: list[PanelPlace] = []
        self._grid = GridLines(look, phrases)

    def show(self, values: ScreenValues) -> None:
        """Draw other values; the chosen panel stays chosen."""
        self._all = values
        needle = self.needle.casefold()
        self.values = replace(values, panels=tuple(_matching(each, needle) for each in values.panels)) if needle else values
        self.cursor = max(0, min(self.cursor, len(values.panels) - 1))
        self.rebuild()

    def filter(self, needle: str) -> None:
        """Show only rows that contain this text."""
        self.needle, self.row = needle, 0
        if self._all is not None:
            self.show(self._all)

    def keys(self) -> Sequence[str]:
        """The panels by number."""
        return [str(number) for number in range(len(self.values.panels))] if self.values is not None else ()

    @property
    def chosen(self) -> PanelValues | None:
        """The chosen panel."""
        return self.values.panels[self.cursor] if self.values is not None and self.values.panels else None

    @property
    def chosen_row(self) -> PanelRow | None:
        """The chosen row of the chosen panel, where its rows are chosen one by one."""
        panel = self.chosen
        if panel is None or panel.panel.kind not in ROWED or not panel.rows:
            return None
        return panel.rows[min(self.row, len(panel.rows) - 1)]

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """Title, then the part of the grid that fits."""
        if self.values is None or not self.values.panels:
            self.places = []
            return [self._title(width, ""), *(note(text, width, self.look) for text in ("", *self.nothing))], -1
        room = max(1, height - 1)
        self.places = places_of(self.values.screen, width, room)
        lines = self._grid.lines(self.values, self.places, width, self.cursor if self.has_focus else -1, self._marked())
        self.top = max(0, min(self.top, len(lines) - room))
        below = len(lines) - self.top - room
        return [self._title(width, f"{below} more below" if below > 0 else ""), *lines[self.top : self.top + room]], -1

    def _marked(self) -> int:
        panel = self.chosen
        return min(self.row, len(panel.rows) - 1) if panel is not None and panel.panel.kind in ROWED else -1

    def _title(self, width: int, right: str) -> Line:
        remark = f"filter: {self.needle}" if self.needle else self.note
        return title_line(self.heading, width, self.look, focused=self.has_focus, remark=remark, right=right)

    # --- moving -----------------------------------------------------------------------------------------------------------

    def move_to(self, index: int) -> None:
        """Choose a panel by number, and show it whole where it fits."""
        if self.values is None or not self.values.panels:
            return
        self.cursor, self.row = max(0, min(index, len(self.values.panels) - 1)), 0
        self._follow_place()
        self.rebuild()

    def _follow_place(self) -> None:
        place = next((one for one in self.places if one.number == self.cursor), None)
        if place is not None:
            room = max(1, self.size.height - 1)
            self.top = max(min(self.top, place.y), min(place.y, place.y + place.height - room))

    def step_panel(self, step: int) -> None:
        """Choose the next or previous panel, around the end."""
        count = len(self.keys())
        if count:
            self.move_to((self.cursor + step) % count)

    def move(self, step: int) -> None:
        """Choose the next row of a list; beyond its end the panel below or above."""
        panel, place = self.chosen, next((one for one in self.places if one.number == self.cursor), None)
        if panel is None or place is None:
            return
        shown = min(len(panel.rows), place.height - 2) if panel.panel.kind in ROWED else 0
        if 0 <= self.row + step < shown:
            self.row += step
            self.rebuild()
            return
        over = [one for one in self.places if min(one.x + one.width, place.x + place.width) > max(one.x, place.x)]
        nearest = [one for one in over if (one.y > place.y if step > 0 else one.y < place.y)]
        if nearest:
            found = min(nearest, key=lambda one: (abs(one.y - place.y), one.x))
            self.move_to(found.number)

    def scroll_lines(self, lines: int) -> None:
        """Scroll without choosing."""
        self.top = max(0, self.top + lines)
        self.rebuild()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self.scroll_lines(-3)

    def on_click(self, event: events.Click) -> None:
        """A click chooses a panel and its row, a double click opens."""
        x, y = event.x, event.y - 1 + self.top
        for place in self.places:
            if event.y > 0 and place.x <= x < place.x + place.width and place.y <= y < place.y + place.height:
                self.move_to(place.number)
                self.row = max(0, y - place.y - 1)
                self.rebuild()
                if event.chain == 2:
                    self.post_message(self.Opened(self))


def _matching(values: PanelValues, needle: str) -> PanelValues:
    """The panel with the rows that contain the text."""
    return replace(values, rows=tuple(row for row in values.rows if not row.cells or any(needle in cell.casefold() for cell in row.cells)))
