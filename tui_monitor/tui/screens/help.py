"""The help screen: the usual keys (those of one screen stand in its footer), and the meaning of shapes and words."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.tui.keymap import bindings, help_sections, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.help import help_lines
from tui_monitor.widgets.list_panes import TextPane


class HelpScreen(PaneScreen):
    """The keys of `keymap`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("help")
    HINTS: ClassVar[Hints] = hints("close_help", "filter", "palette", "back")

    def __init__(self, context: ScreenContext) -> None:
        sections = help_sections()
        text = TextPane("Help", lambda width, look: help_lines(sections, width, look), look=context.look, text_styles=context.text_styles)
        text.note = "more keys in each footer"
        super().__init__(context, text)

    async def action_close(self) -> None:
        """Close the help, as who opened it with `?` expects; `q` must not end the program here, as in less."""
        if self.is_current:  # a second stroke may come before the screen is gone
            self.app.pop_screen()
