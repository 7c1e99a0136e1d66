"""The screen of one check: state, phases of the last probe, windows, figures, facts, its alerts."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.strip import Strip, slot_bounds
from tui_monitor.board.values import AlertView, Board, CheckView
from tui_monitor.promql.values import selection
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.base import LogFocus
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.widgets.alerts import alert_of_check
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.details import check_lines
from tui_monitor.widgets.list_panes import TextPane
from tui_monitor.widgets.strip_cells import WINDOWS, present_strip


class CheckDetailsScreen(PaneScreen):
    """Details of one check, updated with each board; a check removed from the configuration stays as it was."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("check")
    HINTS: ClassVar[Hints] = hints("trend", "logs", "acknowledge", "silence", "window", "trouble", "back")
    RELOAD_EVERY: ClassVar[int] = 30

    def __init__(self, context: ScreenContext, check: CheckView) -> None:
        self._text = TextPane(check.name, lambda width, look: (), look=context.look, text_styles=context.text_styles)
        super().__init__(context, self._text)
        self._check = check
        self._strip: Strip = ()
        self.show_board(context.shown)

    async def load(self) -> None:
        """Read the strip; without a history yet the page has none."""
        window, at = WINDOWS[self.context.strip_window], self.context.view.past_at or self.context.now()
        with suppress(CommandRefused):
            found = await self.context.backend.strips([self._check.name], slot_bounds(at, window.slot, window.count))
            self._strip = found.get(self._check.name, ())
        self.show_board(self.context.shown)

    def action_window(self) -> None:
        """Show the next window of time."""
        self.context.strip_window = (self.context.strip_window + 1) % len(WINDOWS)
        self.context.start(self.load())

    def action_trouble(self, step: int) -> None:
        """Show the board of the last or next moment at which the check was not healthy."""
        self.context.go_to_trouble(present_strip(self._check, self._strip), step)

    def show_board(self, board: Board) -> None:
        """Render the check and its alerts of this board."""
        newest = next((one for one in board.checks if one.name == self._check.name), self._check)
        found = [alert for alert in board.alerts if alert.labels.get("check") == newest.name]
        strip, title = present_strip(newest, self._strip), WINDOWS[self.context.strip_window].title.capitalize()
        self._text.change(newest.name, lambda width, look: check_lines(newest, found, board.at, width, look, strip, title))

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
