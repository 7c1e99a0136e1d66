"""The screens of containers and of units of systemd. They look only: nothing is started or stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from tui_monitor.board.values import AlertView, Board
from tui_monitor.board.watched import containers_of, past_containers, past_units, units_of
from tui_monitor.tui.keymap import hints
from tui_monitor.tui.screens.base import LogFocus
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import LIST_HINTS, PaneScreen
from tui_monitor.tui.screens.watched_details import WatchedDetailsScreen
from tui_monitor.widgets.alerts import alert_of_check
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.watched_page import history_of
from tui_monitor.widgets.watched_tables import ContainersTable, UnitsTable, WatchedTable

PAST = "At this moment none is stored: Esc returns to the present."


class WatchedListScreen(PaneScreen):
    """What both lists share: the present comes with the board, a past moment from the stored series."""

    HINTS: ClassVar[Hints] = (*hints(("open", "details"), "order", "trend", "logs", "acknowledge"), *LIST_HINTS)

    def __init__(self, context: ScreenContext, table: WatchedTable[Any]) -> None:
        super().__init__(context, table)
        self.table = table
        self._past_at = 0

    def present(self, board: Board) -> Sequence[Any]:
        """What the board has."""
        raise NotImplementedError

    async def past(self, at: int) -> Sequence[Any]:
        """What was at a past moment (UTC ms)."""
        raise NotImplementedError

    async def load(self) -> None:
        """Fill the table."""
        board = self.context.shown
        self.table.now = board.at
        if board.past:
            self._past_at = board.at
            self.table.fill(await self.past(board.at), PAST)
        else:
            self.table.fill(self.present(board))

    def show_board(self, board: Board) -> None:
        """Show what the board has; of another past moment the series are asked."""
        if not board.past:
            self._past_at, self.table.now = 0, board.at
            self.table.fill(self.present(board))
        elif board.at != self._past_at:
            self.context.start(self.load())

    def open_row(self, key: str) -> None:
        """Open the page of the selected one."""
        if self.table.chosen is not None:
            self.context.start(self.context.open(WatchedDetailsScreen(self.context, self.table.chosen)))

    def action_order(self) -> None:
        """Sort by the next column."""
        self.table.next_order()

    async def selected_expr(self) -> str:
        """The memory of the selected one."""
        return history_of(self.table.chosen)[1][1] if self.table.chosen is not None else ""

    def log_focus(self) -> LogFocus:
        """The lines of a service of its name."""
        chosen = self.table.chosen
        return LogFocus((chosen.state.name, chosen.state.name.removesuffix(".service"))) if chosen is not None else LogFocus()

    def chosen_alert(self) -> AlertView | None:
        """The first alert of the check that watches the selected one."""
        return alert_of_check(self.context.shown, self.table.chosen.check) if self.table.chosen is not None else None


class ContainersScreen(WatchedListScreen):
    """The containers that checks of Docker and Podman watch."""

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context, ContainersTable(look=context.look, text_styles=context.text_styles))

    def present(self, board: Board) -> Sequence[Any]:
        """The containers of the board."""
        return containers_of(board)

    async def past(self, at: int) -> Sequence[Any]:
        """The containers of a past moment."""
        return await past_containers(self.context.backend, at)


class UnitsScreen(WatchedListScreen):
    """The units that checks of systemd watch."""

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context, UnitsTable(look=context.look, text_styles=context.text_styles))

    def present(self, board: Board) -> Sequence[Any]:
        """The units of the board."""
        return units_of(board)

    async def past(self, at: int) -> Sequence[Any]:
        """The units of a past moment."""
        return await past_units(self.context.backend, at)
