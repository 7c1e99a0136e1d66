"""The docker check against a real dockerd: states, health, restarts, exit codes, memory, names, and the socket that may not be opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.peers.base import wait_until
from tests.support.peers.dockerd import Dockerd, dockerd
from tests.support.peers.fixtures import present
from tests.support.settings import made
from tui_monitor.alerts.rules.defaults import default_rules
from tui_monitor.core.values import ContainerState, HealthStatus, ProbeResult
from tui_monitor.promql.engine import compile_expr
from tui_monitor.sources.docker.probe import DockerProbe
from tui_monitor.sources.docker.settings import DockerCheck
from tui_monitor.storage.memory import SeriesMemory

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus


def probe_of(peer: Dockerd, **keys: Any) -> DockerProbe:
    return DockerProbe(made(DockerCheck, {"name": "c", "socket": str(peer.socket), "timeout": "20s", **keys}))


async def asked(probe: DockerProbe) -> ProbeResult:
    async with asyncio.timeout(30):
        return await probe.probe()


async def until(probe: DockerProbe, holds: Callable[[ProbeResult], bool]) -> ProbeResult:
    """The first answer of which this holds."""
    async with asyncio.timeout(60):
        while True:
            if holds(result := await probe.probe()):
                return result
            await asyncio.sleep(0.05)


def container(probe: DockerProbe, name: str) -> ContainerState:
    return next(one for one in probe.containers if one.name == name)


def series(result: ProbeResult) -> dict[str, float]:
    """By name and the values of its labels: container_state{web,running}."""
    return {
        f"{dict(labels)['__name__']}{{{','.join(value for key, value in labels if key != '__name__')}}}": value
        for labels, value in result.samples
    }


@pytest.fixture
def engine(dockerd_peer: Dockerd) -> Iterator[Dockerd]:
    """The shared engine without containers."""
    yield dockerd_peer
    for ident in dockerd_peer.docker("ps", "-aq").split():
        dockerd_peer.docker("rm", "-f", ident)


Make = Callable[..., DockerProbe]


@pytest.fixture
async def make(engine: Dockerd) -> AsyncIterator[Make]:
    """Makes probes of the shared engine, with keys."""
    found: list[DockerProbe] = []

    def one(**keys: Any) -> DockerProbe:
        found.append(probe_of(engine, **keys))
        return found[-1]

    yield one
    for probe in found:
        await probe.close()


@pytest.fixture
def probe(make: Make) -> DockerProbe:
    return make()


async def test_a_running_container_is_healthy_and_has_its_figures(engine: Dockerd, probe: DockerProbe) -> None:
    """State, restarts, memory without page cache and its limit at once, CPU as a ratio of one core from the second answer on."""
    engine.run("web", "sh", "-c", "while true; do :; done", options=("--memory=32m",))
    first = await asked(probe)
    assert (first.status, first.reason) == (HEALTHY, "")
    assert "container_cpu_usage_ratio{web}" not in series(first), "one reading says nothing about a rate"
    found = series(await until(probe, lambda result: "container_cpu_usage_ratio{web}" in series(result)))
    assert found["container_state{web,running}"] == 1 and found["container_restarts_total{web}"] == 0
    assert 0.2 < found["container_cpu_usage_ratio{web}"] < 1.5
    assert 0 < found["container_memory_usage_bytes{web}"] < found["container_memory_limit_bytes{web}"] == 32 * 2**20
    assert first.facts["containers"] == "1: 1 running" and "Docker/" in first.facts["engine"]
    view = container(probe, "web")
    assert (view.image, view.state, view.health, view.restarts) == ("busybox", "running", "", 0) and view.since > 1_700_000_000_000


async def test_each_state_is_told_in_words(engine: Dockerd, make: Make) -> None:
    """Paused, created, exited 0 and n, killed by a signal, killed for want of memory: each its own words and advice."""
    engine.run("paused", "sleep", "99")
    engine.docker("pause", "paused")
    engine.docker("create", "--name=fresh", "busybox", "true")
    engine.run("done", "true")
    engine.run("failed", "sh", "-c", "exit 3")
    engine.run("killed", "sleep", "99")
    engine.docker("kill", "killed")
    engine.run("greedy", "sh", "-c", "x=a; while true; do x=$x$x; done", options=("--memory=8m",))
    names = ["paused", "fresh", "done", "failed", "killed", "greedy"]
    probe = make(containers=names)
    await until(probe, lambda result: all(container(probe, name).state == "exited" for name in names[2:]))
    await until(probe, lambda result: container(probe, "greedy").reason.startswith("killed for"))  # Docker tells the cause a moment later
    told = {one.name: (one.status, one.reason) for one in probe.containers}
    assert told == {
        "paused": (DEGRADED, "paused (docker unpause paused)"),
        "fresh": (UNHEALTHY, "created but not started (docker start fresh)"),
        "done": (UNHEALTHY, "exited with code 0, without error: docker start done"),
        "failed": (UNHEALTHY, "exited with code 3: docker logs failed"),
        "killed": (UNHEALTHY, "killed by SIGKILL (exit code 137), not for want of memory: docker start killed"),
        "greedy": (UNHEALTHY, "killed for want of memory (exit code 137): give it more memory (--memory), or see what grew"),
    }


async def test_without_names_only_what_failed_counts(engine: Dockerd, probe: DockerProbe) -> None:
    """All containers are watched; one that ended well, was stopped or never started is nobody's fault, one that failed is."""
    engine.run("web", "sleep", "99")
    engine.run("done", "true")
    engine.docker("create", "--name=fresh", "busybox", "true")
    engine.run("stopped", "sleep", "99")
    engine.docker("kill", "stopped")
    result = await until(probe, lambda result: container(probe, "done").state == "exited")
    assert result.status is HEALTHY and result.facts["containers"].startswith("4: 2 exited")
    engine.run("failed", "sh", "-c", "exit 3")
    result = await until(probe, lambda result: result.status is UNHEALTHY)
    assert result.reason == "failed: exited with code 3: docker logs failed"


