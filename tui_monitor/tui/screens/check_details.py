"""The screen of one check: state, phases of the last probe, windows, figures, facts, its alerts."""

from __future__ import annotations

from typing import ClassVar

from tui_monitor.board.values import AlertView, Board, CheckView
from tui_monitor.promql.values import selection
from tui_monitor.tui.keymap import hints
from tui_monitor.tui.screens.base import LogFocus
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.widgets.alerts import alert_of_check
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.details import check_lines
from tui_monitor.widgets.list_panes import TextPane


class CheckDetailsScreen(PaneScreen):
    """Details of one check, updated with each board; a check removed from the configuration stays as it was."""

    HINTS: ClassVar[Hints] = hints("trend", "logs", "acknowledge", "silence", "back")

    def __init__(self, context: ScreenContext, check: CheckView) -> None:
        self._text = TextPane(check.name, lambda width, look: (), look=context.look, text_styles=context.text_styles)
        super().__init__(context, self._text)
        self._check = check
        self.show_board(context.shown)

    def show_board(self, board: Board) -> None:
        """Render the check and its alerts of this board."""
        newest = next((one for one in board.checks if one.name == self._check.name), self._check)
        found = [alert for alert in board.alerts if alert.labels.get("check") == newest.name]
        self._text.change(newest.name, lambda width, look: check_lines(newest, found, board.at, width, look))

    @property
    def expr(self) -> str:
        """The check's latency."""
        return selection("probe_duration_seconds", check=self._check.name)

    def chosen_alert(self) -> AlertView | None:
        """The check's first alert."""
        return alert_of_check(self.context.shown, self._check.name)

    def log_focus(self) -> LogFocus:
        """The check's newest lines."""
        return LogFocus((self._check.name,))
