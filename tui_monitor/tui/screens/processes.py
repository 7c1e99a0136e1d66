"""The screen of processes: all of this machine, as a list or a tree; a signal to one of them where the configuration allows it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.process_list import ListedProcess
from tui_monitor.board.values import Board, ProcessView
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import LIST_HINTS, PaneScreen
from tui_monitor.tui.screens.process_details import ProcessDetailsScreen
from tui_monitor.tui.screens.signal_prompt import ask_for_signal, cpu_of_check
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.process_table import ProcessesTable

NOT_STORED = (
    "Processes of the past are not stored: Esc returns to the present.\nWhat was busiest when an alert fired stands in its details."
)


class ProcessesScreen(PaneScreen):
    """All processes, read while this screen is open and at no other time."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("processes")
    HINTS: ClassVar[Hints] = (*hints(("open", "details"), "order", "tree", "kill"), *LIST_HINTS)
    RELOAD_EVERY: ClassVar[int] = 2

    def __init__(self, context: ScreenContext, pid: int = 0) -> None:
        """``pid``: the process that is selected at first, 0: the busiest."""
        self.table = ProcessesTable(look=context.look, text_styles=context.text_styles)
        super().__init__(context, self.table)
        self._is_loading = False
        self._wanted = pid

    async def load(self) -> None:
        """Read the processes; where that is refused (a host of an older version) those of the board are shown."""
        board = self.context.shown
        if board.past:
            self.table.fill((), NOT_STORED)
        if board.past or self.context.view.paused_since or self._is_loading:
            return
        self._is_loading = True
        try:
            found = await self.context.backend.processes()
        except CommandRefused:
            found = [_of_board(one) for one in board.resources.processes]
        finally:
            self._is_loading = False
        if not self.context.shown.past:
            self.table.trends.add(found)
            self.table.fill(found)
            self._select_wanted()

    def _select_wanted(self) -> None:
        chosen = next((one for one in self.table.rows if one.pid == self._wanted), None)
        self._wanted = 0
        if chosen is not None:
            self.table.select(self.table.key_of(chosen))

    def show_board(self, board: Board) -> None:
        """Show at once that the past has no processes."""
        if board.past and self.table.rows:
            self.table.fill((), NOT_STORED)

    async def selected_expr(self) -> str:
        """The CPU of the check that watches this program, "" without one."""
        chosen = self.table.chosen
        return cpu_of_check(self.context.shown, chosen.name) if chosen is not None else ""

    def open_row(self, key: str) -> None:
        """Open the page of the process."""
        if self.table.chosen is not None:
            self.context.start(self.context.open(ProcessDetailsScreen(self.context, self.table.chosen)))

    def action_order(self) -> None:
        """Sort by the next column."""
        self.table.next_order()

    def action_tree(self) -> None:
        """Switch between list and tree."""
        self.table.is_tree = not self.table.is_tree
        self.table.select_rows()
        self.table.rebuild()

    def action_kill(self) -> None:
        """Ask for the signal to the selected process, and send it."""
        ask_for_signal(self.context, self.table.chosen)


def _of_board(one: ProcessView) -> ListedProcess:
    return ListedProcess(one.pid, one.name, one.command, one.user, one.cpu, one.memory, "?")
