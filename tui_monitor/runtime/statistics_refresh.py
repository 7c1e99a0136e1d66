"""Refresh of slow data while a screen shows it: statistics and advice from the history, a few at a time, and request tables."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from tui_monitor.analysis.advice import remarks
from tui_monitor.board.check_statistics import Statistics, read_windows
from tui_monitor.runtime.request_tables import RequestTables
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.interface import HistoryReading

CheckLabels = Mapping[str, Mapping[str, str]]
ADVICE_EVERY_MS = 180_000
"""Forecasts over hours and days: reading them costs 30 ms."""


class StatisticsRefresh:
    """``advice`` and ``forecasts`` (by mount) are those of the last minute; `request` never waits for the history."""

    def __init__(self, statistics: Statistics, reading: HistoryReading, checks: CheckLabels, requests: RequestTables) -> None:
        self.advice: tuple[str, ...] = ()
        self.forecasts: Mapping[str, str] = {}
        self._statistics = statistics
        self._reading = reading
        self._checks = checks
        self._requests = requests
        self._advice_at = 0
        self._wanted: tuple[CheckLabels, bool, int] | None = None
        self._requested = asyncio.Event()

    def reconfigure(self, checks: CheckLabels) -> None:
        """Use other checks from now on."""
        self._checks = checks

    def request(self, now: int) -> None:
        """Request the data that are due at this moment (UTC ms), unless the last request is still running."""
        self._requests.request(now)
        if self._wanted is not None:
            return
        chosen = self._statistics.turn(self._checks, now)
        advice = not 0 <= now - self._advice_at < ADVICE_EVERY_MS
        if chosen or advice:
            self._advice_at = now if advice else self._advice_at
            self._wanted = (chosen, advice, now)
            self._requested.set()

    async def run(self) -> None:
        """Serve requests until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._requests.run(), name="request tables")
            group.create_task(self._run(), name="statistics")

    async def _run(self) -> None:
        while True:
            await self._requested.wait()
            self._requested.clear()
            if self._wanted is not None:
                await self._read(*self._wanted)
                self._wanted = None

    async def _read(self, chosen: CheckLabels, advice: bool, now: int) -> None:
        with contextlib.suppress(StorageFault):
            if chosen:
                self._statistics.take(await self._reading.query(lambda reader: read_windows(reader, chosen, now)), now)
            if advice:
                found = await self._reading.query(lambda reader: remarks(reader, now))
                self.advice, self.forecasts = found.advice, dict(found.forecasts)
