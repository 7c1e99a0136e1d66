"""Publishes the live board: to this process's listeners, and to the history that viewers and `status` read."""

from __future__ import annotations

from collections.abc import Callable

from tui_monitor.board.codec import board_to_json
from tui_monitor.board.values import Board
from tui_monitor.checks.collector import Collector
from tui_monitor.core.clock import Clock
from tui_monitor.core.kept import Kept
from tui_monitor.runtime.live_board import LiveBoard
from tui_monitor.storage.history.interface import HistoryStore

STORE_EVERY_MS = 5_000


class BoardPublisher:
    """The publisher of boards; it also passes the samples of each tick to the history, so that both are stored together."""

    def __init__(
        self, live_board: LiveBoard, collector: Collector, recorder: HistoryStore, clock: Clock, on_board: Callable[[Board], None]
    ) -> None:
        self.board: Board | None = None
        """The newest board; None before the first tick."""
        self.live_board = live_board
        self._collector = collector
        self._recorder = recorder
        self._clock = clock
        self._on_board = on_board
        self._stored_at = 0
        self._texts: Kept[str] = Kept()

    def publish(self, now: int) -> None:
        """Build the board of this moment (UTC ms) and pass it to the listener."""
        self.board = self.live_board.make(now)
        self._on_board(self.board)

    def step(self, now: int, monotonic: float, *, watched: bool, viewers: bool, at_once: bool) -> None:
        """The end of a tick: publish where a screen shows it; store each second for viewers, else every 5 s or ``at_once``."""
        due = at_once or not 0 <= now - self._stored_at < STORE_EVERY_MS
        if watched or due:
            self.publish(now)
        stored = None
        if (due or viewers) and self.board is not None:
            stored = board_to_json(self.board, sparks=due, kept=self._texts)
            self._stored_at = now if due else self._stored_at
        self._recorder.record(self._collector.drain(), now, monotonic, stored)

    async def persist_before_alert(self, now: int) -> None:
        """Store the samples and statuses that caused an alert's change, before the change is committed."""
        board = board_to_json(self.live_board.make(now), sparks=True, kept=self._texts)
        await self._recorder.persist(self._collector.drain(), now, self._clock.monotonic(), board)

    async def close(self) -> None:
        """Store the last board and samples, from which the next leader continues, and close the history."""
        now = self._clock.wall_ms()
        board = board_to_json(self.live_board.make(now), sparks=True, kept=self._texts) if self.board else None
        await self._recorder.close(self._collector.drain(), now, board)
