"""The Redis check: PING over a kept connection, and INFO for memory, clients, hits and replication."""

from __future__ import annotations

import asyncio
import time

from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.platform.import_trimming import lean_redis
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.driver_common import Statistics
from tui_monitor.sources.redis.connection import (
    KeptConnection,
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


class RedisProbe:
    """One connection, kept between probes.

    Raises ValueError naming the key where the address has a parameter that is not understood.
    """

    def __init__(self, settings: RedisCheck) -> None:
        self.stage = ""
        url = settings.url.reveal()
        if problem := problems_of(url):
            raise ValueError(f"url: {problem}")
        self._timeout = settings.timeout
        self._address = redis_address(url)
        self._connection = KeptConnection(url, settings.timeout)
        self._statistics = RedisStatistics(settings.memory_degraded, database_of(url))

    async def probe(self) -> ProbeResult:
        """PING decides and is the duration; INFO adds samples, facts and a degraded verdict, never a failure."""
        began = time.monotonic()
        phases: dict[str, float] = {}
        try:
            duration = await self._ping(phases)
            statistics = await self._info(began)
        except connection_errors() as error:
            await self._connection.close()
            return ProbeResult(HealthStatus.UNHEALTHY, self._reason(error), phases=phases)
        except BaseException:  # cancelled: leave no connection in an unknown state
            await self._connection.close()
            raise
        self.stage = ""
        status = HealthStatus.DEGRADED if statistics.degraded else HealthStatus.HEALTHY
        return ProbeResult(status, statistics.degraded, duration, phases, statistics.samples, statistics.facts)

    async def _ping(self, phases: dict[str, float]) -> float:
        """Seconds of one round trip; a kept connection that turns out to be broken is replaced once."""
        if self._connection.is_open:
            try:
                return await self._round_trip(phases)
            except connection_errors() as error:
                if not is_broken(error):
                    raise
                await self._connection.close()
        self.stage = "connect"
        start = time.monotonic()
        await self._connection.open()
        phases["connect"] = time.monotonic() - start
        return await self._round_trip(phases)

    async def _round_trip(self, phases: dict[str, float]) -> float:
        self.stage = "query"
        start = time.monotonic()
        await self._connection.ask("PING")
        phases["query"] = time.monotonic() - start
        return phases["query"]

    async def _info(self, began: float) -> Statistics:
        """Takes a part of the time that is left, so that it cannot turn a verdict into a timeout."""
        self.stage = "statistics"
        budget = max(0.01, BUDGET * (self._timeout - (time.monotonic() - began)))
        try:
            async with asyncio.timeout(budget):
                text = await self._connection.ask("INFO")
        except connection_errors() as error:
            if isinstance(error, TimeoutError) or is_broken(error):
                await self._connection.close()
            return Statistics((), {"statistics": reason_of(error, self._address, self.stage, budget)}, "")
        return self._statistics.read(text, time.monotonic())

    def _reason(self, error: Exception) -> str:
        own = own_reason(error, self._address)
        if own is not None:
            raise OwnTrouble(own) from None
        return reason_of(error, self._address, self.stage, self._timeout)

    async def close(self) -> None:
        """Give back the connection; the probe may be used again afterwards."""
        await self._connection.close()


def build(settings: RedisCheck) -> RedisProbe:
    """The probe, with the driver loaded."""
    lean_redis()
    import redis.asyncio.connection  # noqa: F401

    return RedisProbe(settings)
