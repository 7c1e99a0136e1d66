"""The screen of alerts: firing ones, then resolved ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.past_lists import ended_by
from tui_monitor.board.values import AlertView, Board
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.incident import IncidentScreen
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.alerts import ORDERS, alert_line, counts, order_key, search_text
from tui_monitor.widgets.cell_line import Hints, Line, RenderStyle
from tui_monitor.widgets.list_panes import ListRow

LIMIT = 200
"""How many alerts that are over are asked for."""


class HistoryScreen(ListScreen):
    """Current and past alerts; `o` sorts both."""

    TITLE_TEXT = "Alerts and history"
    EMPTY_TEXT = "No alert has ever fired."
    BINDINGS: ClassVar[list[BindingType]] = bindings("alerts")
    HINTS: ClassVar[Hints] = hints(
        "acknowledge", ("open", "details"), "mark_row", "silence", "trend", "filter", "order", "alert_time", "screens", "back"
    )

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context)
        self._resolved: Sequence[AlertView] = ()
        self._known: dict[str, AlertView] = {}
        self._order = 0

    async def load(self) -> None:
        """Load the resolved alerts."""
        self._resolved = await self.context.backend.alert_history(LIMIT)
        self.show_board(self.context.shown)

    def show_board(self, board: Board) -> None:
        """Render the board's alerts, then the resolved ones."""
        current = sorted(board.alerts, key=order_key(ORDERS[0]))
        ids = {alert.id for alert in current}
        resolved = ended_by(board.at, self._resolved) if board.past else self._resolved
        listed = [*current, *(alert for alert in resolved if alert.id not in ids)]
        remark = ", ".join(filter(None, (counts(board), f"{len(resolved)} resolved" if resolved else "")))
        if self._order:
            listed.sort(key=order_key(ORDERS[self._order]))
            remark += f", by {ORDERS[self._order]}"
        self._known = {alert.id: alert for alert in listed}
        self.rows.marked &= self._known.keys()
        self.rows.fill([ListRow(one.id, search_text(one), partial(_line, one, board.at)) for one in listed], remark)

    def chosen_alert(self) -> AlertView | None:
        """The alert of the selected row."""
        return self._known.get(self.rows.selection)

    def marked_alerts(self) -> Sequence[AlertView]:
        """The marked alerts that have not ended."""
        return [alert for key, alert in self._known.items() if key in self.rows.marked and alert.state != "resolved"]

    def action_mark_row(self) -> None:
        """Mark the selected alert for `a`, `s` and `u`."""
        self.rows.toggle_mark()

    def open_row(self, key: str) -> None:
        """Open the alert's details."""
        self.context.start(self.context.open(IncidentScreen(self.context, key)))

    def action_order(self) -> None:
        """Change to the next sort order."""
        self._order = (self._order + 1) % len(ORDERS)
        self.show_board(self.context.shown)


def _line(alert: AlertView, now: int, width: int, look: RenderStyle, selected: bool) -> Line:
    return alert_line(alert, now, width, look, selected=selected)
