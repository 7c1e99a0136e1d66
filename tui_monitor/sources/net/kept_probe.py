"""Base class of probes that keep a connection open between probes: databases, caches."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.driver_common import ServerStatistics


class KeptConnection(Protocol):
    """One connection to one target: at most one is open at any time."""

    @property
    def is_open(self) -> bool:
        """Whether a connection exists that is not known to be broken."""
        ...

    async def open(self) -> None:
        """Connect and log in. Raises OwnTrouble where no resolver answers in time, and the driver's errors."""
        ...

    async def cut(self) -> None:
        """Close the connection at once, without a closing message."""
        ...


@frozen
class DriverErrors:
    """Attribution of one driver's exceptions; ``kinds`` imports the driver, so it is called late."""

    kinds: Callable[[], tuple[type[Exception], ...]]
    is_broken: Callable[[Exception], bool]
    """Whether the error broke the connection rather than the query; then a new connection is tried."""
    own_reason: Callable[[Exception, str], str | None]
    """(error, address) → the monitor's own fault in words, None where it is the target's."""
    reason_of: Callable[[Exception, str, str, float], str]
    """(error, address, stage, time limit in seconds) → the target's fault in words, without secrets."""


class KeptProbe(ABC):
    """One query decides and is timed; the server's statistics add samples, facts and "degraded", never a failure.

    ``stage`` names the current step ("connect", "query", ...), for the reason of a timeout.
    """

    def __init__(self, connection: KeptConnection, errors: DriverErrors, address: str, timeout: float) -> None:
        self.stage = ""
        self._kept = connection
        self._errors = errors
        self._address = address
        self._timeout = timeout

    @abstractmethod
    async def ask(self) -> None:
        """Run the deciding query over the open connection; any answer is healthy."""

    @abstractmethod
    async def statistics(self, began: float) -> ServerStatistics:
        """The server's statistics; ``began`` is the probe's start (monotonic), whose time limit covers both."""

    async def probe(self) -> ProbeResult:
        """Measure once. Raises OwnTrouble where the target's state cannot be known."""
        began = time.monotonic()
        phases: dict[str, float] = {}
        try:
            duration = await self._question(phases)
            known = await self.statistics(began)
        except self._errors.kinds() as error:
            await self._kept.cut()
            return ProbeResult(HealthStatus.UNHEALTHY, self._reason(error), phases=phases)
        except BaseException:  # cancelled: do not leave a connection in an unknown state
            await self._kept.cut()
            raise
        self.stage = ""
        status = HealthStatus.DEGRADED if known.degraded else HealthStatus.HEALTHY
        return ProbeResult(status, known.degraded, duration, phases, known.samples, known.facts, inventories=known.inventories)

    async def _question(self, phases: dict[str, float]) -> float:
        """Seconds of one round trip; a kept connection found broken is replaced once."""
        if self._kept.is_open:
            try:
                return await self._round_trip(phases)
            except self._errors.kinds() as error:
                if not self._errors.is_broken(error):
                    raise
                await self._kept.cut()
        self.stage = "connect"
        start = time.monotonic()
        await self._kept.open()
        phases["connect"] = time.monotonic() - start
        return await self._round_trip(phases)

    async def _round_trip(self, phases: dict[str, float]) -> float:
        self.stage = "query"
        start = time.monotonic()
        await self.ask()
        phases["query"] = time.monotonic() - start
        return phases["query"]

    def _budget(self, began: float, share: float) -> float:
        """Seconds for statistics: a share of the time left, so that they cannot turn a verdict into a timeout."""
        return max(0.01, share * (self._timeout - (time.monotonic() - began)))

    def _reason(self, error: Exception) -> str:
        own = self._errors.own_reason(error, self._address)
        if own is not None:
            raise OwnTrouble(own) from None
        return self._errors.reason_of(error, self._address, self.stage, self._timeout)
