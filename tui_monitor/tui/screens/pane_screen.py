"""The base class of screens with one pane under the head bar: details, help, lists."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui_monitor.board.values import Board
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.base import DashboardScreen
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.widgets.board_bars import HeadBar, NoticeBar
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.list_panes import HintBar, ListPane
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.status_bars import ViewMode

LIST_HINTS = hints("filter", "screens", "back")
"""The end of every list's footer."""


class PaneScreen(DashboardScreen):
    """A screen with one pane. Subclasses construct the pane and define what a new board, Enter and `o` do."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("pane")
    AUTO_FOCUS = "Pane"
    HINTS: ClassVar[Hints] = hints("back")
    RELOAD_EVERY: ClassVar[int] = 0
    """Number of boards (about one a second) after which the screen reloads; 0: never."""

    def __init__(self, context: ScreenContext, pane: Pane) -> None:
        super().__init__(context)
        self._pane = pane
        look, text_styles = context.look, context.text_styles
        self.head = HeadBar(context.shown, look=look, text_styles=text_styles, id="head")
        self.notice = NoticeBar(context.shown, look=look, text_styles=text_styles, id="notice")
        self.footer = HintBar(self.HINTS, look=look, text_styles=text_styles)
        self._boards = 0

    def compose(self) -> ComposeResult:
        """Head, notice, pane, keys."""
        yield self.head
        yield self.notice
        yield self._pane
        yield self.footer

    @property
    def pane(self) -> Pane:
        """The screen's only pane."""
        return self._pane

    def show(self, board: Board, view: ViewMode) -> None:
        """Render a new board in the bars and the pane."""
        self.head.show(board, view)
        self.notice.show(board, view)
        self.show_board(board)
        self._boards += 1
        if self.RELOAD_EVERY and self._boards % self.RELOAD_EVERY == 0:
            self.context.start(self.load())

    def show_board(self, board: Board) -> None:
        """Update the pane from a board."""

    def open_row(self, key: str) -> None:
        """Open the row with this key."""

    def action_move(self, step: int) -> None:
        """Select the next or previous row, or scroll."""
        self.pane.move(step)

    def action_move_page(self, step: int) -> None:
        """Move by a page."""
        self.pane.move(step * self.pane.page())

    def action_move_to_end(self, step: int) -> None:
        """Select the first or last row."""
        self.pane.move_to(0 if step < 0 else len(self.pane.keys()) - 1)

    def action_next_match(self, step: int) -> None:
        """Select the next or previous matching row."""
        self.pane.move(step)

    def action_open(self) -> None:
        """Open the selected row."""
        if self.pane.selection:
            self.open_row(self.pane.selection)

    def on_pane_opened(self, event: Pane.Opened) -> None:
        """Open the row on a double click."""
        event.stop()
        self.action_open()

    def action_order(self) -> None:
        """Change the sort order, where the screen has one."""


class ListScreen(PaneScreen):
    """A screen with a list of rows; by default a `ListPane` with a title and a sentence for no rows."""

    HINTS: ClassVar[Hints] = (*hints(("open", "details")), *LIST_HINTS)
    TITLE_TEXT: ClassVar[str]
    EMPTY_TEXT: ClassVar[str] = ""

    def __init__(self, context: ScreenContext, rows: ListPane | None = None) -> None:
        self.rows = rows or ListPane(self.TITLE_TEXT, self.EMPTY_TEXT, look=context.look, text_styles=context.text_styles)
        super().__init__(context, self.rows)
