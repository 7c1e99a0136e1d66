"""The loop of a check: probes on a steady grid, without overlap, with a time limit and an error boundary."""

from __future__ import annotations

import asyncio
import logging
import math
import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from tui_monitor.checks.fence import admit_result, text_of
from tui_monitor.checks.health import CheckState, LabelSets, check_labels, judge, judge_slowness, next_pause, samples_of
from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clip
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import HealthStatus, Observation, ProbeResult
from tui_monitor.sources.api import OwnTrouble, Probe
from tui_monitor.sources.queries import HasQueries, QuerySettings

GRID = 0.05
CANCEL_GRACE = 0.5
"""Seconds that a probe has to end after its cancellation; then it is abandoned."""
REASON_LENGTH = 300
CLOSE_MS = 100
"""A result at most so many ms before the last one gets a later time; one further back means that the clock was set back."""
Doubt = Callable[[ProbeResult, CheckSettings], Awaitable[str]]
"""Returns the own fault that explains a failure, or ""."""

log = logging.getLogger(__name__)


class ProbeBroke(Exception):
    """A probe raised an undeclared exception or cancelled itself."""


async def _answer_of(probe: Probe, limit: float, left: set[asyncio.Task[Any]]) -> object:
    """The answer of the probe, of any type. Raises TimeoutError, OwnTrouble and ProbeBroke only, besides our own cancellation.

    The probe runs in its own task: one that suppresses its cancellation is abandoned (in ``left``) after CANCEL_GRACE, and its
    answer is discarded. Until it has ended no other probe begins, so that such probes never pile up.
    """
    if left:
        raise ProbeBroke("the probe is at fault: an earlier one has not ended, though its time was up")
    task, late = asyncio.create_task(_caught(probe)), False
    try:
        await _ended(task, limit)
    finally:
        if not task.done():
            task.cancel()
            late = True
            await asyncio.wait({task}, timeout=CANCEL_GRACE)
            if not task.done():
                left.add(task)
                task.add_done_callback(left.discard)
            task.add_done_callback(_ignore)
    if late:
        raise TimeoutError
    answer, error = (None, task.exception()) if task.exception() else task.result()
    if error is None:
        return answer
    if isinstance(error, TimeoutError | OwnTrouble):
        raise error
    said = clip(text_of(error), REASON_LENGTH)
    raise ProbeBroke(f"the probe failed: {type(error).__name__}{': ' if said else ''}{said}") from error


