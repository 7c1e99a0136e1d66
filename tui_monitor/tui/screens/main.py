"""The main screen: verdict, time line and five panes, arranged by what there is to say and by the size of the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.strip import Strip, slot_bounds
from tui_monitor.board.values import AlertView, Board, CheckView
from tui_monitor.core.kept import Kept
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.room import LAYOUTS, SIDE_FROM, RoomNeeds, framed_at, share
from tui_monitor.tui.screens.base import DashboardScreen, LogFocus, alert_focus
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.widgets.alerts import alert_of_check, naming_labels
from tui_monitor.widgets.board_bars import FootBar, HourBar, NoticeBar, SummaryBar, TimelineBar, VerdictBar
from tui_monitor.widgets.board_panes import BoardPane, ChecksPane, ResourcesPane
from tui_monitor.widgets.cell_line import text_of
from tui_monitor.widgets.line_widget import OpensMoment
from tui_monitor.widgets.machine import is_calm
from tui_monitor.widgets.main_panes import FramedPane, IncidentsPane, MachinePane, ProcessesPane, SelectionPane, ServicesPane, StripsPane
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.selection import Notes
from tui_monitor.widgets.status_bars import FooterHints, ViewMode
from tui_monitor.widgets.strip_cells import WINDOWS, merged, moment_of, present_strip

WIDTHS: list[tuple[int, str]] | None = [(0, "-tiny"), (40, "-narrow"), (80, "-normal"), (112, "-wide"), (176, "-huge")]
HEIGHTS: list[tuple[int, str]] | None = [(0, "-low"), (12, "-short"), (24, "-medium"), (32, "-tall")]
"""From this many cells on, the screen has this class; the stylesheet says what it means."""
FOOTER = FooterHints(
    wide=hints(
        ("acknowledge", "ack"),
        "silence",
        "details",
        "trend",
        "filter",
        "explore",
        ("step", "back in time"),
        "window",
        "next_pane",
        "screens",
    ),
    narrow=hints(("acknowledge", "ack"), "next_pane", "silence", "details", "trend", "filter", "explore"),
    past=hints(("step", "a minute"), ("back", "live"), "long_step", "go_to_time", "mark", "details"),
    always=hints("help", "quit"),
)
"""Help and quit are always there: they lead to everything else."""


STRIPS_MS = 60_000
"""The longest time between readings of the strips (a slot where slots are shorter); their last slots follow the present statuses."""
ENDED_ROWS = 20


class PaneRow(Widget):
    """Panes side by side."""


class MainScreen(DashboardScreen):
    """Incidents, services, the selection, the machine and its processes."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    AUTO_FOCUS = "#alerts"
    BINDINGS: ClassVar[list[BindingType]] = bindings("main")

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context)
        board, look, text_styles = context.live, context.look, context.text_styles
        self.board = board
        self.view = ViewMode()
        self.layout_name = LAYOUTS[0]
        self._configured: tuple[object, ...] = ()
        self._strips: Mapping[str, Strip] = {}
        self._kept: Kept[Strip] = Kept()
        self._live_strips: Mapping[str, Strip] = {}
        self._live_whole: Strip = ()
        """The strips of the present, which know what came after a past moment."""
        self._strips_of: tuple[object, ...] = ()
        """The slot, window, checks and alerts by which the strips and the ended alerts were read last."""
        self._is_loading = False
        self._logs: dict[str, tuple[Sequence[str], Notes]] = {}
        """Of an alert: the log lines that were kept when it fired, and the annotations around its begin."""
        self.head = VerdictBar(board, look=look, text_styles=text_styles, id="head")
        self.hour = HourBar(board, look=look, text_styles=text_styles, id="hour")
        self.notice = NoticeBar(board, look=look, text_styles=text_styles, id="notice", home=True)
        self.timeline = TimelineBar(board, look=look, text_styles=text_styles, id="timeline")
        self.alerts = IncidentsPane(board, look=look, text_styles=text_styles, id="alerts")
        self.services = ServicesPane(board, look=look, text_styles=text_styles, id="services")
        self.chosen = SelectionPane(board, look=look, text_styles=text_styles, id="chosen")
        self.resources = MachinePane(board, look=look, text_styles=text_styles, id="resources")
        self.processes = ProcessesPane(board, look=look, text_styles=text_styles, id="processes")
        self.foot = FootBar(board, FOOTER, look=look, text_styles=text_styles, id="foot")
        self.summary = SummaryBar(board, look=look, text_styles=text_styles, id="summary")
        self.panes: tuple[FramedPane, ...] = (self.alerts, self.services, self.chosen, self.resources, self.processes)
        self.bars = (self.head, self.hour, self.notice, self.timeline, self.foot, self.summary)
        self.painter.on = False
        self._first_classes: frozenset[str] = frozenset()
        self.timeline.add_class("-hidden")

    def compose(self) -> ComposeResult:
        """Bars, incidents, services beside the selection, machine beside processes, keys."""
        self._set_breakpoints()
        yield self.head
        yield self.hour
        yield self.notice
        yield self.timeline
        yield self.alerts
        yield PaneRow(self.services, self.chosen, id="middle")
        yield PaneRow(self.resources, self.processes, id="bottom")
        yield self.foot
        yield self.summary

    def on_mount(self) -> None:
        """Render the current board."""
        self.show(self.board, self.view)

    def _set_breakpoints(self) -> None:
        """Set the classes of the terminal's size before there are widgets, so that their styles are found once."""
        width, height = self.app.size
        sized = ((width, WIDTHS or ()), (height, HEIGHTS or ()))
        self._first_classes = frozenset(next(name for least, name in reversed(steps) if size >= least) for size, steps in sized)
        self.update_classes(dict.fromkeys(self._first_classes, True), update=False)

    def update_node_styles(self, animate: bool = True) -> None:
        """Find the styles of all widgets again; not at Textual's start of a screen, as nothing has changed since they were found."""
        if self.painter.on or self.classes != self._first_classes:
            super().update_node_styles(animate)

    def start_painting(self) -> None:
        """Enable painting."""
        self.painter.on = True
        self.refresh()

    def _compositor_refresh(self) -> None:
        """Skip painting until `start_painting`: Textual paints a new screen five times (60 KB, 60 ms of CPU) while it lays it out."""
        if self.painter.on:
            super()._compositor_refresh()

    def show(self, board: Board, view: ViewMode) -> None:
        """Render a board; only differing cells are repainted."""
        with self.painter:
            self._show(board, view)

    def _show(self, board: Board, view: ViewMode) -> None:
        self.board, self.view = board, view
        self._use_settings()
        self._request_strips()
        strips = {check.name: self._present_strip(check) for check in board.checks}
        for pane in self.panes:
            pane.with_strips(strips, WINDOWS[self.context.strip_window].title)
        self.alerts.show(board)
        self.services.recent = self.alerts.ended_before()
        self.head.incidents = self.alerts.gravest()
        self.hour.whole = self._kept.of("", tuple(strips.values()), lambda: merged(tuple(strips.values())))
        if not board.past:
            self._live_strips, self._live_whole = strips, self.hour.whole
        for bar in self.bars:
            bar.show(board, view)
        self.share_room()
        for pane in self.panes[1:]:
            if pane is not self.chosen:
                pane.show(board)
        self.show_selection()
        focused = self.focused
        if not (isinstance(focused, BoardPane) and all(focused.size)) and self.app.app_focus and (seen := self.visible_panes()):
            seen[0].focus()

    def _use_settings(self) -> None:
        """Take layout, columns and order from the configuration, at the start and when it has changed; a key changes them until then."""
        board, wanted = self.board, (self.board.layout, self.board.columns, self.board.sort)
        self.alerts.most = max(5, self.app.size.height // 3 - 3)
        if board.loading or not board.layout or wanted == self._configured:
            return
        self._configured = wanted
        self.layout_name = board.layout if board.layout in LAYOUTS else LAYOUTS[0]
        self.services.columns = board.columns
        self.services.order = board.sort or self.services.order

    def action_trouble(self, step: int) -> None:
        """Show the last or the next moment at which the selected check was not healthy; without a check, any of them."""
        check = self.chosen_check()
        self.context.go_to_trouble(self._live_strips.get(check.name if check else "", self._live_whole), step)

    def on_opens_moment(self, event: OpensMoment) -> None:
        """A click on a strip shows the board of its moment."""
        event.stop()
        self.context.go_to(event.at)

    def action_layout(self) -> None:
        """Show the next layout."""
        self.layout_name = LAYOUTS[(LAYOUTS.index(self.layout_name) + 1) % len(LAYOUTS)]
        self.show(self.board, self.view)
        self.app.clear_notifications()
        self.notify(f'Layout: {self.layout_name}. To keep it: [dashboard] layout = "{self.layout_name}"', timeout=3, markup=False)

    def action_fold(self) -> None:
        """Show the alerts of one rule one by one, or folded into one row again."""
        self.alerts.is_unfolded = not self.alerts.is_unfolded
        self.show(self.board, self.view)

    def _present_strip(self, check: CheckView) -> Strip:
        strip = self._strips.get(check.name, ())
        return self._kept.of(check.name, (strip, check.status, check.since), lambda: present_strip(check, strip))

    def on_resize(self) -> None:
        """Share the lines out anew."""
        self.share_room()

    def share_room(self) -> None:
        """Give each pane the lines that it has something to say in: incidents what they need, the machine little while it is calm."""
        width, height = self.app.size
        framed, bottom = framed_at(width, height), self.query_one("#bottom")
        for pane in self.panes:
            pane.framed = framed
        alone = self.has_class("-turn") or width < 80 or height < 24
        if alone:
            _tall(self.alerts, None)
            _tall(bottom, None)
            _show(bottom, True)
            return
        board = self.board
        bars = 3 + (not self.notice.has_class("-hidden")) + (not self.timeline.has_class("-hidden"))
        wanted = RoomNeeds(
            self.alerts.wanted_height(), len(self.services.rows), self.resources.wanted_height(), self.services.recent_height(),
            max(self.resources.most_height(), len(self.processes.processes)),
            bool(board.checks), bool(board.alerts), is_calm(board.resources),
        )  # fmt: skip
        room = share(self.layout_name, width, height, bars, wanted)
        _tall(self.alerts, room.upper)
        _tall(bottom, max(1, room.bottom))
        _show(bottom, room.bottom > 0)
        self.resources.with_top = width < SIDE_FROM
        _show(self.processes, room.side > 0)
        _show(self.chosen, room.side > 0)
        if room.side:
            _wide(self.chosen, room.side)
            _wide(self.processes, room.side)

    def chosen_check(self) -> CheckView | None:
        """The check that the pane of the selection is about."""
        if isinstance(self.pane, ServicesPane):
            return self.pane.selected_check()
        alert = self.alerts.opened_alert()
        name = alert.labels.get("check", "") if alert is not None else ""
        found = next((check for check in self.board.checks if check.name == name), None)
        return found or (self.services.selected_check() if alert is None else None)

    def show_selection(self) -> None:
        """Show what is selected in the list that has the focus."""
        check = self.chosen_check()
        alert = alert_of_check(self.board, check.name) if isinstance(self.pane, ServicesPane) and check else self.alerts.opened_alert()
        if alert is None and check is not None:
            alert = alert_of_check(self.board, check.name)
        log, notes = self._log_of(alert)
        if (self.chosen.check, self.chosen.alert, self.chosen.board) != (check, alert, self.board) or log != self.chosen.log_lines:
            self.chosen.about(check, alert, log, notes)
        self.chosen.show(self.board)

    def _log_of(self, alert: AlertView | None) -> tuple[Sequence[str], Notes]:
        """What was kept when the alert fired; read once for each alert."""
        if alert is None or self.chosen.has_class("-gone"):
            return (), ()
        if alert.id not in self._logs:
            if len(self._logs) > 200:
                self._logs.clear()
            self._logs[alert.id] = ((), ())
            self.context.start(self._load_log(alert.id))
        return self._logs[alert.id]

    async def _load_log(self, alert_id: str) -> None:
        try:
            detail = await self.context.backend.alert_detail(alert_id)
        except CommandRefused:  # the process is starting, or the alert is on the board before it is in the store
            self._logs.pop(alert_id, None)  # the next board asks again
            return
        self._logs[alert_id] = (detail.evidence.log, detail.notes)
        self.show_selection()

    def _request_strips(self) -> None:
        at, names = self.board.at, tuple(check.name for check in self.board.checks)
        live = frozenset(alert.id for alert in self.board.alerts)
        wanted = (at // min(STRIPS_MS, WINDOWS[self.context.strip_window].slot), self.context.strip_window, names, live)
        if self.board.loading or not at or self._is_loading or wanted == self._strips_of:
            return
        self._is_loading, self._strips_of = True, wanted
        self.context.start(self._load_strips(at))

    async def _load_strips(self, at: int) -> None:
        window = WINDOWS[self.context.strip_window]
        try:
            names = [check.name for check in self.board.checks]
            self._strips = await self.context.backend.strips(names, slot_bounds(at, window.slot, window.count))
            self.alerts.history = await self.context.backend.alert_history(ENDED_ROWS)
        except CommandRefused:  # the process is starting: the next board asks again
            self._strips_of = ()
            return
        finally:
            self._is_loading = False
        self.show(self.board, self.view)

    def action_window(self) -> None:
        """Show the next window of time in all strips."""
        self.context.strip_window = (self.context.strip_window + 1) % len(WINDOWS)
        self._strips_of = ()
        self.show(self.board, self.view)

    @property
    def pane(self) -> BoardPane:
        """The focused pane; Incidents where none is focused."""
        return self.focused if isinstance(self.focused, BoardPane) and self.focused.size.height else self.alerts

    def lists(self, ids: Sequence[str]) -> bool:
        """Whether the list shows each of these alerts, or will with the next board: it is on the screen and does not scroll."""
        return self.alerts in self.visible_panes() and len(self.alerts.alerts) + len(ids) <= max(1, self.app.size.height // 3 - 3)

    def visible_panes(self) -> list[BoardPane]:
        """The panes that fit on the screen."""
        return [pane for pane in self.panes if pane.size.height and pane.size.width]

    def chosen_alert(self) -> AlertView | None:
        """The selected alert, else the first."""
        return self.alerts.selected_alert()

    def marked_alerts(self) -> Sequence[AlertView]:
        """The marked incidents that have not ended; without a mark those that the selected row stands for, where there are several."""
        marked = self.alerts.marked
        if not marked and isinstance(self.pane, IncidentsPane):
            return self.alerts.folds.get(self.alerts.selection, ())
        return [alert for alert in self.board.alerts if alert.id in marked] if marked else ()

    def action_mark_row(self) -> None:
        """Mark the selected incident for `a`, `s` and `u`."""
        if self.pane is self.alerts:
            self.alerts.toggle_mark()
        else:
            self.context.inform("Only incidents can be marked: Tab leads to them.")

    def acknowledged(self, alert: AlertView) -> None:
        """Select the next open alert: an acknowledged one moves down, and the selection does not follow it."""
        self.alerts.leave(alert.id)

    async def selected_expr(self) -> str:
        """PromQL of the focused pane's selected row."""
        pane = self.pane
        return (
            pane.expr() if isinstance(pane, ResourcesPane | ChecksPane | SelectionPane | ProcessesPane) else await super().selected_expr()
        )

    def trend_alert(self) -> AlertView | None:
        """The selected alert, or the selected check's; None for gauges of this machine."""
        if isinstance(self.pane, ChecksPane):
            check = self.pane.selected_check()
            return alert_of_check(self.context.shown, check.name) if check is not None else None
        if isinstance(self.pane, SelectionPane):
            return self.pane.alert
        return None if isinstance(self.pane, ResourcesPane | ProcessesPane) else self.chosen_alert()

    def log_focus(self) -> LogFocus:
        """The lines of the selected check, or of the selected alert at its start; all where the machine is selected."""
        if isinstance(self.pane, IncidentsPane):
            return alert_focus(self.pane.opened_alert())
        if isinstance(self.pane, SelectionPane) and self.pane.alert is not None:
            return alert_focus(self.pane.alert)
        check = self.chosen_check() if isinstance(self.pane, ServicesPane | SelectionPane) else None
        return LogFocus((check.name,)) if check is not None else LogFocus()

    def silence_labels(self) -> Sequence[tuple[str, str]]:
        """The labels of the alert, also of one that has ended, or the name of the check."""
        check = self.pane.selected_check() if isinstance(self.pane, ChecksPane) else None
        if check is not None:
            return [("check", check.name)]
        opened = self.pane.opened_alert() if isinstance(self.pane, IncidentsPane) else None
        return naming_labels(opened) if opened is not None else super().silence_labels()

    def step_back(self) -> bool:
        """Take the strip's cursor or the marks away, or clear the filter; else show the alerts where only one pane has room."""
        if isinstance(self.pane, StripsPane) and self.pane.moment:
            self.pane.point_nowhere()
            return True
        if super().step_back():
            return True
        if self.alerts.marked:
            self.alerts.unmark()
            return True
        if not self.has_class("-turn"):
            return False
        self.show_alone(self.alerts)
        return True

    def action_move(self, step: int) -> None:
        """Select the next or the previous row."""
        self.pane.move(step)
        self.show_selection()

    def on_descendant_focus(self) -> None:
        """Another list has the focus: its selection is shown."""
        self.show_selection()

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
        for row in self.query(PaneRow):
            row.set_class(chosen in row.children, "-chosen")
        self.call_after_refresh(chosen.focus)

    def action_point(self, step: int) -> None:
        """Move the cursor on the strip of the selected row; where there is none, focus the next or previous pane."""
        if not (isinstance(self.pane, StripsPane) and self.pane.point(step)):
            self.action_focus_pane(step)

    def action_details(self) -> None:
        """Open the moment under the strip's cursor, else the details of the selected row, and keep it selected."""
        self.pane.pin()
        if isinstance(self.pane, StripsPane) and (slots := self.pane.pointed()):
            self.pane.point_nowhere()
            self.context.go_to(moment_of(slots))
            return
        if isinstance(self.pane, IncidentsPane):
            self._open_alert(self.pane.opened_alert())
        elif isinstance(self.pane, ProcessesPane):
            self._open_process(self.pane.selection)
        elif isinstance(self.pane, SelectionPane):
            self._open_selection()
        elif isinstance(self.pane, ChecksPane):
            self._open_check(self.pane)
        elif isinstance(self.pane, ResourcesPane) and self.pane.selection.startswith("pid:"):
            self._open_process(self.pane.selection)
        else:
            self.context.open_trend()

    def _open_alert(self, alert: AlertView | None) -> None:
        if alert is not None:
            from tui_monitor.tui.screens.incident import IncidentScreen

            self.context.start(self.context.open(IncidentScreen(self.context, alert.id)))

    def _open_process(self, key: str) -> None:
        """Open the list of all processes with the selected one selected."""
        from tui_monitor.tui.screens.processes import ProcessesScreen

        pid = key.removeprefix("pid:")
        self.context.start(self.context.open(ProcessesScreen(self.context, int(pid) if pid.isdecimal() else 0)))

    def _open_check(self, pane: ChecksPane) -> None:
        """Open the page of the service that the check is the head of, else the check's details."""
        check = pane.selected_check()
        from tui_monitor.board.service import service_headed_by

        service = service_headed_by(self.board, check) if check is not None else None
        if service is not None:
            from tui_monitor.tui.screens.services import ServiceScreen

            self.context.start(self.context.open(ServiceScreen(self.context, service)))
        elif check is not None:
            self._open_check_view(check)

    def _open_check_view(self, check: CheckView) -> None:
        from tui_monitor.tui.screens.check_details import CheckDetailsScreen

        self.context.start(self.context.open(CheckDetailsScreen(self.context, check)))

    def _open_selection(self) -> None:
        if self.chosen.check is not None:
            self._open_check_view(self.chosen.check)
        else:
            self._open_alert(self.chosen.alert)

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


def _tall(widget: Widget, height: int | None) -> None:
    """Set a height in lines, or the stylesheet's; only a change lays the screen out anew."""
    before = widget.styles.inline.height
    if height is None and before is not None:
        widget.styles.clear_rule("height")
        widget.refresh(layout=True)
    elif height is not None and (before is None or before.value != height):
        widget.styles.height = height


def _show(widget: Widget, is_shown: bool) -> None:
    if widget.has_class("-gone") == is_shown:
        widget.set_class(not is_shown, "-gone")


def _wide(widget: Widget, width: int) -> None:
    before = widget.styles.inline.width
    if before is None or before.value != width:
        widget.styles.width = width
