"""The screen of processes: this machine's busiest with their command lines."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from tui_monitor.board.values import Board
from tui_monitor.tui.keymap import hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import LIST_HINTS, ListScreen
from tui_monitor.widgets.cell_line import Hints, Line, RenderStyle
from tui_monitor.widgets.list_panes import ListRow
from tui_monitor.widgets.resources import process_entries

LIMIT = 500


class ProcessesScreen(ListScreen):
    """The processes of the board, by CPU or by memory."""

    TITLE_TEXT = "Processes"
    EMPTY_TEXT = "No process is known yet."
    HINTS: ClassVar[Hints] = (*hints(("order", "by cpu or memory")), *LIST_HINTS)

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context)
        self._by_memory = False

    async def load(self) -> None:
        """No query is needed: the board contains the processes."""
        self.show_board(self.context.shown)

    def show_board(self, board: Board) -> None:
        """Render the board's processes in the chosen order."""
        processes, count = board.resources.processes, board.resources.process_count
        width = max(20, self.context.width)
        head, *entries = process_entries(processes, LIMIT, width, self.context.look, by_memory=self._by_memory, whole=True)
        rows = [ListRow(one.key, "".join(text for text, _ in one.line), partial(_line, one.line)) for one in entries]
        many = f"the {len(rows)} busiest of {count}" if len(rows) < count else f"{count} in all"
        remark = f"{many}, by {'memory' if self._by_memory else 'cpu'}"
        self.rows.fill(rows if processes else [], remark, columns=lambda width, look: [head.line])

    def action_order(self) -> None:
        """Switch between order by CPU and by memory."""
        self._by_memory = not self._by_memory
        self.show_board(self.context.shown)


def _line(line: Line, width: int, look: RenderStyle, selected: bool) -> Line:
    return line
