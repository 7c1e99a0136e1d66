"""What running feeds need of the stores, once a second: stored pings are brought to them, their lines are kept."""

from __future__ import annotations

import logging

from tui_monitor.checks.collector import Collector
from tui_monitor.core.clock import Clock
from tui_monitor.runtime.kept_lines import KeptLines
from tui_monitor.runtime.ping_delivery import PingDelivery

log = logging.getLogger(__name__)
EVERY = 1.0


class FeedServices:
    """`run` until it is cancelled; costs nothing while no feed is configured."""

    def __init__(self, collector: Collector, pings: PingDelivery, lines: KeptLines, clock: Clock) -> None:
        self._collector = collector
        self._pings = pings
        self._lines = lines
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled; then the last lines are written."""
        try:
            while True:
                await self._contained_step()
                await self._clock.sleep(EVERY)
        finally:
            await self._lines.close(self._collector.feeds())

    async def _contained_step(self) -> None:
        """A boundary: a fault of ours in one second costs that second."""
        try:
            await self.step()
        except Exception:
            log.exception("internal error: pings or lines of feeds")

    async def step(self) -> None:
        """One second's work."""
        feeds = self._collector.feeds()
        await self._pings.deliver(feeds)
        self._lines.tick(feeds, self._clock.monotonic())
