"""Is it me? Own network, own clock, own troubles."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.clocks import ManualClock
from tests.support.httpserver import HttpServer
from tests.support.processes import until
from tests.support.servers import free_port
from tests.support.settings import made
from tui_monitor.checks.self_diagnosis import Guard, Jump, TimeWatch
from tui_monitor.config.settings import GuardSettings
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import HealthStatus, ProbeResult, label
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.sources.tcp.settings import TcpCheck

REMOTE = made(HttpCheck, name="shop", url="https://shop.example.com/")
FAILED = ProbeResult(HealthStatus.UNHEALTHY, "timed out", 5.0)


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    return free_port()


def guard(*reference: str, dns: list[str] | None = None) -> tuple[Guard, Troubles, ManualClock]:
    """A guard with these references."""
    troubles, clock = Troubles(), ManualClock()
    return Guard(GuardSettings(reference=list(reference), dns=dns or []), troubles, clock.monotonic), troubles, clock


async def test_no_reference_answers_then_it_is_me() -> None:
    """When no reference can be reached, the failure of a remote target is doubted and the trouble is told."""
    watch, troubles, _ = guard(f"127.0.0.1:{closed_port()}", f"127.0.0.1:{closed_port()}")
    assert "network is down" in await watch.explain_by_own_fault(FAILED, REMOTE)
    assert troubles.texts and "network" in troubles.texts[0]


async def test_one_reference_answers_then_it_is_the_target() -> None:
    """One reference that can be reached is enough to believe the failure."""
    async with HttpServer() as server:
        watch, troubles, _ = guard(f"127.0.0.1:{closed_port()}", f"127.0.0.1:{server.port}")
        assert await watch.explain_by_own_fault(FAILED, REMOTE) == ""
        assert not troubles.texts


async def test_local_targets_and_answers_are_never_doubted() -> None:
    """A target on this machine, or one that did answer, failed by itself."""
    watch, _, _ = guard(f"127.0.0.1:{closed_port()}")
    assert await watch.explain_by_own_fault(FAILED, made(TcpCheck, name="db", host="127.0.0.1", port=1)) == ""
    assert await watch.explain_by_own_fault(FAILED, made(HttpCheck, name="a", url="http://localhost:1/")) == ""
    assert await watch.explain_by_own_fault(ProbeResult(HealthStatus.UNHEALTHY, "500", 0.1, phases={"processing": 0.05}), REMOTE) == ""
    without = Guard(GuardSettings(), Troubles(), lambda: 0.0)
    assert await without.explain_by_own_fault(FAILED, REMOTE) == ""


async def test_many_failures_at_once_ask_once() -> None:
    """A hundred checks that fail in one moment make one question to the reference."""
    async with HttpServer() as server:
        watch, _, clock = guard(f"127.0.0.1:{server.port}")
        assert set(await asyncio.gather(*(watch.explain_by_own_fault(FAILED, REMOTE) for _ in range(100)))) == {""}
        await server.wait_for(lambda it: it.connections == 1)
        clock._move(clock.monotonic() + 1)
        await watch.explain_by_own_fault(FAILED, REMOTE)
        await server.wait_for(lambda it: it.connections == 2)


async def test_the_network_goes_away_right_after_it_was_well() -> None:
    """A failure a second after a reference answered is not believed because of that answer: the network may have gone since."""
    async with HttpServer() as server:
        watch, _, clock = guard(f"127.0.0.1:{server.port}")
        assert await watch.explain_by_own_fault(FAILED, REMOTE) == ""
    clock._move(clock.monotonic() + 1)
    assert "network is down" in await watch.explain_by_own_fault(FAILED, REMOTE)


async def test_the_network_comes_back_without_a_new_failure() -> None:
    """While it is in trouble the guard looks again beside the ticks, and clears the trouble."""
    server = HttpServer(port=closed_port())
    watch, troubles, _ = guard(f"127.0.0.1:{server.port}")
    assert await watch.explain_by_own_fault(FAILED, REMOTE)
    async with server:
        watch.recheck()
        await until(lambda: not troubles.texts)


async def test_a_resolver_that_knows_nothing_is_me() -> None:
    """No reference name resolves: names cannot be judged."""
    watch, _, _ = guard(dns=["does-not-exist.invalid"])
    assert "name resolution" in await watch.explain_by_own_fault(FAILED, REMOTE)


async def test_other_references_after_a_reload() -> None:
    """New settings forget the old answer."""
    watch, troubles, _ = guard(f"127.0.0.1:{closed_port()}")
    assert await watch.explain_by_own_fault(FAILED, REMOTE)
    watch.reconfigure(GuardSettings())
    assert not troubles.texts and await watch.explain_by_own_fault(FAILED, REMOTE) == ""


@pytest.mark.parametrize(
    ("wall", "mono", "boot", "expected"),
    [
        (1.0, 1.0, 1.0, Jump(0.0, 0.0)),
        (61.0, 1.0, 61.0, Jump(60.0, 0.0)),
        (-3599.0, 1.0, 1.0, Jump(0.0, -3600.0)),
        (3601.0, 1.0, 1.0, Jump(0.0, 3600.0)),
        (161.0, 1.0, 61.0, Jump(60.0, 100.0)),
        (5.0, 5.0, 5.0, Jump(0.0, 0.0)),
    ],
)
def test_three_clocks_tell_suspend_from_a_step(wall: float, mono: float, boot: float, expected: Jump) -> None:
    """What only boot time saw was suspend; what only the wall clock saw was a step; a busy second is neither."""
    boots = iter([100.0, 100.0 + boot])
    watch = TimeWatch(lambda: next(boots))
    assert watch.measure(1_000_000_000, 50.0) == Jump()
    found = watch.measure(1_000_000_000 + round(wall * 1000), 50.0 + mono)
    assert (found.slept, found.stepped) == pytest.approx((expected.slept, expected.stepped))
    assert found.any == (expected != Jump())


def test_a_trouble_that_is_over_is_told_as_zero() -> None:
    """Each trouble is a series: 1 while it is, 0 afterwards, so that its alert resolves."""
    troubles = Troubles()
    troubles.set("disk", "full")
    troubles.set("disk", "still full")
    assert [(label(s.labels, "reason"), s.value) for s in troubles.samples()] == [("disk", 1.0)]
    assert troubles.texts == ("still full",)
    troubles.set("disk", "")
    assert [(label(s.labels, "reason"), s.value) for s in troubles.samples()] == [("disk", 0.0)]
