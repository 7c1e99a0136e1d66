"""Computation of the request tables every few seconds while a screen shows them, in short slices."""

from __future__ import annotations

import asyncio

from tui_monitor.board.requests import request_tables
from tui_monitor.board.values import RequestTable
from tui_monitor.config.settings import RequestSettings
from tui_monitor.sources.net.slices import in_slices
from tui_monitor.storage.memory import SeriesMemory

EVERY_MS = 5000


class RequestTables:
    """``newest`` are the last tables of the series in memory; `request` never waits for them."""

    def __init__(self, settings: RequestSettings, memory: SeriesMemory) -> None:
        self.newest: tuple[RequestTable, ...] = ()
        self._settings = settings
        self._memory = memory
        self._at = 0
        self._wanted: int | None = None
        self._requested = asyncio.Event()

    def reconfigure(self, settings: RequestSettings) -> None:
        """Use other names or limits from now on."""
        if settings != self._settings:
            self._settings, self._at = settings, 0

    def request(self, now: int) -> None:
        """Request the tables of this moment (UTC ms), unless the last ones are recent or still being computed."""
        if self._wanted is None and not 0 <= now - self._at < EVERY_MS:
            self._at = self._wanted = now
            self._requested.set()

    async def run(self) -> None:
        """Serve requests until cancelled."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            if self._wanted is not None:
                self.newest = await in_slices(request_tables(self._settings, self._memory, self._wanted))
                self._wanted = None
