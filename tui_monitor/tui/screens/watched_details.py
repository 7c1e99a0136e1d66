"""The screen of one container or one unit of systemd: state, history, log lines. Nothing is started or stopped from here."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.listings import LogLine, LogQuery
from tui_monitor.board.values import AlertView, Board
from tui_monitor.board.watched import WatchedContainer, WatchedUnit, containers_of, units_of
from tui_monitor.tui.keymap import hints
from tui_monitor.tui.screens.base import LogFocus
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.widgets.alerts import alert_of_check
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.list_panes import TextPane
from tui_monitor.widgets.watched_page import ChartPart, WatchedPage, history_of, watched_lines

SPAN_MS = 3_600_000
POINTS = 120
MOST_LINES = 20


class WatchedDetailsScreen(PaneScreen):
    """The state follows the board; history and log lines are read each ten seconds."""

    HINTS: ClassVar[Hints] = hints("trend", "logs", "acknowledge", "silence", "back")
    RELOAD_EVERY: ClassVar[int] = 10

    def __init__(self, context: ScreenContext, one: WatchedContainer | WatchedUnit) -> None:
        self._text = TextPane(one.state.name, lambda width, look: (), look=context.look, text_styles=context.text_styles)
        super().__init__(context, self._text)
        self._one = one
        self._page = WatchedPage()

    async def load(self) -> None:
        """Read the last hour up to the moment shown, and log lines where some are kept."""
        end = self.context.view.past_at or self.context.now()
        wanted = history_of(self._one)
        charts = await asyncio.gather(*(self.context.backend.chart(expr, end - SPAN_MS, end, POINTS) for _, expr in wanted))
        parts = [ChartPart(title, chart) for (title, _), chart in zip(wanted, charts, strict=True) if chart.lines]
        source, lines = await self._log_lines()
        engine = next((check.facts.get("engine", "") for check in self.context.shown.checks if check.name == self._one.check), "")
        tool = "podman" if engine.startswith("Libpod") else "docker"
        self._page = WatchedPage(end - SPAN_MS, end, parts, source, lines, tool)
        self.show_board(self.context.shown)

    async def _log_lines(self) -> tuple[str, list[LogLine]]:
        """The newest lines of a log check that reads this unit or container, else of a service of its name that pushes them."""
        name = self._one.state.name.removesuffix(".service")
        reads = (check.name for check in self.context.shown.checks if check.type == "log" and name in check.target)
        check = next(reads, "")
        query = LogQuery(check=check, limit=MOST_LINES) if check else LogQuery(service=name, limit=MOST_LINES)
        try:
            lines = list(await self.context.backend.log_lines(query))
        except CommandRefused:
            lines = []
        return check or (name if lines else ""), lines

    def show_board(self, board: Board) -> None:
        """Render the newest state; of a past moment the one that was opened."""
        everything: list[WatchedContainer | WatchedUnit] = [*containers_of(board), *units_of(board)]
        here = (type(self._one), self._one.check, self._one.state.name)
        self._one = next((one for one in everything if (type(one), one.check, one.state.name) == here), self._one)
        one, page = self._one, self._page
        self._text.change(one.state.name, lambda width, look: watched_lines(one, page, board.at, width, look))

    @property
    def expr(self) -> str:
        """The memory, which every container and unit has."""
        return history_of(self._one)[1][1]

    def log_focus(self) -> LogFocus:
        """The lines that are shown here in part."""
        return LogFocus(tuple(name for name in (self._page.source, self._one.state.name) if name))

    def chosen_alert(self) -> AlertView | None:
        """The first alert of the check that watches it."""
        return alert_of_check(self.context.shown, self._one.check)
