"""The Redis check: PING over a kept connection, and INFO for memory, clients, hits and replication."""

from __future__ import annotations

import asyncio
import time

from tui_monitor.platform.import_trimming import trim_imports
from tui_monitor.sources.net.driver_common import ServerStatistics
from tui_monitor.sources.net.kept_probe import DriverErrors, KeptProbe
from tui_monitor.sources.redis.connection import (
    RedisConnection,
    connection_errors,
    database_of,
    is_broken,
    own_reason,
    reason_of,
    redis_address,
)
from tui_monitor.sources.redis.settings import RedisCheck
from tui_monitor.sources.redis.statistics import RedisStatistics
from tui_monitor.sources.redis.url import problems_of

BUDGET = 0.5
"""The share of the time left that INFO may take."""
ERRORS = DriverErrors(connection_errors, is_broken, own_reason, reason_of)


class RedisProbe(KeptProbe):
    """Probe of a server: PING decides, INFO adds statistics. One connection is kept between probes.

    The constructor raises ValueError naming the key of an address with an unknown parameter.
    """

    def __init__(self, settings: RedisCheck) -> None:
        url = settings.url.reveal()
        if problem := problems_of(url):
            raise ValueError(f"url: {problem}")
        self._connection = RedisConnection(url, settings.timeout)
        super().__init__(self._connection, ERRORS, redis_address(url), settings.timeout)
        self._figures = RedisStatistics(settings.memory_degraded, database_of(url))

    async def ask(self) -> None:
        """Send PING."""
        await self._connection.ask("PING")

    async def statistics(self, began: float) -> ServerStatistics:
        """Read INFO, within a part of the time left."""
        self.stage = "statistics"
        budget = self._budget(began, BUDGET)
        try:
            async with asyncio.timeout(budget):
                text = await self._connection.ask("INFO")
        except connection_errors() as error:
            if isinstance(error, TimeoutError) or is_broken(error):
                await self._connection.cut()
            return ServerStatistics((), {"statistics": reason_of(error, self._address, self.stage, budget)}, "")
        return self._figures.read(text, time.monotonic())

    async def close(self) -> None:
        """Close the connection; the probe can be used again afterwards."""
        await self._connection.cut()


def build(settings: RedisCheck) -> RedisProbe:
    """Construct the probe and import the driver."""
    trim_imports("redis")
    import redis.asyncio.connection  # noqa: F401

    return RedisProbe(settings)
