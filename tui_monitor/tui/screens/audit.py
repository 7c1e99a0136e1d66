"""The screen of the audit log: commands with person, time and subject."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tui_monitor.board.past_lists import acts_by
from tui_monitor.board.values import ActView, Board
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.incident import IncidentScreen
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.audit import audit_heads, audit_line, audit_widths
from tui_monitor.widgets.cell_line import Line, RenderStyle
from tui_monitor.widgets.list_panes import ListRow

LIMIT = 500


class AuditScreen(ListScreen):
    """The audit log, newest first; Enter opens the alert of an entry."""

    TITLE_TEXT = "Audit"
    EMPTY_TEXT = "No entries yet: no person or command has changed anything."

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context)
        self._entries: Sequence[ActView] = ()
        self._past_at = context.view.past_at

    async def load(self) -> None:
        """Load the newest entries."""
        entries = await self.context.backend.acts(LIMIT)
        shown = self.context.shown
        self._entries = entries = acts_by(shown.at, entries) if shown.past else entries
        now = self.context.now()
        widths = audit_widths(entries, now, self.context.look)
        rows = []
        for number, one in enumerate(entries):
            text = f"{one.by} {one.verb} {one.subject}   {one.note}".rstrip()
            rows.append(ListRow(str(number), text, partial(_line, one, now, widths), text))
        self.rows.fill(rows, "newest first", columns=lambda width, look: [audit_heads(widths, width, look)])

    def show_board(self, board: Board) -> None:
        """Another moment of the past has other entries."""
        if self.context.view.past_at != self._past_at:
            self._past_at = self.context.view.past_at
            self.context.start(self.load())

    def open_row(self, key: str) -> None:
        """Open the alert of the entry."""
        alert_id = self._entries[int(key)].alert_id
        if alert_id:
            self.context.start(self.context.open(IncidentScreen(self.context, alert_id)))
        else:
            self.context.inform("This entry is not about an alert.")


def _line(one: ActView, now: int, widths: tuple[int, int], width: int, look: RenderStyle, selected: bool) -> Line:
    return audit_line(one, now, widths, width, look)
