"""The screen of the outbox: queued, sent and failed messages, with the state of each notifier."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from tui_monitor.board.past_lists import messages_by
from tui_monitor.board.values import Board, NotificationView
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.incident import IncidentScreen
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.cell_line import Line, RenderStyle
from tui_monitor.widgets.list_panes import ListRow
from tui_monitor.widgets.notifications import notification_line, notification_text, notifier_text

LIMIT = 500


class NotificationsScreen(ListScreen):
    """The outbox, newest first; Enter opens the first alert of a message."""

    TITLE_TEXT = "Notifications"
    EMPTY_TEXT = "Nothing has been sent yet."
    RELOAD_EVERY: ClassVar[int] = 3

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context)
        self._alert_ids: dict[str, str] = {}
        self._past_at = context.view.past_at

    async def load(self) -> None:
        """Load the newest messages."""
        shown = self.context.shown
        found = list(await self.context.backend.notifications(LIMIT))
        found = messages_by(shown.at, found) if shown.past else found
        self._alert_ids = {str(one.id): one.alerts[0] for one in found if one.alerts}
        self.rows.fill([self._row(one) for one in found], notifier_text(found, self.context.live.notifiers, shown.at))

    def show_board(self, board: Board) -> None:
        """Another moment of the past has other messages."""
        if self.context.view.past_at != self._past_at:
            self._past_at = self.context.view.past_at
            self.context.start(self.load())

    def _row(self, one: NotificationView) -> ListRow:
        text = f"{one.notifier} {one.kind} {one.state} {one.title} {one.error}"
        full = notification_text(one, self.context.shown.at, self.context.look)
        return ListRow(str(one.id), text, partial(self._line, one), full)

    def _line(self, one: NotificationView, width: int, look: RenderStyle, selected: bool) -> Line:
        return notification_line(one, self.context.shown.at, width, look)

    def open_row(self, key: str) -> None:
        """Open the first alert of the message."""
        if key in self._alert_ids:
            self.context.start(self.context.open(IncidentScreen(self.context, self._alert_ids[key])))
        else:
            self.context.inform("This message is not about an alert.")
