"""Promise 5 and its kin: what becomes of alerts when checks go, change or come back, over a reload, a restart and a clock set back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clocks import ManualClock
from tui_monitor.checks import collector
from tui_monitor.config.load import load
from tui_monitor.core.commands import CommandResult
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.runtime.leader import Leader
from tui_monitor.runtime.leader_assembly import open_leader

HEAD = """
host = "web-1"
default_rules = ["CheckUnhealthy"]
[[notifiers]]
name = "hook"
type = "webhook"
url = "http://127.0.0.1:9/"
[routing]
info = ["hook"]
[[rules]]
alert = "ProbeFails"
expr = "probe_success == 0"
[[rules]]
alert = "Slow"
expr = "check_health == 2"
for = "10m"
"""
API = '[[checks]]\nname = "api"\ntype = "tcp"\nhost = "::1"\nport = 9\nfailures = 1\n'
DB = '[[checks]]\nname = "db"\ntype = "tcp"\nhost = "::1"\nport = 9\nfailures = 1\n'


class Scripted:
    """A probe that says what the test wants."""

    stage = ""
    status = HealthStatus.UNHEALTHY

    async def probe(self) -> ProbeResult:
        """The wish."""
        return ProbeResult(self.status, "as the test wants", 0.01)

    async def close(self) -> None:
        """Nothing to give back."""


class Place:
    """A configuration, a state directory, a clock, and leaders one after the other, stepped by hand."""

    def __init__(self, folder: Path, probe: Scripted) -> None:
        self.clock = ManualClock()
        self.probe = probe
        self.file = folder / "config.toml"
        self.state = folder / "state"
        self.leader: Leader | None = None

    async def begin(self, *parts: str) -> Leader:
        """A new process with this configuration."""
        self.file.write_text(HEAD + "".join(parts))
        directory = open_directory(self.state)
        self.leader = await open_leader(load(self.file, {}), directory, self.clock, "headless", os.getpid(), lambda board: None)
        return self.leader

    async def reload(self, *parts: str) -> CommandResult:
        """Another configuration."""
        assert self.leader is not None
        self.file.write_text(HEAD + "".join(parts))
        return await self.leader.reload(load(self.file, {}))

    async def go(self, rounds: int = 1, *, probing: bool = True) -> None:
        """Each second: every check is probed, then a tick."""
        assert self.leader is not None
        for _ in range(rounds):
            await self.clock.advance(1.0)
            for loop in list(self.leader._collector._loops.values()) if probing else ():
                await loop.step()
            await self.leader.tick()

    async def end(self) -> None:
        """The process ends."""
        assert self.leader is not None
        self.leader._collector.stop()
        await self.leader.close()
        await self.leader.engine._reading.close()

    def firing(self) -> list[str]:
        """The alerts that fire, by name and check."""
        assert self.leader is not None
        return sorted(f"{alert.name} {alert.labels['check']}" for alert in self.leader.engine.alerts if alert.state == "firing")

    async def told(self) -> list[str]:
        """What is in the outbox, oldest first."""
        assert self.leader is not None and self.leader._state is not None
        entries = await self.leader._state.read(lambda db: db.outbox.newest(1000))
        payloads = await self.leader._state.read(lambda db: db.outbox.messages([entry.id for entry in reversed(entries)]))
        return [f"{alert.status} {alert.labels['alertname']} {alert.labels.get('check')}" for m in payloads for alert in m.alerts]


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place with one probe for all checks."""
    probe = Scripted()
    build: Callable[[object], Scripted] = lambda _check: probe  # noqa: E731
    monkeypatch.setattr(collector, "build_probe", build)
    return Place(tmp_path, probe)


