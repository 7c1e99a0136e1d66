"""The main screen: four panes and their bars, arranged by the size of the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from tui_monitor.board.values import AlertView, Board
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.base import DashboardScreen
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.widgets.alerts import alert_of_check
from tui_monitor.widgets.board_bars import FootBar, HeadBar, NoticeBar, SummaryBar, TimelineBar
from tui_monitor.widgets.board_panes import AlertsPane, BoardPane, ChecksPane, EndpointsPane, HealthPane, ResourcesPane, Sparks
from tui_monitor.widgets.cell_line import text_of
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.status_bars import FooterHints, ViewMode

SPARK_STEP_MS = 5000
"""Sparklines move this often: a shift rewrites the whole line, which a slow connection feels."""
WIDTHS: list[tuple[int, str]] | None = [(0, "-tiny"), (40, "-narrow"), (80, "-normal"), (112, "-wide"), (176, "-huge")]
HEIGHTS: list[tuple[int, str]] | None = [(0, "-low"), (12, "-short"), (24, "-medium"), (32, "-tall")]
"""From this many cells on, the screen has this class; the stylesheet says what it means."""
FOOTER = FooterHints(
    wide=hints("acknowledge", "details", "silence", "trend", "filter", "explore", "screens", "pause", "step"),
    narrow=hints(("acknowledge", "ack"), "details", "next_pane", "silence", "trend", "filter", "explore"),
    past=hints(("step", "a minute"), ("back", "live"), "long_step", "go_to_time", "mark", "details"),
    always=hints("help", "quit"),
)
"""Help and quit are always there: they lead to everything else."""


class UpperPanes(Widget):
    """Container of the panes above the alerts; the stylesheet arranges them."""


class MainScreen(DashboardScreen):
    """Resources, Endpoints, Health and Alerts of one board."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    AUTO_FOCUS = "#alerts"
    BINDINGS: ClassVar[list[BindingType]] = bindings("main")

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context)
        board, look, text_styles = context.live, context.look, context.text_styles
        self.board = board
        self.view = ViewMode()
        self._sparks: Sparks = board.sparks
        self._spark_slot = 0
        self.head = HeadBar(board, look=look, text_styles=text_styles, id="head")
        self.notice = NoticeBar(board, look=look, text_styles=text_styles, id="notice", home=True)
        self.timeline = TimelineBar(board, look=look, text_styles=text_styles, id="timeline")
        self.resources = ResourcesPane(board, look=look, text_styles=text_styles, id="resources")
        self.endpoints = EndpointsPane(board, look=look, text_styles=text_styles, id="endpoints")
        self.health = HealthPane(board, look=look, text_styles=text_styles, id="health")
        self.alerts = AlertsPane(board, look=look, text_styles=text_styles, id="alerts")
        self.foot = FootBar(board, FOOTER, look=look, text_styles=text_styles, id="foot")
        self.summary = SummaryBar(board, look=look, text_styles=text_styles, id="summary")
        self.panes: tuple[BoardPane, ...] = (self.resources, self.endpoints, self.health, self.alerts)
        self.bars = (self.head, self.notice, self.timeline, self.foot, self.summary)
        self._is_painted = False
        self.timeline.add_class("-hidden")

    def compose(self) -> ComposeResult:
        """Bars, upper panes, alerts and keys, from the top."""
        yield self.head
        yield self.notice
        yield self.timeline
        yield UpperPanes(self.resources, self.endpoints, self.health, id="board")
        yield self.alerts
        yield self.foot
        yield self.summary

    def on_mount(self) -> None:
        """Render the current board."""
        self.show(self.board, self.view)

    def start_painting(self) -> None:
        """Enable painting."""
        self._is_painted = True
        self.refresh()

    def _compositor_refresh(self) -> None:
        """Skip painting until `start_painting`: Textual paints a new screen five times (60 KB, 60 ms of CPU) while it lays it out."""
        if self._is_painted:
            super()._compositor_refresh()

    def show(self, board: Board, view: ViewMode) -> None:
        """Render a board; only differing cells are repainted."""
        slot = board.at // SPARK_STEP_MS
        if slot != self._spark_slot or board.past or not self._sparks or self.board.loading:
            self._spark_slot, self._sparks = slot, board.sparks
        self.board, self.view = board, view
        for bar in self.bars:
            bar.show(board, view)
        for pane in self.panes:
            pane.show(board, self._sparks)
        seen = self.visible_panes()
        if seen and self.focused not in seen and self.app.app_focus:
            seen[-1].focus()

    @property
    def pane(self) -> BoardPane:
        """The focused pane; Alerts where none is focused."""
        return self.focused if isinstance(self.focused, BoardPane) and self.focused.size.height else self.alerts

    def lists(self, ids: Sequence[str]) -> bool:
        """Whether the list shows each of these alerts, or will with the next board: it is on the screen and does not scroll."""
        return self.alerts in self.visible_panes() and len(self.alerts.alerts) + len(ids) <= max(1, self.alerts.size.height - 2)

    def visible_panes(self) -> list[BoardPane]:
        """The panes that fit on the screen."""
        return [pane for pane in self.panes if pane.size.height and pane.size.width]

    def chosen_alert(self) -> AlertView | None:
        """The selected alert, else the first."""
        return self.alerts.selected_alert()

    def acknowledged(self, alert: AlertView) -> None:
        """Select the next open alert: an acknowledged one moves down, and the selection does not follow it."""
        self.alerts.leave(alert.id)

    async def selected_expr(self) -> str:
        """PromQL of the focused pane's selected row."""
        pane = self.pane
        return pane.expr() if isinstance(pane, ResourcesPane | ChecksPane) else await super().selected_expr()

    def trend_alert(self) -> AlertView | None:
        """The selected alert, or the selected check's; None for gauges of this machine."""
        if isinstance(self.pane, ChecksPane):
            check = self.pane.selected_check()
            return alert_of_check(self.context.shown, check.name) if check is not None else None
        return None if isinstance(self.pane, ResourcesPane) else self.chosen_alert()

    def silence_labels(self) -> Sequence[tuple[str, str]]:
        """The labels of the alert, or the name of the check."""
        check = self.pane.selected_check() if isinstance(self.pane, ChecksPane) else None
        return [("check", check.name)] if check is not None else super().silence_labels()

    def step_back(self) -> bool:
        """Clear the filter; else show the alerts again on a screen with room for one pane."""
        if super().step_back():
            return True
        if not self.has_class("-turn"):
            return False
        self.show_alone(self.alerts)
        return True

    def action_move(self, step: int) -> None:
        """Select the next or the previous row."""
        self.pane.move(step)

    def action_move_page(self, step: int) -> None:
        """Select a row a page away."""
        self.pane.move(step * self.pane.page())

    def action_move_to_end(self, step: int) -> None:
        """Select the first or the last row."""
        self.pane.move_to(0 if step < 0 else len(self.pane.keys()) - 1)

    def action_focus_pane(self, step: int) -> None:
        """Focus the next or the previous pane."""
        panes = self.visible_panes()
        if self.size.height and len(panes) == 1:
            self.show_alone(self.panes[(self.panes.index(panes[0]) + step) % len(self.panes)])
        elif panes:
            here = panes.index(self.pane) if self.pane in panes else len(panes) - 1
            panes[(here + step) % len(panes)].focus()

    def show_alone(self, chosen: BoardPane) -> None:
        """Show this pane instead of the alerts, on a screen with room for one pane."""
        self.set_class(chosen is not self.alerts, "-turn")
        for pane in self.panes:
            pane.set_class(pane is chosen, "-chosen")
        self.call_after_refresh(chosen.focus)

    def action_details(self) -> None:
        """Open the details of the selected row and keep it selected."""
        self.pane.pin()
        if isinstance(self.pane, AlertsPane):
            self._open_alert(self.pane.selected_alert())
        elif isinstance(self.pane, ChecksPane):
            self._open_check(self.pane)
        elif isinstance(self.pane, ResourcesPane) and self.pane.selection.startswith("pid:"):
            self.context.open_screen("processes")
        else:
            self.context.open_trend()

    def _open_alert(self, alert: AlertView | None) -> None:
        if alert is not None:
            from tui_monitor.tui.screens.alert_details import AlertDetailsScreen

            self.context.start(self.context.open(AlertDetailsScreen(self.context, alert.id)))

    def _open_check(self, pane: ChecksPane) -> None:
        check = pane.selected_check()
        if check is not None:
            from tui_monitor.tui.screens.check_details import CheckDetailsScreen

            self.context.start(self.context.open(CheckDetailsScreen(self.context, check)))

    def on_pane_opened(self, event: Pane.Opened) -> None:
        """Open details on a double click."""
        event.stop()
        self.action_details()

    def action_next_match(self, step: int) -> None:
        """Select the next or previous match, wrapping around at the end."""
        keys = self.pane.keys()
        if keys:
            self.pane.move_to((self.pane.cursor + step) % len(keys))

    def action_order(self) -> None:
        """Change the focused pane's sort order; a toast names it where the head has no room."""
        order = self.pane.next_order()
        if f"by {order}" not in text_of([self.pane.title(self.pane.size.width)]):
            self.notify(f"{self.pane.TITLE} by {order}", timeout=2, markup=False)
