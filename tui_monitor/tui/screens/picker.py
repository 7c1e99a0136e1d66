"""The list of all screens, including those without a number key."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from tui_monitor.tui.keymap import hints
from tui_monitor.tui.screen_table import SCREENS, ScreenEntry
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.cell_line import Hints, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.list_panes import ListRow

NAME = "screens"
"""This screen's own name in the table."""


class PickerScreen(ListScreen):
    """All other named screens with their keys; Enter opens one."""

    TITLE_TEXT = "Screens"
    HINTS: ClassVar[Hints] = hints("open", "filter", "back")

    async def load(self) -> None:
        """Fill the list from the table of screens."""
        listed = [entry for entry in SCREENS if entry.name != NAME]
        self.rows.fill([ListRow(one.name, f"{one.title} {one.about}", partial(_line, one)) for one in listed], f"{len(listed)} in all")

    def open_row(self, key: str) -> None:
        """Open the row's screen in place of this one."""
        self.context.open_screen(key)


def _line(entry: ScreenEntry, width: int, look: RenderStyle, selected: bool) -> Line:
    row = LineBuilder(width, look).gap(2).append(entry.key, "accent", 2).gap().append(entry.title, "strong", 26).gap()
    return row.append(entry.about, "dim").line()
