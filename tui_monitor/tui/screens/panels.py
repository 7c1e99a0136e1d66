"""The screen of panels: saved queries as a grid of charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.screens import ScreenDefinition, ScreenPanel
from tui_monitor.board.values import PanelView
from tui_monitor.core.commands import DropPanel
from tui_monitor.core.sanitize import clean
from tui_monitor.promql.chart_queries import expressions
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.grid_screen import GridScreen
from tui_monitor.tui.screens.pane_screen import LIST_HINTS
from tui_monitor.widgets.cell_line import Hints

NOTHING = ("No panel yet. Ctrl+S on a trend (t) or in explore (e) saves one.",)


class PanelsScreen(GridScreen):
    """The saved queries; Enter opens one in explore, `x` removes it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("panels")
    HINTS: ClassVar[Hints] = (*hints(("next_panel", "panel"), "open", "remove"), *LIST_HINTS)
    RELOAD_EVERY: ClassVar[int] = 10

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context, saved_screen(()), NOTHING)

    async def load(self) -> None:
        """Load the saved queries."""
        screen = saved_screen(await self.context.backend.panels())
        if screen != self.reader.screen:
            self.grid.note = f"{len(screen.panels)} saved" if screen.panels else ""
            self.use(screen)
            self.show_board(self.context.shown)

    def action_remove(self) -> None:
        """Remove the chosen panel after a confirmation."""
        panel = self.grid.chosen
        if panel is not None and self.context.may_act():
            name = panel.panel.title
            question = f"Remove panel {clean(name)}?"
            self.context.prompt(question, lambda _: self.context.start(self._remove(name)), hint="Enter removes it   Esc cancel")

    async def _remove(self, name: str) -> None:
        await self.context.send(DropPanel(name))
        await self.load()


def saved_screen(panels: Sequence[PanelView]) -> ScreenDefinition:
    """The saved queries as the panels of a screen, two in a row."""
    made = tuple(ScreenPanel("chart", panel.name, expressions_of(panel.expr), span=panel.span, width=6, height=12) for panel in panels)
    return ScreenDefinition("panels", "Panels", panels=made)


def expressions_of(text: str) -> tuple[str, ...]:
    """The expressions of "a; b"."""
    return tuple(part.strip() for _, part in expressions(text))
