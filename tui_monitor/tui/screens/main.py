"""The main screen: four panes and their bars. It shows boards and turns keys into intents; it does no I/O and reads no clock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from tui_monitor.board.values import AlertView, Board
from tui_monitor.widgets.board_panes import (
    AlertsPane,
    BoardPane,
    EndpointsPane,
    FootBar,
    HeadBar,
    HealthPane,
    NoticeBar,
    ResourcesPane,
    Sparks,
    SummaryBar,
    TimelineBar,
)
from tui_monitor.widgets.cell_line import RenderStyle, text_of
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.status_bars import ViewMode
from tui_monitor.widgets.styles import TextStyles

SPARK_STEP_MS = 5000
"""Sparklines move this often: a shift rewrites the whole line, which a slow connection feels."""
WIDTHS: list[tuple[int, str]] | None = [(0, "-tiny"), (40, "-narrow"), (80, "-normal"), (112, "-wide"), (176, "-huge")]
HEIGHTS: list[tuple[int, str]] | None = [(0, "-low"), (12, "-short"), (24, "-medium"), (32, "-tall")]
"""From this many cells on, the screen has this class; the stylesheet says what it means."""


class Columns(Widget):
    """Holds the upper panes; the stylesheet says how."""


class MainScreen(Screen[None]):
    """Resources, Endpoints, Health and Alerts of one board."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    AUTO_FOCUS = "#alerts"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("g,home", "edge(-1)", "First", show=False),
        Binding("G,end", "edge(1)", "Last", show=False),
        Binding("tab,l,right", "pane(1)", "Next pane", show=False),
        Binding("shift+tab,h,left", "pane(-1)", "Previous pane", show=False),
        Binding("enter", "details", "Details", show=False),
        Binding("n", "next(1)", "Next match", show=False),
        Binding("N", "next(-1)", "Previous match", show=False),
        Binding("o", "order", "Sort order", show=False),
    ]

    class DetailsAsked(Message):
        """The details of a pane's selected row are wanted."""

        def __init__(self, pane: BoardPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, board: Board, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__()
        self.text_styles = text_styles
        self.board = board
        self._sparks: Sparks = board.sparks
        self._spark_slot = 0
        self.head = HeadBar(board, look=look, text_styles=text_styles, id="head")
        self.notice = NoticeBar(board, look=look, text_styles=text_styles, id="notice", home=True)
        self.timeline = TimelineBar(board, look=look, text_styles=text_styles, id="timeline")
        self.resources = ResourcesPane(board, look=look, text_styles=text_styles, id="resources")
        self.endpoints = EndpointsPane(board, look=look, text_styles=text_styles, id="endpoints")
        self.health = HealthPane(board, look=look, text_styles=text_styles, id="health")
        self.alerts = AlertsPane(board, look=look, text_styles=text_styles, id="alerts")
        self.foot = FootBar(board, look=look, text_styles=text_styles, id="foot")
        self.summary = SummaryBar(board, look=look, text_styles=text_styles, id="summary")
        self.panes: tuple[BoardPane, ...] = (self.resources, self.endpoints, self.health, self.alerts)
        self.bars = (self.head, self.notice, self.timeline, self.foot, self.summary)
        self.view = ViewMode()
        self._curtain = True
        self.timeline.add_class("-hidden")

    def compose(self) -> ComposeResult:
        """From the top: bars, the upper panes, alerts, keys."""
        yield self.head
        yield self.notice
        yield self.timeline
        yield Columns(self.resources, self.endpoints, self.health, id="board")
        yield self.alerts
        yield self.foot
        yield self.summary

    def on_mount(self) -> None:
        """Show what is known."""
        self.show(self.board, self.view)

    def raise_curtain(self) -> None:
        """Paint from now on."""
        self._curtain = False
        self.refresh()

    def _compositor_refresh(self) -> None:
        """Textual paints a new screen five times while it finds its size and styles (60 KB, 60 ms of CPU); only the last is wanted."""
        if not self._curtain:
            super()._compositor_refresh()

    def show(self, board: Board, view: ViewMode) -> None:
        """Show a board; only what differs is repainted."""
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
        """The pane that has the focus; Alerts where none has."""
        return self.focused if isinstance(self.focused, BoardPane) and self.focused.size.height else self.alerts

    def visible_panes(self) -> list[BoardPane]:
        """The panes that there is room for."""
        return [pane for pane in self.panes if pane.size.height and pane.size.width]

    def chosen_alert(self) -> AlertView | None:
        """The selected alert, else the first."""
        return self.alerts.selected_alert()

    def chosen_labels(self) -> Iterable[tuple[str, str]]:
        """What a silence of the selection would match: the alert's labels, or the check's name."""
        check = self.pane.selected_check() if isinstance(self.pane, EndpointsPane | HealthPane) else None
        if check is not None:
            return [("check", check.name)]
        alert = self.chosen_alert()
        if alert is None:
            return []
        return self.labels_of(alert)

    @staticmethod
    def labels_of(alert: AlertView) -> list[tuple[str, str]]:
        """The labels that name an alert among others; what follows from the check's name is left out."""
        follows = ("severity", "host", *(("type", "category") if alert.labels.get("check") else ()))
        return [(key, value) for key, value in alert.labels.items() if key not in follows]

    def action_move(self, step: int) -> None:
        """Select the next or the previous row."""
        self.pane.move(step)

    def action_page(self, step: int) -> None:
        """Select a row a page away."""
        self.pane.move(step * self.pane.page())

    def action_edge(self, step: int) -> None:
        """Select the first or the last row."""
        self.pane.move_to(0 if step < 0 else len(self.pane.keys()) - 1)

    def action_pane(self, step: int) -> None:
        """Focus the next or the previous pane."""
        panes = self.visible_panes()
        if self.size.height and len(panes) == 1:
            self.alone(self.panes[(self.panes.index(panes[0]) + step) % len(self.panes)])
        elif panes:
            here = panes.index(self.pane) if self.pane in panes else len(panes) - 1
            panes[(here + step) % len(panes)].focus()

    def alone(self, chosen: BoardPane) -> None:
        """Show this pane in the place of the alerts: on a small screen they take turns."""
        self.set_class(chosen is not self.alerts, "-turn")
        for pane in self.panes:
            pane.set_class(pane is chosen, "-chosen")
        self.call_after_refresh(chosen.focus)

    def action_details(self) -> None:
        """Ask for the details of the selected row."""
        self.pane.pin()
        self.post_message(self.DetailsAsked(self.pane))

    def on_pane_opened(self, event: Pane.Opened) -> None:
        """A double click asks for them too."""
        event.stop()
        self.action_details()

    def action_next(self, step: int) -> None:
        """Go to the next or the previous match, round the end."""
        keys = self.pane.keys()
        if keys:
            self.pane.move_to((self.pane.cursor + step) % len(keys))

    def action_order(self) -> None:
        """Change the sort order of the focused pane; where its head has no room to say it, a short toast does."""
        order = self.pane.next_order()
        if f"by {order}" not in text_of([self.pane.title(self.pane.size.width)]):
            self.notify(f"{self.pane.TITLE} by {order}", timeout=2, markup=False)
