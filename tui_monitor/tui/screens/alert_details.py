"""The screen of one alert: state, condition, history, notifications, evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.values import AlertDetail, AlertView, Board
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.widgets.alerts import subject
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.details import alert_lines
from tui_monitor.widgets.list_panes import TextPane


class AlertDetailsScreen(PaneScreen):
    """Details of one alert, reloaded when the board shows that it has changed."""

    HINTS: ClassVar[Hints] = hints("acknowledge", "unacknowledge", "silence", "trend", "alert_time", "check_of_alert", "back")
    BINDINGS: ClassVar[list[BindingType]] = bindings("alert")

    def __init__(self, context: ScreenContext, alert_id: str) -> None:
        self._text = TextPane("", lambda width, look: (), look=context.look, text_styles=context.text_styles)
        super().__init__(context, self._text)
        self._alert_id = alert_id
        self._detail: AlertDetail | None = None

    async def load(self) -> None:
        """Load the alert's details."""
        found = await self.context.backend.alert_detail(self._alert_id)
        self._detail = detail = with_board(found, self.context.shown)
        title = f"{detail.alert.name} {subject(detail.alert)}".strip()
        self._text.change(title, lambda width, look: alert_lines(detail, self.context.shown.at, width, look))

    def show_board(self, board: Board) -> None:
        """Reload after a command on the alert or a change of its state."""
        newest = next((alert for alert in board.alerts if alert.id == self._alert_id), None)
        known = self.chosen_alert()
        if newest is not None and known is not None and _state_of(newest) != _state_of(known):
            self.context.start(self.load())

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

    def chosen_alert(self) -> AlertView | None:
        """The alert of this screen."""
        return self._detail.alert if self._detail is not None else None


def with_board(detail: AlertDetail, board: Board) -> AlertDetail:
    """The details with what only the board knows: the newest text and the subjects that the alert mutes."""
    live = next((alert for alert in board.alerts if alert.id == detail.alert.id), None)
    if live is None or board.past:
        return detail
    newest = replace(detail.alert, summary=live.summary, annotations=live.annotations, affected=live.affected, affects=live.affects)
    return replace(detail, alert=newest)


def _state_of(alert: AlertView) -> tuple[object, ...]:
    return (alert.state, alert.acknowledged_at, alert.suppressed_by, alert.severity, alert.deliveries, alert.summary, alert.affects)
