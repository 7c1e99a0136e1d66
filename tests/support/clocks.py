"""A clock that tests turn by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class ManualClock:
    """Stands still until `advance`; sleepers wake in order of their due time."""

    def __init__(self, wall_ms: int = 1_700_000_000_000) -> None:
        self._wall = wall_ms
        self._mono = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = itertools.count()

    def wall_ms(self) -> int:
        """Milliseconds."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds."""
        return self._mono

    async def sleep(self, seconds: float) -> None:
        """Until `advance` has gone so far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        event = asyncio.Event()
        heapq.heappush(self._sleepers, (self._mono + seconds, next(self._count), event))
        await event.wait()

    def step_wall(self, seconds: float) -> None:
        """Set the wall clock, as an administrator or NTP does."""
        self._wall += round(seconds * 1000)

    async def advance(self, seconds: float) -> None:
        """Advance the time and wake the sleepers that become due."""
        end = self._mono + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, event = heapq.heappop(self._sleepers)
            self._move(max(due, self._mono))
            event.set()
            await settle()
        self._move(end)
        await settle()

    def _move(self, mono: float) -> None:
        self._wall += round((mono - self._mono) * 1000)
        self._mono = mono


async def settle() -> None:
    """Let every task that can run, run."""
    for _ in range(20):
        await asyncio.sleep(0)
