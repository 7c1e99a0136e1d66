"""Services of running feeds, once a second: delivery of stored pings, storage of their lines."""

from __future__ import annotations

import logging

from tui_monitor.checks.collector import Collector
from tui_monitor.core.clock import Clock
from tui_monitor.runtime.kept_lines import KeptLines
from tui_monitor.runtime.ping_delivery import PingDelivery

log = logging.getLogger(__name__)
EVERY = 1.0


class FeedServices:
    """The services of feeds; `run` ends when it is cancelled and costs nothing without feeds."""

    def __init__(self, collector: Collector, pings: PingDelivery, lines: KeptLines, clock: Clock) -> None:
        self._collector = collector
        self._pings = pings
        self._lines = lines
        self._clock = clock

    async def run(self) -> None:
        """Serve until cancelled, then write the last lines."""
        try:
            while True:
                await self._contained_step()
                await self._clock.sleep(EVERY)
        finally:
            await self._lines.close(self._collector.feeds())

    async def _contained_step(self) -> None:
        """A boundary: a bug costs one step."""
        try:
            await self.step()
        except Exception:
            log.exception("internal error: pings or lines of feeds")

    async def step(self) -> None:
        """The work of one second."""
        feeds = self._collector.feeds()
        await self._pings.deliver(feeds)
        self._lines.tick(feeds, self._clock.monotonic())
