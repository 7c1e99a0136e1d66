"""The loop of one check, on a clock that is turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.support.clocks import ManualClock, settle
from tests.support.settings import made
from tui_monitor.checks.check_loop import CheckLoop, first_delay, probe_once
from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.values import HealthStatus, Observation, ProbeResult
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.tcp.settings import TcpCheck

GOOD = ProbeResult(HealthStatus.HEALTHY, "", 0.01)
BAD = ProbeResult(HealthStatus.UNHEALTHY, "connection refused", 0.01)


class Scripted:
    """A probe that does what the test says."""

    stage = ""

    def __init__(self, *script: ProbeResult | BaseException | Callable[[], Awaitable[ProbeResult]]) -> None:
        self.script = list(script)
        self.began: list[float] = []
        self.running = 0
        self.closed = False
        self.clock = ManualClock()

    async def probe(self) -> ProbeResult:
        """The next of the script; the last one for ever."""
        assert self.running == 0, "two probes of one check at once"
        self.running += 1
        try:
            self.began.append(self.clock.monotonic() - 1000)
            step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            if isinstance(step, BaseException):
                raise step
            return step if isinstance(step, ProbeResult) else await step()
        finally:
            self.running -= 1

    async def close(self) -> None:
        """Given back."""
        self.closed = True


async def believe(_result: ProbeResult, _check: CheckSettings) -> str:
    """Nothing speaks for our own fault."""
    return ""


def check(**keys: object) -> TcpCheck:
    """A check of ten seconds."""
    return made(TcpCheck, {"name": "db", "host": "db.example.com", "port": 5432, "type": "tcp", **keys})


class Loop:
    """A running loop and what it observed."""

    def __init__(
        self,
        probe: Scripted,
        of: TcpCheck,
        doubt: Callable[[ProbeResult, CheckSettings], Awaitable[str]] = believe,
        spare_probe: Callable[[], Scripted] | None = None,
    ) -> None:
        self.probe = probe
        self.seen: list[Observation] = []
        self.loop = CheckLoop(of, probe, probe.clock, self.seen.append, doubt, spare_probe=spare_probe)
        self.task = asyncio.create_task(self.loop.run())

    @property
    def statuses(self) -> list[HealthStatus]:
        """The judged statuses so far."""
        return [observation.check.status for observation in self.seen if observation.check]

    async def stop(self) -> None:
        """Cancel it, as the collector does."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_the_first_probe_is_at_once_and_the_others_on_the_grid() -> None:
    """Ten seconds apart, the first without delay; a cancelled loop gives its probe back."""
    probe = Scripted(GOOD)
    loop = Loop(probe, check())
    await settle()
    assert probe.began == [0]
    await probe.clock.advance(35)
    assert probe.began == [0, 10, 20, 30]
    await loop.stop()
    assert probe.closed


async def test_a_slow_probe_leaves_turns_out_and_never_piles_up() -> None:
    """A probe of 25 seconds on a grid of ten: the next one is at 30, not three at once."""
    probe = Scripted(GOOD)

    async def slow() -> ProbeResult:
        await probe.clock.sleep(25)
        return GOOD

    probe.script = [slow, GOOD]
    loop = Loop(probe, check())
    await settle()
    await probe.clock.advance(45)
    assert probe.began == [0, 30, 40]
    await loop.stop()


async def test_a_failure_has_a_duration_too() -> None:
    """Where the probe names none, it is the time it took: probe_duration_seconds goes on."""
    probe = Scripted(GOOD)

    async def slow() -> ProbeResult:
        await probe.clock.sleep(0.25)
        return ProbeResult(HealthStatus.UNHEALTHY, "connection refused")

    probe.script = [slow]
    probing = asyncio.create_task(probe_once(probe, check(), probe.clock))
    await settle()
    await probe.clock.advance(0.25)
    assert (await probing).duration == pytest.approx(0.25)


async def test_after_a_first_failure_the_pause_is_short() -> None:
    """retry_interval until the threshold, then the interval again."""
    probe = Scripted(GOOD, BAD, BAD, BAD)
    loop = Loop(probe, check(failures=2, retry_interval="2s"))
    await settle()
    await probe.clock.advance(33)
    assert probe.began == [0, 10, 12, 22, 32]
    assert loop.statuses[:3] == [HealthStatus.HEALTHY, HealthStatus.HEALTHY, HealthStatus.UNHEALTHY]
    await loop.stop()


async def test_what_breaks_in_a_probe_is_unknown_and_the_loop_goes_on() -> None:
    """A bug in a probe and own trouble are unknown with their reason; the next probe is healthy again."""
    probe = Scripted(GOOD, ValueError("a bug"), OwnTrouble("too many open files in the monitor"), GOOD)
    loop = Loop(probe, check())
    await settle()
    await probe.clock.advance(30)
    assert loop.statuses == [HealthStatus.HEALTHY, HealthStatus.UNKNOWN, HealthStatus.UNKNOWN, HealthStatus.HEALTHY]
    reasons = [observation.check.reason for observation in loop.seen if observation.check]
    assert "ValueError: a bug" in reasons[1] and "too many open files" in reasons[2]
    await loop.stop()