async def test_a_check_that_a_reload_takes_out_fires_no_more(place: Place) -> None:
    """Its alerts end, told, and none of its last values fires again."""
    await place.begin(API, DB)
    await place.go(3)
    assert place.firing() == ["CheckUnhealthy api", "CheckUnhealthy db", "ProbeFails api", "ProbeFails db"]
    assert (await place.reload(DB)).text.startswith("reloaded")
    await place.go(30)
    assert place.firing() == ["CheckUnhealthy db", "ProbeFails db"]
    told = await place.told()
    assert sorted(text for text in told if "resolved" in text) == ["resolved CheckUnhealthy api", "resolved ProbeFails api"]
    assert len([text for text in told if text.startswith("firing") and "api" in text]) == 2
    await place.end()


async def test_a_check_that_is_taken_out_while_down_fires_no_more(place: Place) -> None:
    """As above, where the configuration changed between two processes: the history's last samples fire nothing."""
    await place.begin(API, DB)
    await place.go(3)
    await place.end()
    await place.begin(DB)
    await place.go(30)
    assert place.firing() == ["CheckUnhealthy db", "ProbeFails db"]
    assert [text for text in await place.told() if text.startswith("firing") and "api" in text] == [
        "firing CheckUnhealthy api",
        "firing ProbeFails api",
    ]
    await place.end()


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("change", ['category = "shop"\n', ""])
async def test_a_check_with_other_labels_leaves_no_alert_behind(place: Place, change: str, restart: bool) -> None:
    """Another type or category means other series: the old alert ends instead of holding for ever for want of data."""
    old, new = (API, API + change) if change else (API + 'category = "shop"\n', API)
    await place.begin(old)
    await place.go(3)
    if restart:
        await place.end()
        await place.begin(new)
    else:
        await place.reload(new)
    await place.go(3)
    assert place.firing() == ["CheckUnhealthy api", "ProbeFails api"]
    place.probe.status = HealthStatus.HEALTHY
    await place.go(20)
    assert place.firing() == []
    told = await place.told()
    assert len([text for text in told if text.startswith("firing")]) == len([text for text in told if text.startswith("resolved")])
    await place.end()


@pytest.mark.parametrize("set_s", [-3600, 3600])
async def test_a_restart_with_another_time_goes_on(place: Place, set_s: int) -> None:
    """The clock is an hour wrong after the restart: samples count at once, the end is told, and `for` is not delayed by the hour."""
    await place.begin(API)
    await place.go(5)
    await place.end()
    place.clock.step_wall(set_s)
    await place.begin(API)
    place.probe.status = HealthStatus.HEALTHY
    await place.go(10)
    assert place.firing() == []
    assert [text for text in await place.told() if text.startswith("resolved CheckUnhealthy")] == ["resolved CheckUnhealthy api"]
    place.probe.status = HealthStatus.UNHEALTHY
    await place.go(10)
    assert place.firing() == ["CheckUnhealthy api", "ProbeFails api"]
    await place.go(600)
    assert "Slow api" in place.firing()
    await place.end()


async def test_for_goes_on_over_a_reload_and_a_restart(place: Place) -> None:
    """Ten minutes are ten minutes, whatever is reloaded or restarted within them; an alert that was not told is told once."""
    await place.begin(API)
    await place.go(200)
    await place.reload(API, DB)
    await place.go(200)
    await place.end()
    await place.begin(API)
    await place.go(150)
    assert "Slow api" not in place.firing()
    await place.go(60)
    assert "Slow api" in place.firing()
    assert (await place.told()).count("firing Slow api") == 1
    await place.end()


async def test_unknown_at_the_restart_ends_nothing(place: Place) -> None:
    """A check that is unknown after the restart holds its alert; the first verdict decides."""
    await place.begin(API)
    await place.go(3)
    await place.end()
    place.probe.status = HealthStatus.UNKNOWN
    await place.begin(API)
    await place.go(400)
    assert place.firing() == ["CheckUnhealthy api", "ProbeFails api"]
    place.probe.status = HealthStatus.HEALTHY
    await place.go(10)
    assert place.firing() == []
    told = await place.told()
    assert sorted(told) == ["firing CheckUnhealthy api", "firing ProbeFails api", "resolved CheckUnhealthy api", "resolved ProbeFails api"]
    await place.end()