async def _ended(task: asyncio.Task[Any], limit: float) -> None:
    """Wait for the end of the task, at most so many seconds; as asyncio.wait, which takes three times as long."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def end(_: object = None) -> None:
        if not ended.done():
            ended.set_result(None)

    timer = loop.call_later(limit, end)
    task.add_done_callback(end)
    try:
        await ended
    finally:
        timer.cancel()


async def _caught(probe: Probe) -> tuple[object, BaseException | None]:
    """The boundary: (answer, None) or (None, error). SystemExit and KeyboardInterrupt would end the event loop from inside a task."""
    own = asyncio.current_task()
    try:
        return await probe.probe(), None
    except GeneratorExit:  # the coroutine is being closed: it must not continue
        raise
    except asyncio.CancelledError as error:
        cancelled = own is not None and own.cancelling()
        del own  # else frame, task and error hold each other, and the probe's descriptors stay open until the collector of cycles runs
        if cancelled:
            raise
        return None, error
    except BaseException as error:  # noqa: BLE001  whatever a source raises stops no other check
        return None, error


def _ignore(task: asyncio.Task[Any]) -> None:
    """Retrieve the outcome of an abandoned task, so that asyncio does not report it."""
    if not task.cancelled():
        task.exception()


async def probe_once(
    probe: Probe,
    check: CheckSettings,
    clock: Clock,
    *,
    lag: float = 1.0,
    left: set[asyncio.Task[Any]] | None = None,
    redact: Callable[[str], str] = str,
) -> ProbeResult:
    """The verdict of one probe, with slowness applied. Raises nothing but cancellation: own trouble and bugs become unknown."""
    begin, wall = clock.monotonic(), clock.wall_ms()
    try:
        result = admit_result(await _answer_of(probe, check.timeout, set() if left is None else left), redact)
    except TimeoutError:
        where = f" ({probe.stage})" if probe.stage else ""
        result = ProbeResult(HealthStatus.UNHEALTHY, f"timed out after {format_duration(check.timeout)}{where}", check.timeout)
    except OwnTrouble as trouble:
        return ProbeResult(HealthStatus.UNKNOWN, redact(str(trouble)))
    except ProbeBroke as broke:
        log.error("check %s: %s", check.name, broke, exc_info=broke.__cause__)
        return ProbeResult(HealthStatus.UNKNOWN, redact(str(broke)))
    took, passed = clock.monotonic() - begin, (clock.wall_ms() - wall) / 1000
    if result.duration is None and result.status is HealthStatus.UNHEALTHY:
        result = replace(result, duration=took)  # a failure has a duration too, so that every series of the check continues
    if result.status is HealthStatus.UNHEALTHY and took > check.timeout + lag:
        return ProbeResult(HealthStatus.UNKNOWN, f"this machine was too busy to measure ({took:.1f}s for a limit of {check.timeout:g}s)")
    if result.status is HealthStatus.UNHEALTHY and abs(passed - took) > 2:
        return ProbeResult(HealthStatus.UNKNOWN, "this machine slept or its clock was set during the probe")
    return judge_slowness(result, check)


class CheckLoop:
    """The loop of one check: probes until cancelled and passes every observation on."""

    def __init__(
        self,
        check: CheckSettings,
        probe: Probe,
        clock: Clock,
        observe: Callable[[Observation], None],
        doubt: Doubt,
        lag: float = 1.0,
        spare_probe: Callable[[], Probe] | None = None,
        redact: Callable[[str], str] = str,
    ) -> None:
        """``spare_probe``: makes a second probe of the same target, used out of turn while the first one hangs; None: there is none.

        ``redact`` hides what texts from outside may not show.
        """
        self.check = check
        self.probe = probe
        self.queries: Sequence[QuerySettings] = probe.queries if isinstance(probe, HasQueries) else ()
        self.standing = CheckState()
        self._clock = clock
        self._observe = observe
        self._doubt = doubt
        self._lag = lag
        self._labels = LabelSets(check_labels(check))
        self._turn = asyncio.Lock()
        self._spare_probe = spare_probe
        self._redact = redact
        self._probing_out_of_turn = False
        self._left: set[asyncio.Task[Any]] = set()
        self._at = 0

    async def run(self, first: float = 0.0) -> None:
        """Poll until cancelled; the first probe after ``first`` seconds, later ones on the check's own place of the grid.

        A delayed start is moved to the grid of all checks, so that many of them share one wake-up.
        """
        try:
            due = self._clock.monotonic() + first
            due = math.ceil(due / GRID) * GRID if first else due
            await self._clock.sleep(due - self._clock.monotonic())
            while True:
                await self.whole_step()
                due = self._next(due)
                await self._clock.sleep(due - self._clock.monotonic())
        finally:
            await self.probe.close()

    async def whole_step(self) -> None:
        """`step` with a boundary: an error outside of the probe costs this round only."""
        try:
            await self.step()
        except Exception:
            log.exception("check %s: a round failed", self.check.name)

    async def step(self) -> Observation:
        """Probe once, judge, pass the observation on; one at a time."""
        async with self._turn:
            return await self._run_probe(self.probe)

    async def _run_probe(self, probe: Probe) -> Observation:
        left = self._left if probe is self.probe else None
        result = await probe_once(probe, self.check, self._clock, lag=self._lag, left=left, redact=self._redact)
        if result.status is HealthStatus.UNHEALTHY and (reason := await self._doubt(result, self.check)):
            result = ProbeResult(HealthStatus.UNKNOWN, reason)
        return self.accept(result)

    async def probe_out_of_turn(self) -> None:
        """Probe out of turn until the verdict is final, as a failed check that depends on this one waits for it.

        One probe begins each `retry_interval`, also while another hangs, so that the verdict of a target that does not answer takes
        little more than one time limit.
        """
        if self._probing_out_of_turn:
            return
        self._probing_out_of_turn = True
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
            self._probing_out_of_turn = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _out_of_turn(self) -> Observation:
        if self._spare_probe is None or not self._turn.locked():
            return await self.step()
        probe = self._spare_probe()
        try:
            return await self._run_probe(probe)
        finally:
            await probe.close()

    def _sure(self, tasks: Iterable[asyncio.Future[Observation] | asyncio.Future[None]]) -> bool:
        """Whether one of these probes has answered and the status is not between a first failure and the threshold."""
        answered = any(task.done() and not task.cancelled() and task.result() is not None for task in tasks)
        return answered and next_pause(self.standing, self.check) >= self.check.interval

    def accept(self, result: ProbeResult) -> Observation:
        """Apply the thresholds to a result and pass the observation on."""
        now = self._at = self._moment()
        before = self.standing.status
        self.standing, judged = judge(self.standing, result, self.check, now)
        observation = Observation(now, samples_of(judged, self._labels, before), judged)
        self._observe(observation)
        return observation

    def _moment(self) -> int:
        """The time (UTC ms) of a result, never equal to the last one: of two samples at one time the second would be dropped."""
        now = self._clock.wall_ms()
        return self._at + 1 if now <= self._at < now + CLOSE_MS else now

    def _next(self, due: float) -> float:
        """The next due time; turns that a long probe missed are skipped."""
        pause = next_pause(self.standing, self.check)
        due += pause
        late = self._clock.monotonic() - due
        return due + (late // pause + 1) * pause if late > 0 else due


def first_delay(name: str, interval: float, count: int) -> float:
    """The delay of a check's first probe, on a 50 ms grid: 0 for few checks, spread for many, so that they do not start at once."""
    span = min(interval, count * 0.01)
    places = int(span / GRID)
    return (zlib.crc32(name.encode()) % places) * GRID if places else 0.0
