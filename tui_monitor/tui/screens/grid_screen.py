"""The base class of screens that are a grid of panels: screens by role, and the saved queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.screen_reader import ScreenReader
from tui_monitor.board.screens import ScreenDefinition
from tui_monitor.board.values import AlertView, Board
from tui_monitor.core.catalogue.screen_phrases import screen_phrases
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screen_table import SCREENS
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import LIST_HINTS, PaneScreen
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.grid_pane import GridPane

WHOLE_SCREENS = {"requests": "requests", "logs": "logs", "traces": "traces", "containers": "containers", "processes": "processes"}
"""The named screen that shows everything of a kind, where there is one."""


class GridScreen(PaneScreen):
    """Panels of a definition. Their queries run while this is the top screen, one round at a time."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("grid")
    HINTS: ClassVar[Hints] = (*hints(("next_panel", "panel"), "open", "trend"), *LIST_HINTS)

    def __init__(self, context: ScreenContext, screen: ScreenDefinition, nothing: Sequence[str] = ()) -> None:
        language = context.look.words.language
        self.grid = GridPane(
            screen.title or screen.name, screen_phrases(language), nothing, look=context.look, text_styles=context.text_styles
        )
        super().__init__(context, self.grid)
        self._language = language
        self._is_asking = False
        self.use(screen)

    def use(self, screen: ScreenDefinition) -> None:
        """Show another definition."""
        self.reader = ScreenReader(self.context.backend, screen, self._language, self.context.look.zone, with_engine=True)

    def show_board(self, board: Board) -> None:
        """Draw what is known at the board's moment, and ask for what is due."""
        self.grid.show(self.reader.values(board))
        if not self._is_asking and not board.loading:
            self._is_asking = True
            self.context.start(self._refresh(board))

    async def _refresh(self, board: Board) -> None:
        reader = self.reader
        try:
            await reader.refresh(board)
        finally:
            self._is_asking = False
        shown = self.context.shown
        self.grid.show(self.reader.values(shown))
        if self.reader is not reader or (shown.past and shown.at != board.at):
            self.show_board(shown)

    def action_next_panel(self, step: int) -> None:
        """Choose the next or previous panel."""
        self.grid.step_panel(step)

    def action_move_page(self, step: int) -> None:
        """Scroll by a page."""
        self.grid.scroll_lines(step * max(1, self.grid.size.height - 2))

    @property
    def expr(self) -> str:
        """The queries of the chosen panel."""
        panel = self.grid.chosen
        return "; ".join(panel.panel.queries) if panel is not None else ""

    async def selected_expr(self) -> str:
        """Of a check its latency."""
        if not self.expr and (name := self._check_name()):
            found = next((check for check in self.context.shown.checks if check.name == name), None)
            if found is not None:
                from tui_monitor.promql.values import selection

                return selection("probe_duration_seconds", check=found.name)
        return await super().selected_expr()

    def _check_name(self) -> str:
        row, panel = self.grid.chosen_row, self.grid.chosen
        return row.key if row is not None and panel is not None and panel.panel.kind in ("checks", "hosts") else ""

    def chosen_alert(self) -> AlertView | None:
        """The alert of the chosen row, else that of the chosen check, else the first on the board."""
        row, name = self.grid.chosen_row, self._check_name()
        alerts = [one for one in self.context.shown.alerts if one.state == "firing"]
        if row is not None:
            found = [one for one in alerts if one.id == row.key or (name and one.labels.get("check") == name)]
            if found or name:
                return found[0] if found else None
        return next(iter(alerts), None)

    def silence_labels(self) -> Sequence[tuple[str, str]]:
        """Those of the chosen alert, or the name of the chosen check."""
        name = self._check_name()
        return [("check", name)] if name else super().silence_labels()

    def open_row(self, key: str) -> None:
        """Open what the chosen panel is about: explore for queries, a check, an alert, the screen that shows all of its kind."""
        panel, row = self.grid.chosen, self.grid.chosen_row
        if panel is None:
            return
        kind = panel.panel.kind
        if panel.panel.queries:
            from tui_monitor.tui.screens.explore import ExploreScreen

            self.context.start(self.context.open(ExploreScreen(self.context, self.expr, panel.panel.span)))
        elif row is not None and kind == "alerts":
            from tui_monitor.tui.screens.incident import IncidentScreen

            self.context.start(self.context.open(IncidentScreen(self.context, row.key)))
        elif row is not None:
            self._open_check(row.key)
        elif WHOLE_SCREENS.get(kind) in {entry.name for entry in SCREENS}:
            self.context.open_screen(WHOLE_SCREENS[kind])

    def _open_check(self, name: str) -> None:
        from tui_monitor.tui.screens.check_details import CheckDetailsScreen

        found = next((check for check in self.context.shown.checks if check.name == name), None)
        if found is not None:
            self.context.start(self.context.open(CheckDetailsScreen(self.context, found)))
