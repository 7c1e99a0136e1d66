"""The screen of one alert: state, condition, history, notifications, evidence."""

from __future__ import annotations

from typing import ClassVar

from tui_monitor.board.values import AlertDetail, AlertView, Board
from tui_monitor.tui.keymap import hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.widgets.alerts import subject
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.details import alert_lines
from tui_monitor.widgets.list_panes import TextPane


class AlertDetailsScreen(PaneScreen):
    """Details of one alert, reloaded when the board shows that it has changed."""

    HINTS: ClassVar[Hints] = hints("acknowledge", "unacknowledge", "silence", "trend", "alert_time", "back")

    def __init__(self, context: ScreenContext, alert_id: str) -> None:
        self._text = TextPane("", lambda width, look: (), look=context.look, text_styles=context.text_styles)
        super().__init__(context, self._text)
        self._alert_id = alert_id
        self._detail: AlertDetail | None = None

    async def load(self) -> None:
        """Load the alert's details."""
        self._detail = detail = await self.context.backend.alert_detail(self._alert_id)
        title = f"{detail.alert.name} {subject(detail.alert)}".strip()
        self._text.change(title, lambda width, look: alert_lines(detail, self.context.shown.at, width, look))

    def show_board(self, board: Board) -> None:
        """Reload after a command on the alert or a change of its state."""
        newest = next((alert for alert in board.alerts if alert.id == self._alert_id), None)
        known = self.chosen_alert()
        if newest is not None and known is not None and _state_of(newest) != _state_of(known):
            self.context.start(self.load())

    def chosen_alert(self) -> AlertView | None:
        """The alert of this screen."""
        return self._detail.alert if self._detail is not None else None


def _state_of(alert: AlertView) -> tuple[object, ...]:
    return (alert.state, alert.acknowledged_at, alert.suppressed_by, alert.severity, alert.deliveries)
