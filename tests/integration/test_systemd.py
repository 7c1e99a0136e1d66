"""The systemd check against a real systemd over its real bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.support.clocks import ManualClock
from tests.support.peers.base import wait_until
from tests.support.peers.fixtures import present
from tests.support.peers.systemd import SYSTEMD, Systemd, systemd
from tests.support.servers import ServerFailed
from tests.support.settings import made
from tui_monitor.core.values import HealthStatus, ProbeResult, UnitState, label
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.systemd.bus import Bus, open_bus
from tui_monitor.sources.systemd.discovery import services_to_watch
from tui_monitor.sources.systemd.probe import SystemdProbe
from tui_monitor.sources.systemd.settings import SystemdCheck

SERVICE = "[Service]\nExecStart={}\n"
LOOP = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sh -c '{}'\nRestart=always\nRestartSec={}\n"


SESSION = """\
[Service]
Environment=XDG_RUNTIME_DIR=/run/user/0
ExecStartPre=/bin/mkdir -p /run/user/0
ExecStart=dbus-daemon --session --nofork --address=unix:path=/run/user/0/bus
"""
MANAGER = f"""\
[Service]
Delegate=yes
Environment=XDG_RUNTIME_DIR=/run/user/0 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/0/bus
ExecStart={SYSTEMD} --user
"""


def opened_at(peer: Systemd) -> Callable[[bool], Any]:
    async def opened(user: bool) -> Bus:
        return await open_bus(
            user, {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={peer.bus}", "DBUS_SESSION_BUS_ADDRESS": f"unix:path={peer.bus}"}
        )

    return opened


def probe_of(peer: Systemd, *units: str, clock: Any = None, **keys: Any) -> SystemdProbe:
    return SystemdProbe(made(SystemdCheck, {"name": "x", "units": list(units), **keys}), clock, opened_at(peer))


def look(peer: Systemd, *units: str, **keys: Any) -> ProbeResult:
    return asyncio.run(probe_of(peer, *units, **keys).probe())


def look_after(probe: SystemdProbe, clock: ManualClock, seconds: float) -> ProbeResult:
    """A look of the same probe, so many seconds later."""
    asyncio.run(clock.advance(seconds))
    return asyncio.run(probe.probe())


def series(result: ProbeResult) -> dict[str, float]:
    """The values by metric and unit, of states the state that is 1."""
    return {
        f"{label(labels, '__name__')} {label(labels, 'unit')} {label(labels, 'state') or ''}".strip(): value
        for labels, value in result.samples
    }


def unit_of(result: ProbeResult, name: str) -> UnitState:
    return next(unit for unit in result.units if unit.name == name)


def state_is(peer: Systemd, unit: str, state: str) -> None:
    wait_until(lambda: f"={state}\n" in peer.systemctl("show", "-p", "ActiveState", "-p", "SubState", unit))


def test_a_running_service_is_healthy_with_its_figures(systemd_peer: Systemd) -> None:
    """Its state is a series, its CPU time too; what systemd cannot count (memory without a controller) is no sample."""
    systemd_peer.write_unit("good.service", SERVICE.format("/bin/sleep 1000"))
    systemd_peer.systemctl("start", "good")
    result = look(systemd_peer, "good")
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    found = series(result)
    assert found["systemd_unit_state good.service active"] == 1 and found["systemd_unit_state good.service failed"] == 0
    assert found["systemd_restarts_total good.service"] == 0 and found["systemd_cpu_seconds_total good.service"] > 0
    assert "systemd_memory_bytes good.service" not in found
    unit = unit_of(result, "good.service")
    assert (unit.state, unit.sub, unit.restarts, unit.memory) == ("active", "running", 0, None) and unit.since > 0
    assert result.facts["good.service"].startswith("active (running), since 2")


@pytest.mark.parametrize(
    ("unit", "text", "reason"),
    [
        ("code", "/bin/sh -c 'exit 7'", "code.service ended with code 7; see journalctl -u code.service"),
        ("killed", "/bin/sh -c 'kill -KILL $$$$'", "killed.service was killed by SIGKILL (signal); see journalctl -u killed.service"),
        ("slow", "/bin/sleep 100\nType=notify\nTimeoutStartSec=1", "slow.service did not start or stop within its time limit (timeout)"),
        ("deaf", "/bin/sleep 100\nWatchdogSec=1", "deaf.service did not answer its watchdog in time (watchdog)"),
    ],
)
def test_a_failed_unit_says_how_it_ended(systemd_peer: Systemd, unit: str, text: str, reason: str) -> None:
    """Result and exit code of systemd in words, and where to read more."""
    systemd_peer.write_unit(f"{unit}.service", SERVICE.format(text))
    with suppress(ServerFailed):
        systemd_peer.systemctl("start", unit)
    state_is(systemd_peer, unit, "failed")
    result = look(systemd_peer, unit)
    assert result.status is HealthStatus.UNHEALTHY and result.reason.startswith(reason)
    assert series(result)[f"systemd_unit_state {unit}.service failed"] == 1


def test_stopped_missing_and_masked_are_told_apart(systemd_peer: Systemd) -> None:
    """A unit that was named is meant to run; each way of not running has its own words."""
    systemd_peer.write_unit("idle.service", SERVICE.format("/bin/sleep 1000"))
    (systemd_peer.root / "run/systemd/system/hidden.service").unlink(missing_ok=True)
    (systemd_peer.root / "run/systemd/system/hidden.service").symlink_to("/dev/null")
    systemd_peer.systemctl("daemon-reload")
    reasons = {name: look(systemd_peer, name).reason for name in ("idle", "nope", "hidden")}
    assert reasons == {
        "idle": "idle.service is stopped (inactive, without a failure): systemctl start idle.service",
        "nope": "nope.service is not installed: there is no such unit file",
        "hidden": "hidden.service is masked, so that nothing can start it: systemctl unmask hidden.service",
    }
    assert look(systemd_peer, "nope", user=True).status is HealthStatus.UNHEALTHY


def test_a_pattern_judges_what_is_loaded(systemd_peer: Systemd) -> None:
    """Instances that run are well, one that rests by intent too, one that failed is not; nothing loaded is said."""
    systemd_peer.write_unit("app@.service", SERVICE.format("/bin/sh -c 'exec sleep %i'"))
    systemd_peer.systemctl("start", "app@1000", "app@2000")
    assert look(systemd_peer, "app@*").facts["units"] == "2 active"
    systemd_peer.systemctl("stop", "app@2000")
    assert look(systemd_peer, "app@*").status is HealthStatus.HEALTHY
    systemd_peer.systemctl("start", "app@x")
    state_is(systemd_peer, "app@x", "failed")
    result = look(systemd_peer, "app@*")
    assert result.reason == "app@x.service ended with code 1; see journalctl -u app@x.service"
    assert look(systemd_peer, "zebra@*").reason == "no loaded unit is zebra@*"


def test_waiting_for_the_next_start_is_unhealthy(systemd_peer: Systemd) -> None:
    """activating (auto-restart) is a crash loop between two starts, not a start."""
    systemd_peer.write_unit("loop.service", LOOP.format("exit 3", 60))
    systemd_peer.systemctl("start", "loop")
    state_is(systemd_peer, "loop", "auto-restart")
    result = look(systemd_peer, "loop")
    assert (result.status, result.reason) == (
        HealthStatus.UNHEALTHY,
        "loop.service waits for its next start (auto-restart): it ended with code 3",
    )


def test_restarts_between_two_looks_are_counted(systemd_peer: Systemd) -> None:
    """A unit that runs at each look but was started again meanwhile is degraded; a start by hand begins a new count."""
    systemd_peer.write_unit("flappy.service", LOOP.format("exec sleep 1000", 0))
    systemd_peer.systemctl("start", "flappy")
    clock = ManualClock()
    probe = probe_of(systemd_peer, "flappy", clock=clock)

    def crash(times: int) -> ProbeResult:
        for _ in range(times):
            before = systemd_peer.systemctl("show", "-p", "MainPID", "flappy")
            systemd_peer.systemctl("kill", "-s", "KILL", "flappy")
            wait_until(lambda before=before: systemd_peer.systemctl("show", "-p", "MainPID", "flappy") not in (before, "MainPID=0\n"))  # type: ignore[misc]
        state_is(systemd_peer, "flappy", "running")
        return look_after(probe, clock, 30)

    assert crash(0).status is HealthStatus.HEALTHY
    assert crash(2).status is HealthStatus.HEALTHY
    result = crash(1)
    assert (result.status, result.reason) == (
        HealthStatus.DEGRADED,
        "flappy.service was started again 3 times in 10m; see journalctl -u flappy.service",
    )
    assert series(result)["systemd_restarts_total flappy.service"] == unit_of(result, "flappy.service").restarts == 3
    systemd_peer.systemctl("restart", "flappy")
    assert series(crash(0))["systemd_restarts_total flappy.service"] == 0
    assert look_after(probe, clock, 700).status is HealthStatus.HEALTHY


def test_a_timer_is_judged_by_what_it_starts(systemd_peer: Systemd) -> None:
    """Its last and next run are told; a failed run is the timer's; the job itself may rest between runs."""
    systemd_peer.write_unit("job.service", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'test -e /run/job-ok'\n")
    systemd_peer.write_unit("job.timer", "[Timer]\nOnActiveSec=100ms\nAccuracySec=1ms\nOnUnitActiveSec=1h\n")
    (systemd_peer.root / "run/job-ok").touch()
    systemd_peer.systemctl("start", "job.timer")
    wait_until(lambda: "LastTriggerUSec=\n" not in systemd_peer.systemctl("show", "-p", "LastTriggerUSec", "job.timer"))
    state_is(systemd_peer, "job", "dead")
    result = look(systemd_peer, "job.timer", "job")
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    assert series(result)["systemd_timer_last_trigger_timestamp_seconds job.timer"] > 1_700_000_000
    assert "last run 2" in result.facts["job.timer"] and "next run 2" in result.facts["job.timer"]
    (systemd_peer.root / "run/job-ok").unlink()
    with suppress(ServerFailed):
        systemd_peer.systemctl("start", "job")
    result = look(systemd_peer, "job.timer")
    assert result.reason == "job.timer: its last run failed: job.service ended with code 1; see journalctl -u job.service"
    systemd_peer.systemctl("stop", "job.timer")
    assert look(systemd_peer, "job.timer").reason.startswith("job.timer is stopped")


def test_hundreds_of_units_are_read_in_turns(systemd_peer: Systemd) -> None:
    """Every unit's state is known at each look; details of all come within a few looks."""
    systemd_peer.write_unit("many@.service", "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStop=/bin/true\n")
    systemd_peer.systemctl("start", *(f"many@{number}" for number in range(90)))
    clock = ManualClock()
    probe = probe_of(systemd_peer, "many@*", clock=clock)
    detailed: set[str] = set()
    for _ in range(4):
        found = series(look_after(probe, clock, 10))
        assert sum(name.startswith("systemd_unit_state") for name in found) == 5 * 90
        detailed |= {name.split()[1] for name in found if name.startswith("systemd_restarts_total")}
    assert len(detailed) == 90


def test_discovery_proposes_enabled_and_failed_services(systemd_peer: Systemd) -> None:
    """A service that starts with the machine and runs, and one that failed; not one that merely runs."""
    systemd_peer.write_unit("wanted.service", SERVICE.format("/bin/sleep 1000") + "[Install]\nWantedBy=test.target\n")
    systemd_peer.write_unit("chance.service", SERVICE.format("/bin/sleep 1000"))
    systemd_peer.write_unit("broken.service", SERVICE.format("/bin/false"))
    systemd_peer.systemctl("enable", "--runtime", "--now", "wanted")
    systemd_peer.systemctl("start", "chance", "broken")
    state_is(systemd_peer, "broken", "failed")
    found = asyncio.run(services_to_watch(opened_at(systemd_peer)))
    assert "broken.service" in found and "wanted.service" in found and "chance.service" not in found
    assert found.index("broken.service") < found.index("wanted.service") and not any(name.startswith("systemd-") for name in found)


def test_the_users_own_systemd(systemd_peer: Systemd) -> None:
    """`user = true` asks the session bus, whose units are others."""
    systemd_peer.write_unit("session-bus.service", SESSION)
    systemd_peer.write_unit("user-manager.service", MANAGER)
    systemd_peer.systemctl("start", "session-bus")
    wait_until((systemd_peer.root / "run/user/0/bus").exists)
    systemd_peer.systemctl("start", "user-manager")

    async def opened(user: bool) -> Bus:
        return await open_bus(user, {"XDG_RUNTIME_DIR": f"{systemd_peer.root}/run/user/0"})

    def asked() -> ProbeResult | None:
        with suppress(OwnTrouble):  # it joins its bus a moment after its start
            return asyncio.run(
                SystemdProbe(made(SystemdCheck, {"name": "x", "units": ["app.slice", "a"], "user": True}), None, opened).probe()
            )
        return None

    wait_until(lambda: (found := asked()) is not None and unit_of(found, "app.slice").state == "active")
    result = asked()
    assert result is not None and result.reason == "a.service is not installed: there is no such unit file"


def test_a_bus_that_ended_is_own_trouble() -> None:
    """Nothing is said of units that nobody can be asked about, and the reason says what to do."""
    with present(systemd) as peer:
        assert look(peer, "dbus").status is HealthStatus.HEALTHY
        peer.systemctl("stop", "dbus.socket", "dbus.service")
        with pytest.raises(OwnTrouble, match=r"is dbus running\?|there is no system bus"):
            look(peer, "dbus")