async def test_a_doubted_failure_counts_nothing() -> None:
    """Own network down in the middle: unknown, and the count of failures stays where it was."""
    reasons = iter(["", "this machine's network is down", ""])

    async def doubt(_result: ProbeResult, _check: CheckSettings) -> str:
        return next(reasons)

    probe = Scripted(BAD)
    loop = Loop(probe, check(failures=2, retry_interval="1s"), doubt)
    await settle()
    await probe.clock.advance(2.5)
    assert loop.statuses[1] is HealthStatus.UNKNOWN and loop.statuses[2] is HealthStatus.UNHEALTHY
    unhealthy = [sample for observation in loop.seen for sample in observation.samples if ("__name__", "probe_success") in sample.labels]
    assert len(unhealthy) == 2, "unknown counts in no uptime"
    await loop.stop()


async def test_a_timeout_says_how_long_and_where() -> None:
    """A probe that does not come back is unhealthy with its stage in the reason."""
    probe = Scripted(asyncio.Event().wait)  # type: ignore[arg-type]
    probe.stage = "connect"
    result = await probe_once(probe, check(timeout="50ms"), probe.clock)
    assert result.status is HealthStatus.UNHEALTHY
    assert result.reason == "timed out after 50ms (connect)"


@pytest.mark.parametrize(("asleep", "busy"), [(60.0, 0.0), (-60.0, 0.0), (0.0, 9.0)])
async def test_suspend_a_clock_step_and_a_busy_machine_in_the_middle_are_unknown(asleep: float, busy: float) -> None:
    """A failure during which the clocks disagree, or that took far longer than its limit, is not the target's."""
    probe = Scripted(BAD)

    async def interrupted() -> ProbeResult:
        probe.clock.step_wall(asleep)
        await probe.clock.advance(busy)
        return BAD

    probe.script = [interrupted]
    assert (await probe_once(probe, check(timeout="5s"), probe.clock)).status is HealthStatus.UNKNOWN


async def test_a_success_over_a_suspend_stays_a_success() -> None:
    """What answered well is well, whatever the clocks say."""
    probe = Scripted(GOOD)

    async def interrupted() -> ProbeResult:
        probe.clock.step_wall(60)
        return GOOD

    probe.script = [interrupted]
    assert (await probe_once(probe, check(), probe.clock)).status is HealthStatus.HEALTHY


def test_first_delays_are_stable_spread_and_short() -> None:
    """At once for a few checks; hundreds are spread over the interval at most, on the 50 ms grid, the same at each start."""
    assert first_delay("api", 10, 1) == 0
    delays = [first_delay(f"check {n}", 10, 400) for n in range(400)]
    assert delays == [first_delay(f"check {n}", 10, 400) for n in range(400)]
    assert max(delays) < 4.0 and len(set(delays)) > 50
    assert all(abs(delay / 0.05 - round(delay / 0.05)) < 1e-6 for delay in delays)
    assert max(first_delay(f"check {n}", 0.2, 400) for n in range(400)) < 0.2


async def test_probing_out_of_turn_does_not_pause_after_a_probe_that_hung() -> None:
    """A parent that does not answer is judged after two time limits: the pause counts from start to start."""
    probe = Scripted(GOOD)
    loop = Loop(probe, check(timeout="5s", interval="60s"))
    await settle()
    began = probe.clock.monotonic()

    async def hung() -> ProbeResult:
        await probe.clock.sleep(5)
        return BAD

    probe.script = [hung]
    probing = asyncio.create_task(loop.loop.probe_out_of_turn())
    await settle()
    for _ in range(10):
        await probe.clock.advance(1)
    await probing
    assert loop.statuses[-1] is HealthStatus.UNHEALTHY and probe.clock.monotonic() - began == 10
    await loop.stop()


@pytest.mark.parametrize(("answer", "took"), [(BAD, 7), (GOOD, 2)])
async def test_probing_out_of_turn_does_not_wait_for_a_probe_that_hangs(answer: ProbeResult, took: float) -> None:
    """Two seconds after one that hangs the next begins beside it: the second failure is known after 7 s, a success at once."""
    probe, beside = Scripted(GOOD), Scripted(answer)
    loop = Loop(probe, check(timeout="5s", interval="60s"), spare_probe=lambda: beside)
    await settle()
    began = probe.clock.monotonic()

    async def hung() -> ProbeResult:
        await probe.clock.sleep(5)
        return BAD

    async def after_a_while() -> ProbeResult:
        await probe.clock.sleep(5 if answer is BAD else 0)
        return answer

    probe.script, beside.script = [hung], [after_a_while]
    probing = asyncio.create_task(loop.loop.probe_out_of_turn())
    await settle()
    while not probing.done() and probe.clock.monotonic() - began < 20:
        await probe.clock.advance(1)
        await settle()
    await probing
    assert probe.clock.monotonic() - began == took and beside.closed
    assert loop.statuses[-1] is (HealthStatus.UNHEALTHY if answer is BAD else HealthStatus.HEALTHY)
    await loop.stop()
