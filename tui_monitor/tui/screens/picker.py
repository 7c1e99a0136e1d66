"""The list of all screens, including those without a number key."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from tui_monitor.board.screens import ScreenDefinition, own_first
from tui_monitor.platform.unix_groups import own_groups
from tui_monitor.tui.keymap import hints
from tui_monitor.tui.screen_table import SCREENS, ScreenEntry
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.cell_line import Hints, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.list_panes import ListRow

NAME = "screens"
"""This screen's own name in the table."""
ROLE = "role:"
"""How the keys of rows of configured screens begin."""


class PickerScreen(ListScreen):
    """The configured screens, those of the user's groups first, and all named screens with their keys; Enter opens one."""

    TITLE_TEXT = "Screens"
    HINTS: ClassVar[Hints] = hints("open", "filter", "back")

    async def load(self) -> None:
        """Fill the list from the configuration and the table of screens."""
        own = own_groups()
        configured = own_first(await self.context.backend.screens(), own)
        listed = [entry for entry in SCREENS if entry.name != NAME]
        rows = [ListRow(f"{ROLE}{one.name}", f"{one.name} {one.title}", partial(_role_line, one, own)) for one in configured]
        rows += [ListRow(one.name, f"{one.title} {one.about}", partial(_line, one)) for one in listed]
        self.rows.fill(rows, f"{len(rows)} in all")

    def open_row(self, key: str) -> None:
        """Open the row's screen in place of this one."""
        if key.startswith(ROLE):
            self.context.open_role(key.removeprefix(ROLE))
        else:
            self.context.open_screen(key)


def _role_line(screen: ScreenDefinition, own: frozenset[str], width: int, look: RenderStyle, selected: bool) -> Line:
    row = (
        LineBuilder(width, look)
        .gap(2)
        .append(look.glyphs.bullet, "accent", 2)
        .gap()
        .append(screen.title or screen.name, "strong", 26)
        .gap()
    )
    yours = " (for your group)" if own.intersection(screen.groups) else ""
    return row.say(f"{screen.name}: {len(screen.panels)} panels{yours}", "dim").line()


def _line(entry: ScreenEntry, width: int, look: RenderStyle, selected: bool) -> Line:
    row = LineBuilder(width, look).gap(2).append(entry.key, "accent", 2).gap().append(entry.title, "strong", 26).gap()
    return row.append(entry.about, "dim").line()
