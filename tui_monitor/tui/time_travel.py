"""Choice of the board shown: live, paused or past."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tui_monitor.board.backend import Backend, NotReady
from tui_monitor.board.values import Board
from tui_monitor.widgets.status_bars import ViewMode

RETRY_AFTER = 0.1
"""Seconds between attempts while the backend is still starting."""
DAY_MS = 86_400_000
BEGINS_WITH = "cpu_usage_ratio"
"""The series that is as long as the history."""
MARKED_ALERTS = 500
"""How many alerts of the past the timeline marks."""


class TimeTravel:
    """Holder of the live board and of a paused or past one; calls ``changed`` when another board is to be shown."""

    def __init__(self, backend: Backend, first: Board, now: Callable[[], int], changed: Callable[[], None]) -> None:
        self.live = first
        self._backend, self._now, self._changed = backend, now, changed
        self._held: Board | None = None
        self._paused_since, self._past_at = 0, 0
        self._target = 0
        self._marks: Sequence[tuple[int, str]] = ()
        self._begin = 0

    @property
    def shown(self) -> Board:
        """The board on the screen."""
        return self._held or self.live

    @property
    def view(self) -> ViewMode:
        """View mode of the board shown."""
        return ViewMode(self._paused_since, self._past_at, self.live.at or self.shown.at, self._marks, self._begin)

    def receive(self, board: Board) -> None:
        """Receive a new board from the backend; it is shown unless the display is paused or past."""
        self.live = board
        if self._held is None:
            self._changed()

    def toggle_pause(self) -> None:
        """Pause or resume the display; no effect on past boards, which do not change."""
        if self._paused_since:
            self.resume()
        elif not self._past_at:
            self._hold(self.live, paused_since=self.live.at or self._now())

    def resume(self) -> None:
        """Show the live board."""
        self._target = 0
        self._hold(None)

    def _hold(self, board: Board | None, *, paused_since: int = 0, past_at: int = 0) -> None:
        self._held, self._paused_since, self._past_at = board, paused_since, past_at
        self._changed()

    async def step(self, by: int) -> None:
        """Move in time by ``by`` ms; forward from the live board has no effect."""
        if self._target or by < 0:
            await self.go_to((self._target or self._paused_since or self.live.at or self._now()) + by)

    async def go_to_when_ready(self, at: int) -> None:
        """Show a past moment (UTC ms) as soon as the backend answers queries."""
        while True:
            try:
                return await self.go_to(at)
            except NotReady:
                await asyncio.sleep(RETRY_AFTER)

    async def _first_stored(self, now: int) -> int:
        """When the history of the last day begins (UTC ms, to 10 min); 0 where it reaches farther back, or is empty."""
        chart = await self._backend.chart(BEGINS_WITH, now - DAY_MS, now, 144)
        times = [at for line in chart.lines for at, value in zip(line.times, line.values, strict=True) if value == value]
        first = min(times, default=0)
        return first if first > now - DAY_MS + 1_800_000 else 0

    async def go_to(self, at: int) -> None:
        """Show the board of a moment (UTC ms); at the newest or later it is live. Only the latest of several calls has an effect."""
        self._target = at
        if at >= (self.live.at or self._now()):
            self.resume()
            return
        try:
            board = await self._backend.board_at(at)
        except BaseException:
            self._target = self._past_at
            raise
        if at != self._target:
            return
        if not self._past_at:
            resolved = await self._backend.alert_history(MARKED_ALERTS)
            self._marks = [(alert.starts_at or alert.active_at, alert.severity) for alert in (*resolved, *self.live.alerts)]
            self._begin = await self._first_stored(self.live.at or self._now())
        self._hold(board, past_at=at)