async def test_a_crash_loop_is_unhealthy_and_counted(engine: Dockerd, probe: DockerProbe) -> None:
    """`restarting` counts as running for the engine and as unhealthy here; its restarts make the built-in rule fire at the third."""
    engine.run("loop", "false", options=("--restart=always",))
    memory, at = SeriesMemory(), 1_000_000
    rule = compile_expr(next(rule.expr for rule in default_rules() if rule.alert == "ContainerRestarting"))
    reasons = set()
    async with asyncio.timeout(60):
        while not rule.instant(memory, at):
            result = await asked(probe)
            reasons.add(result.reason if result.status is UNHEALTHY else "")
            memory.append(at := at + 10_000, result.samples, 300_000)
            await asyncio.sleep(0.2)
    assert series(result)["container_restarts_total{loop}"] >= 3
    assert any("loop: restarting again and again (exited with code 1, " in reason for reason in reasons)


async def test_a_restart_between_two_looks_is_seen(engine: Dockerd, probe: DockerProbe) -> None:
    """A container that runs at each look, but was restarted by its engine in between, is degraded once."""
    engine.run("flappy", "sh", "-c", "sleep 1; exit 4", options=("--restart=always",))
    result = await until(probe, lambda result: result.status is DEGRADED)
    assert "flappy: restarted once since the last look: docker logs flappy" in result.reason


async def test_health_checks_decide_and_their_words_are_told(engine: Dockerd, probe: DockerProbe, tmp_path: Path) -> None:
    """Starting leaves the former status, unhealthy is unhealthy with the check's output, healthy is healthy; each has its value."""
    health = ("--health-interval=1s", "--health-retries=1")
    engine.run("web", "sleep", "99", options=(f"--health-cmd=test -e {tmp_path}/ok || (echo no file; false)", *health))
    early = await until(probe, lambda result: container(probe, "web").health == "starting" or result.status is UNHEALTHY)
    result = await until(probe, lambda result: result.status is UNHEALTHY)
    assert early.status in (HEALTHY, UNHEALTHY) and result.reason == "web: its health check fails: no file"
    assert series(result)["container_health{web}"] == 2
    (tmp_path / "ok").touch()  # the health checks of this engine see this machine's files
    result = await until(probe, lambda result: result.status is HEALTHY)
    assert series(result)["container_health{web}"] == 0 and container(probe, "web").health == "healthy"


async def test_expect_healthy_wants_a_health_check_and_exited_an_end_without_error(engine: Dockerd, make: Make) -> None:
    """`expect = "healthy"` is not met by a container without one; `exited` by 0 and by one at work, not by another code."""
    engine.run("web", "sleep", "99")
    engine.run("job", "true")
    engine.run("bad", "sh", "-c", "exit 9")
    result = await asked(make(containers=["web"], expect="healthy"))
    assert result.reason == 'web: has no health check: give it one, or expect = "running"'
    assert (await asked(make(containers=["job", "web"], expect="exited"))).status is HEALTHY
    result = await until(make(containers=["bad"], expect="exited"), lambda result: result.status is UNHEALTHY)
    assert result.reason == "bad: exited with code 9: docker logs bad"


async def test_names_patterns_and_ids_choose(engine: Dockerd, make: Make) -> None:
    """A name, a pattern, the beginning of an id; what names nothing is unhealthy and says what was looked for."""
    engine.run("web-1", "sleep", "99")
    engine.run("web-2", "sleep", "99")
    ident = engine.run("db", "sleep", "99")
    probe = make(containers=["web-*", ident[:12]])
    assert (await asked(probe)).status is HEALTHY
    assert [one.name for one in probe.containers] == ["db", "web-1", "web-2"]
    result = await asked(make(containers=["db", "queue", "mail-*"]))
    assert (result.status, result.reason) == (UNHEALTHY, "there is no container queue; no container's name matches mail-*")


async def test_a_container_made_anew_goes_on_as_the_same_series(engine: Dockerd, probe: DockerProbe) -> None:
    """Series are by name; the one of another id under the same name begins its restarts anew, and what is gone ends."""
    engine.run("web", "sleep", "99")
    engine.run("old", "sleep", "99")
    before = series(await asked(probe))
    engine.docker("rm", "-f", "web", "old")
    engine.run("web", "sleep", "99")
    result = await asked(probe)
    after = series(result)
    assert before.keys() & after.keys() >= {"container_state{web,running}", "container_restarts_total{web}"}
    assert next(inventory.values for inventory in result.inventories) == {"web"}


async def test_an_engine_that_hangs_is_left_at_the_limit_in_a_named_stage() -> None:
    """A suspended engine holds the probe no longer than its limit; when it goes on, so does the check."""
    with present(dockerd) as peer:
        probe, process = probe_of(peer), psutil.Process(peer.first_pid)
        assert (await asked(probe)).status is HEALTHY
        process.suspend()
        wait_until(lambda: process.status() == psutil.STATUS_STOPPED)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await probe.probe()
        assert probe.stage == "listing the containers"
        process.resume()
        assert (await asked(probe)).status is HEALTHY
        await probe.close()
