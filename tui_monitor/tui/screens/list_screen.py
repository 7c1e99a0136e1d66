"""A screen of one pane under the head bar: details, help, lists. Keys move in it, Esc leaves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui_monitor.board.values import AlertView, Board
from tui_monitor.widgets.board_panes import HeadBar, NoticeBar
from tui_monitor.widgets.cell_line import RenderStyle
from tui_monitor.widgets.list_panes import HintBar
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.status_bars import ViewMode
from tui_monitor.widgets.styles import TextStyles

Hints = Sequence[tuple[str, str]]
MOVES: list[BindingType] = [
    Binding("down,j", "move(1)", "Down", show=False),
    Binding("up,k", "move(-1)", "Up", show=False),
    Binding("pagedown,space", "leaf(1)", "Page down", show=False),
    Binding("pageup", "leaf(-1)", "Page up", show=False),
    Binding("g,home", "edge(-1)", "First", show=False),
    Binding("G,end", "edge(1)", "Last", show=False),
    Binding("enter", "open", "Open", show=False),
    Binding("n", "move(1)", "Next", show=False),
    Binding("N", "move(-1)", "Previous", show=False),
]


class PageScreen(Screen[None]):
    """Shows one pane. ``refill`` is called with each new board, ``opened`` with the key of a row, ``alert`` gives what `a` acts on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("o", "order", "Sort order", show=False),
    ]
    AUTO_FOCUS = "Pane"

    def __init__(
        self,
        pane: Pane,
        board: Board,
        hints: Hints,
        *,
        look: RenderStyle,
        text_styles: TextStyles,
        refill: Callable[[Board], None] | None = None,
        opened: Callable[[str], None] | None = None,
        alert: Callable[[], AlertView | None] | None = None,
        order: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self.pane = pane
        self.expr = ""
        self.head = HeadBar(board, look=look, text_styles=text_styles, id="head")
        self.notice = NoticeBar(board, look=look, text_styles=text_styles, id="notice")
        self.hints = HintBar(hints, look=look, text_styles=text_styles)
        self.refill, self.opened, self.alert, self.order = refill, opened, alert, order

    def compose(self) -> ComposeResult:
        """Head, notice, pane, keys."""
        yield self.head
        yield self.notice
        yield self.pane
        yield self.hints

    def show(self, board: Board, view: ViewMode) -> None:
        """A new board."""
        self.head.show(board, view)
        self.notice.show(board, view)
        if self.refill is not None:
            self.refill(board)

    def chosen_alert(self) -> AlertView | None:
        """What the keys for alerts act on here."""
        return self.alert() if self.alert is not None else None

    def action_move(self, step: int) -> None:
        """Next or previous row, or scroll."""
        self.pane.move(step)

    def action_leaf(self, step: int) -> None:
        """A page further or back."""
        self.pane.move(step * self.pane.page())

    def action_edge(self, step: int) -> None:
        """The first or the last row."""
        self.pane.move_to(0 if step < 0 else len(self.pane.keys()) - 1)

    def action_open(self) -> None:
        """Open the selected row."""
        if self.opened is not None and self.pane.selection:
            self.opened(self.pane.selection)

    def on_pane_opened(self, event: Pane.Opened) -> None:
        """A double click opens too."""
        event.stop()
        self.action_open()

    def action_order(self) -> None:
        """Change the sort order, where there is one."""
        if self.order is not None:
            self.order()
