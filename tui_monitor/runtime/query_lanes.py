"""Queries of other programs over the history: two at once, a short queue, then a refusal, so that none delays the ticks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tui_monitor.board.backend import CommandRefused
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.interface import HistoryQueries, HistoryReading

T = TypeVar("T")
AT_ONCE = 2
WAITING = 16
BUSY = f"{AT_ONCE} queries run and {WAITING} wait; try again in a moment"


class QueryLanes:
    """Connections to the history with a thread each. The one that the dashboard's charts use too comes last."""

    def __init__(self, reading: HistoryReading) -> None:
        self._reading = reading
        self._free: list[HistoryReading] | None = None
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._asked = 0

    async def query(self, question: Callable[[HistoryQueries], T]) -> T:
        """The answer of the function, computed in a thread. Raises CommandRefused where too many wait or the history cannot be read."""
        if self._asked >= AT_ONCE + WAITING:
            raise CommandRefused(BUSY)
        self._asked += 1
        try:
            async with self._slots:
                return await self._ask(question)
        finally:
            self._asked -= 1

    async def _ask(self, question: Callable[[HistoryQueries], T]) -> T:
        if self._free is None:
            self._free = [self._reading.slow_lane, self._reading.slow_lane.slow_lane]
        lane = self._free.pop()
        try:
            return await lane.query(question)
        except StorageFault as error:
            raise CommandRefused(f"the history cannot be read: {error}") from error
        finally:
            self._free.append(lane)
