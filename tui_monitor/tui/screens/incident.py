"""The page of one incident: what is wrong, who knows, why, what to do, and what else happened then."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui_monitor.board.values import AlertDetail, AlertView, Board, CheckView
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.incident_reader import IncidentReader
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.widgets.alerts import is_open
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.incident_page import SPANS
from tui_monitor.widgets.incident_pane import IncidentPane
from tui_monitor.widgets.incident_view import IncidentView
from tui_monitor.widgets.incidents import grouped


class IncidentScreen(PaneScreen):
    """One incident, live: its state follows the board, its chart and log are read again each ten seconds."""

    HINTS: ClassVar[Hints] = hints(
        ("acknowledge", "ack"), "silence", "check_of_alert", "logs", "trend", "service_map", ("alert_time", "replay"),
        ("next_incident", "next, previous"), "window", "copy", "runbook", "back",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = bindings("alert")
    RELOAD_EVERY: ClassVar[int] = 10

    def __init__(self, context: ScreenContext, alert_id: str) -> None:
        self._page = IncidentPane(look=context.look, text_styles=context.text_styles)
        super().__init__(context, self._page)
        self._alert_id = alert_id
        self._span = 1
        self._reader = IncidentReader(context)
        self._view: IncidentView | None = None

    def compose(self) -> ComposeResult:
        """Notice, page, keys: the page's first line says what a head would."""
        yield self.notice
        yield self._page
        yield self.footer

    def on_mount(self) -> None:
        """Read what takes longer than the alert itself."""
        self.context.start(self._fill(self._alert_id))

    async def load(self) -> None:
        """Load the alert; once the page is shown, all of it."""
        detail = await self.context.backend.alert_detail(self._alert_id)
        self._show_detail(detail)
        if self.is_mounted:
            await self._fill(self._alert_id)

    def _show_detail(self, detail: AlertDetail) -> None:
        board, known = self.context.shown, self._view
        if known is None or known.alert.id != detail.alert.id:
            known = IncidentView(detail, board, span=SPANS[self._span][0])
        self._change(replace(known, detail=with_board(detail, board), board=board, check=self._check(board, detail.alert)))

    def _change(self, view: IncidentView) -> None:
        self._view = replace(view, place=self._place(view))
        self._page.show(self._view)

    def _check(self, board: Board, alert: AlertView) -> CheckView | None:
        name = alert.labels.get("check", "")
        return next((one for one in board.checks if one.name == name), None)

    def _place(self, view: IncidentView) -> str:
        ids = [alert.id for alert in grouped(view.board.alerts)]
        return f"{ids.index(view.alert.id) + 1} of {len(ids)}" if view.alert.id in ids and len(ids) > 1 else ""

    async def _fill(self, alert_id: str) -> None:
        view = self._view
        if view is None or view.alert.id != alert_id:
            return
        async for addition in self._reader.additions(view, SPANS[self._span]):
            if self._view is None or self._view.alert.id != alert_id:
                return
            self._change(addition(self._view))

    def show_board(self, board: Board) -> None:
        """Follow the board; a command on the alert or a change of its state is read anew."""
        view = self._view
        if view is None:
            return
        newest = next((alert for alert in board.alerts if alert.id == view.alert.id), None)
        has_ended = newest is None and view.alert.state != "resolved" and not board.past and not board.loading
        if has_ended or (newest is not None and _state_of(newest) != _state_of(view.alert)):
            self.context.start(self.load())
        self._change(replace(view, board=board, check=self._check(board, view.alert) or view.check))

    def chosen_alert(self) -> AlertView | None:
        """The alert of this page."""
        return self._view.alert if self._view is not None else None

    def acknowledged(self, alert: AlertView) -> None:
        """Show the next open incident: this one is taken care of."""
        following = next((one for one in grouped(self.context.live.alerts) if is_open(one) and one.id != alert.id), None)
        if following is not None:
            self._turn_to(following.id)

    def _turn_to(self, alert_id: str) -> None:
        self._alert_id, self._view = alert_id, None
        self._page.move_to(0)
        self.context.start(self.load())

    def action_other_incident(self, step: int) -> None:
        """Show the next or the previous incident of the list."""
        ids = [alert.id for alert in grouped(self.context.shown.alerts)]
        if not ids or ids == [self._alert_id]:
            self.context.inform("There is no other incident.")
        elif self._alert_id in ids:
            self._turn_to(ids[(ids.index(self._alert_id) + step) % len(ids)])
        else:
            self._turn_to(ids[0 if step > 0 else -1])

    def action_window(self) -> None:
        """Show the next range of the chart."""
        self._span = (self._span + 1) % len(SPANS)
        self.context.start(self._fill(self._alert_id))

    def action_copy(self) -> None:
        """Copy the advice's first command, at each press the next one; without commands the summary."""
        view = self._view
        if view is None:
            return
        place = (view.copied + 1) % len(view.commands) if view.commands else -1
        self._change(replace(view, copied=place))
        self.context.copy(view.commands[place] if view.commands else view.alert.summary or view.alert.name)

    def action_runbook(self) -> None:
        """Open the runbook."""
        url = self._view.alert.annotations.get("runbook_url", "") if self._view is not None else ""
        if url:
            self.context.open_link(url)
        else:
            self.context.inform("No runbook: runbook_url of the check or of the rule names one.")

    def action_open(self) -> None:
        """Open the check."""
        self.action_check()

    def action_check(self) -> None:
        """Open the check that the alert is about."""
        alert = self.chosen_alert()
        name = alert.labels.get("check", "") if alert is not None else ""
        check = next((one for one in self.context.shown.checks if one.name == name), None)
        if check is None:
            self.context.inform("This alert is not about a check." if not name else f"The check {name} is no longer configured.")
            return
        from tui_monitor.tui.screens.check_details import CheckDetailsScreen

        self.context.start(self.context.open(CheckDetailsScreen(self.context, check)))


def with_board(detail: AlertDetail, board: Board) -> AlertDetail:
    """The details with what only the board knows: the newest text, whom the alert mutes, when it escalates."""
    live = next((alert for alert in board.alerts if alert.id == detail.alert.id), None)
    if live is None or board.past:
        return detail
    newest = replace(
        detail.alert, summary=live.summary, annotations=live.annotations, affected=live.affected, affects=live.affects,
        escalates_at=live.escalates_at, escalates_to=live.escalates_to,
    )  # fmt: skip
    return replace(detail, alert=newest)


def _state_of(alert: AlertView) -> tuple[object, ...]:
    return (
        alert.state, alert.acknowledged_at, alert.suppressed_by, alert.severity, alert.deliveries, alert.summary, alert.affects,
        alert.escalates_at,
    )  # fmt: skip
