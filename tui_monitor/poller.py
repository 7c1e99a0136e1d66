"""One loop per check: first at once, then on a steady grid; no overlap, a timeout, and the only broad error boundary."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from tui_monitor.clock import Clock
from tui_monitor.judge import Standing, check_labels, judge, judge_slowness, next_pause, samples_of
from tui_monitor.model import HealthStatus, Observation, ProbeResult
from tui_monitor.settings import CheckSettings, HttpCheck, PostgresCheck, RedisCheck, TcpCheck
from tui_monitor.sources.base import OwnTrouble, Probe
from tui_monitor.units import format_duration

GRID = 0.05
AnyCheck = HttpCheck | TcpCheck | PostgresCheck | RedisCheck
Doubt = Callable[[ProbeResult, CheckSettings], Awaitable[str]]
"""Asks "is it me?" about a failure: the reason for believing so, or ""."""

log = logging.getLogger(__name__)


async def probe_once(probe: Probe, check: AnyCheck, clock: Clock, *, lag: float = 1.0) -> ProbeResult:
    """One probe's plain verdict, slowness judged. Never raises but for cancellation: own trouble and our bugs are unknown."""
    begin, wall = clock.monotonic(), clock.wall_ms()
    try:
        async with asyncio.timeout(check.timeout):
            result = await probe.probe()
    except TimeoutError:
        where = f" ({probe.stage})" if probe.stage else ""
        result = ProbeResult(HealthStatus.UNHEALTHY, f"timed out after {format_duration(check.timeout)}{where}", check.timeout)
    except OwnTrouble as trouble:
        return ProbeResult(HealthStatus.UNKNOWN, str(trouble))
    except Exception as error:  # the boundary: a bug in one probe must stop no other
        log.exception("check %s: the probe broke", check.name)
        return ProbeResult(HealthStatus.UNKNOWN, f"the probe broke: {type(error).__name__}: {error}")
    took, passed = clock.monotonic() - begin, (clock.wall_ms() - wall) / 1000
    if result.duration is None and result.status is HealthStatus.UNHEALTHY:
        result = replace(result, duration=took)  # a failure takes its time too: every series of every check goes on
    if result.status is HealthStatus.UNHEALTHY and took > check.timeout + lag:
        return ProbeResult(HealthStatus.UNKNOWN, f"this machine was too busy to measure ({took:.1f} s for a limit of {check.timeout:g} s)")
    if result.status is HealthStatus.UNHEALTHY and abs(passed - took) > 2:
        return ProbeResult(HealthStatus.UNKNOWN, "this machine slept or its clock was set during the probe")
    return judge_slowness(result, check)


class CheckLoop:
    """Polls one check for ever and hands every observation on."""

    def __init__(
        self,
        check: AnyCheck,
        probe: Probe,
        clock: Clock,
        observe: Callable[[Observation], None],
        doubt: Doubt,
        lag: float = 1.0,
        another: Callable[[], Probe] | None = None,
    ) -> None:
        """``another``: makes one more probe of the same target, for when one hangs and somebody waits; None: nobody is that impatient."""
        self.check = check
        self.probe = probe
        self.standing = Standing()
        self._clock = clock
        self._observe = observe
        self._doubt = doubt
        self._lag = lag
        self._labels = check_labels(check)
        self._turn = asyncio.Lock()
        self._another = another
        self._hurrying = False

    async def run(self, first: float = 0.0) -> None:
        """Poll until cancelled; the first probe after ``first`` seconds, later ones on the check's own place of the grid."""
        try:
            await self._clock.sleep(first)
            due = self._clock.monotonic()
            while True:
                await self.step()
                due = self._next(due)
                await self._clock.sleep(due - self._clock.monotonic())
        finally:
            await self.probe.close()

    async def step(self) -> Observation:
        """Probe once, judge, hand on; one at a time."""
        async with self._turn:
            return await self._ask(self.probe)

    async def _ask(self, probe: Probe) -> Observation:
        result = await probe_once(probe, self.check, self._clock, lag=self._lag)
        if result.status is HealthStatus.UNHEALTHY and (reason := await self._doubt(result, self.check)):
            result = ProbeResult(HealthStatus.UNKNOWN, reason)
        return self._take(result)

    async def hurry(self) -> None:
        """Probe out of turn until the verdict is sure: a check that depends on this one has failed and waits for it.

        One probe begins each `retry_interval`, also while another hangs, so that the verdict of a target that does not answer takes
        hardly more than one time limit.
        """
        if self._hurrying:
            return
        self._hurrying = True
        tasks: list[asyncio.Future[Observation] | asyncio.Future[None]] = []
        try:
            for _ in range(self.check.failures):
                pause = asyncio.ensure_future(self._clock.sleep(self.check.retry_interval))
                tasks += [asyncio.ensure_future(self._out_of_turn()), pause]
                await asyncio.wait(tasks[-2:], return_when=asyncio.FIRST_COMPLETED)
                if self._sure(tasks):
                    return
                await pause
            while not self._sure(tasks) and (open_ := [task for task in tasks if not task.done()]):
                await asyncio.wait(open_, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hurrying = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _out_of_turn(self) -> Observation:
        if self._another is None or not self._turn.locked():
            return await self.step()
        probe = self._another()
        try:
            return await self._ask(probe)
        finally:
            await probe.close()

    def _sure(self, tasks: Iterable[asyncio.Future[Observation] | asyncio.Future[None]]) -> bool:
        """Whether a probe of these has answered and the status is not between a first failure and the threshold."""
        answered = any(task.done() and not task.cancelled() and task.result() is not None for task in tasks)
        return answered and next_pause(self.standing, self.check) >= self.check.interval

    def _take(self, result: ProbeResult) -> Observation:
        now = self._clock.wall_ms()
        before = self.standing.status
        self.standing, judged = judge(self.standing, result, self.check, now)
        observation = Observation(now, samples_of(judged, self._labels, before), judged)
        self._observe(observation)
        return observation

    def _next(self, due: float) -> float:
        """The next due time; a probe that ran past it does not pile up, the missed turns are left out."""
        pause = next_pause(self.standing, self.check)
        due += pause
        late = self._clock.monotonic() - due
        return due + (late // pause + 1) * pause if late > 0 else due


def first_delay(name: str, interval: float, count: int) -> float:
    """A stable place on the 50 ms grid: at once for few checks, spread so that many do not start in one instant."""
    span = min(interval, count * 0.01)
    places = int(span / GRID)
    return (zlib.crc32(name.encode()) % places) * GRID if places else 0.0
