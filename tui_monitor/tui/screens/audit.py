"""The screen of the audit log: who did what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tui_monitor.board.values import ActView
from tui_monitor.tui.screens.alert_details import AlertDetailsScreen
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.audit import audit_heads, audit_line, audit_widths
from tui_monitor.widgets.cell_line import Line, RenderStyle
from tui_monitor.widgets.list_panes import ListRow

LIMIT = 500


class AuditScreen(ListScreen):
    """The audit log, newest first; Enter opens the alert that something was done to."""

    TITLE_TEXT = "Audit"
    EMPTY_TEXT = "Nobody has done anything yet."

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context)
        self._entries: Sequence[ActView] = ()

    async def load(self) -> None:
        """The newest entries."""
        self._entries = entries = await self.context.backend.acts(LIMIT)
        now = self.context.now()
        widths = audit_widths(entries, now, self.context.look)
        rows = []
        for number, one in enumerate(entries):
            text = f"{one.by} {one.verb} {one.subject}   {one.note}".rstrip()
            rows.append(ListRow(str(number), text, partial(_line, one, now, widths), text))
        self.rows.fill(rows, "who did what", columns=lambda width, look: [audit_heads(widths, width, look)])

    def open_row(self, key: str) -> None:
        """The alert that it was done to."""
        alert_id = self._entries[int(key)].alert_id
        if alert_id:
            self.context.start(self.context.open(AlertDetailsScreen(self.context, alert_id)))
        else:
            self.context.inform("That was done to no alert.")


def _line(one: ActView, now: int, widths: tuple[int, int], width: int, look: RenderStyle, selected: bool) -> Line:
    return audit_line(one, now, widths, width, look)
