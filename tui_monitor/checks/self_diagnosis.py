"""Self-diagnosis: detects own trouble, so that it is never reported as an outage of a target."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.settings import GuardSettings
from tui_monitor.core.frozen import frozen
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import ProbeResult
from tui_monitor.sources.kinds import target_of
from tui_monitor.sources.net.resolve import RESOLVER

REFERENCE_AGE = 3.0
"""Seconds for which the result "the network is down" is reused."""
WELL_AGE = 0.5
"""Seconds for which the result "the network is up" is reused; a later failure may be caused by a network that went down since."""
REFERENCE_TIMEOUT = 2.0


@frozen
class Jump:
    """A jump of time between two ticks, in seconds: suspend, and how far the wall clock was set (+ forward)."""

    slept: float = 0.0
    stepped: float = 0.0

    @property
    def any(self) -> bool:
        """Whether rates and grace timers must restart."""
        return self.slept > 2 or abs(self.stepped) > 2


class TimeWatch:
    """The comparison of three clocks: monotonic (stands still in suspend), boot time (does not), wall (can be set)."""

    def __init__(self, boottime: Callable[[], float] | None = None) -> None:
        self._boottime = boottime or _boottime
        self._last: tuple[float, float, float] | None = None

    def measure(self, wall_ms: int, monotonic: float) -> Jump:
        """The jump since the last call."""
        now = (wall_ms / 1000, monotonic, self._boottime())
        before, self._last = self._last, now
        if before is None:
            return Jump()
        wall, mono, boot = (b - a for a, b in zip(before, now, strict=True))
        return Jump(max(0.0, boot - mono), wall - boot)


def _boottime() -> float:
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class Guard:
    """The check of this machine's network (`[guard]`): where no reference answers, failures of remote checks are own trouble."""

    def __init__(self, settings: GuardSettings, troubles: Troubles, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._troubles = troubles
        self._monotonic = monotonic
        self._asked = float("-inf")
        self._lock = asyncio.Lock()
        self._answer = ""
        self._rechecking: asyncio.Task[None] | None = None

    async def explain_by_own_fault(self, result: ProbeResult, check: CheckSettings) -> str:
        """The own fault that may explain a failure of a remote target; "" for none and for local targets."""
        if not (self._settings.reference or self._settings.dns) or result.phases.get("processing"):
            return ""
        if target_of(check)[1]:
            return ""
        async with self._lock:  # simultaneous failures share one try
            if self._monotonic() - self._asked > (REFERENCE_AGE if self._answer else WELL_AGE):
                await self._try_references()
            return self._answer

    def recheck(self) -> None:
        """Try the references again while the network is down, in a task, so that the tick does not wait."""
        if self._answer and (self._rechecking is None or self._rechecking.done()):
            self._rechecking = asyncio.create_task(self._try_references(), name="guard")

    def reconfigure(self, settings: GuardSettings) -> None:
        """Use other references; the trouble of the old ones is cleared."""
        if settings != self._settings:
            self._settings, self._answer, self._asked = settings, "", float("-inf")
            self._troubles.clear("network")

    async def _try_references(self) -> None:
        begin = self._monotonic()
        self._answer = await self._own_fault()
        self._asked = begin
        self._troubles.set("network", self._answer)

    async def _own_fault(self) -> str:
        if self._settings.reference:
            answers = await asyncio.gather(*(_reachable(place) for place in self._settings.reference))
            if not any(answers):
                return f"this machine's network is down: none of {len(answers)} references answers"
        if self._settings.dns:
            found = await asyncio.gather(*(_resolves(name) for name in self._settings.dns))
            if not any(found):
                return f"this machine's name resolution is down: none of {len(found)} names resolves"
        return ""


async def _reachable(place: str) -> bool:
    host, _, port = place.rpartition(":")
    try:
        async with asyncio.timeout(REFERENCE_TIMEOUT):
            addresses = await RESOLVER.resolve(host.strip("[]"))
            _, writer = await asyncio.open_connection(addresses[0][1][0], int(port))
    except (OSError, ValueError):
        return False
    writer.close()
    return True


async def _resolves(name: str) -> bool:
    try:
        async with asyncio.timeout(REFERENCE_TIMEOUT):
            await RESOLVER.resolve(name)
    except OSError:
        return False
    return True
