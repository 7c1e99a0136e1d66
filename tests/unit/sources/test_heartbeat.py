"""Heartbeats: schedules over DST, early pings, runs, failures, and time in which the monitor itself was away."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.support.clocks import ManualClock
from tests.support.settings import made
from tui_monitor.core.ping import Ping, PingKind, StoredPing, kind_of_exit
from tui_monitor.core.values import HealthStatus, ProbeResult, label
from tui_monitor.sources.api import Feed, OwnTrouble
from tui_monitor.sources.heartbeat.probe import HeartbeatProbe
from tui_monitor.sources.heartbeat.schedule import Cron, shown
from tui_monitor.sources.heartbeat.settings import HeartbeatCheck

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


class World:
    """A heartbeat check, its clock and its pings."""

    def __init__(self, begin: str = "2026-05-01T00:00", **keys: object) -> None:
        self.check = made(HeartbeatCheck, {"name": "backup", **keys})
        self.clock = ManualClock(ms(begin))
        self._count = 0
        self.probe = self.begin(None, 0)

    def begin(self, saved: object, at: int) -> HeartbeatProbe:
        """Another process that goes on."""
        probe = HeartbeatProbe(self.check, self.clock)
        probe.restore(json.loads(json.dumps(saved)) if saved is not None else None, at)
        probe.take([])
        self.probe = probe
        return probe

    def stored(self, kind: PingKind = "success", rid: str = "", code: int | None = None, text: str = "") -> StoredPing:
        self._count += 1
        return StoredPing(self._count, Ping("backup", kind, self.clock.wall_ms(), rid, code, text))

    def ping(self, kind: PingKind = "success", rid: str = "", code: int | None = None, text: str = "") -> None:
        self.probe.take([self.stored(kind, rid, code, text)])

    async def after(self, minutes: float, look_every: float = 1.0) -> ProbeResult:
        """The verdict so many minutes later, with the probes that came meanwhile."""
        left = minutes
        while left > 0:
            step = min(left, look_every)
            await self.clock.advance(step * 60)
            await self.probe.probe()
            left -= step
        return await self.probe.probe()

    async def at(self, moment: str, zone: str = "UTC") -> ProbeResult:
        return await self.after((ms(moment, zone) - self.clock.wall_ms()) / 60_000, 1.0)


def value(result: ProbeResult, name: str, **labels: str) -> float | None:
    found = [
        s.value for s in result.samples if label(s.labels, "__name__") == name and all(label(s.labels, k) == v for k, v in labels.items())
    ]
    return found[0] if found else None


def test_it_is_a_feed() -> None:
    """Supervised and restored as every feed."""
    assert isinstance(World(every="1h").probe, Feed)


async def test_every_is_counted_from_the_last_ping_and_grace_tells_nobody() -> None:
    """Within grace the check is healthy and says that the job is late; after it it is unhealthy."""
    world = World(every="1h", grace="5m")
    world.ping()
    assert (await world.after(60)).status is HEALTHY
    late = await world.after(2)
    assert late.status is HEALTHY and late.reason == "late for 2m; unhealthy in 3m"
    gone = await world.after(4)
    assert gone.status is UNHEALTHY and gone.reason == "no ping for 1h 6m; one was due 6m ago"
    assert value(gone, "heartbeat_age_seconds") == 66 * 60
    world.ping()
    assert (await world.after(1)).status is HEALTHY


async def test_a_job_that_never_pings_is_unknown_then_unhealthy() -> None:
    """Nothing is told before its first slot and grace; then what to call at the job's end."""
    world = World(every="30h", grace="1h")
    first = await world.after(1)
    assert first.status is UNKNOWN and first.reason == "waits for the first ping, due in 1d 5h"
    assert (await world.after(30 * 60)).status is UNKNOWN
    gone = await world.after(60)
    assert gone.status is UNHEALTHY and "has never pinged" in gone.reason and "tui-monitor heartbeat" in gone.reason


async def test_an_early_ping_does_not_satisfy_the_coming_slot() -> None:
    """healthchecks#1160: a ping two seconds before the slot; the reason says so."""
    world = World("2026-05-01T02:59:58", cron="0 3 * * *", timezone="UTC", grace="5m")
    world.ping()
    assert (await world.at("2026-05-01T03:04")).status is HEALTHY
    result = await world.at("2026-05-01T03:06")
    assert result.status is UNHEALTHY and "came 2s before its time and does not count for it" in result.reason


async def test_a_cron_slot_is_satisfied_by_a_ping_behind_it() -> None:
    """Until the next slot and its grace all is well."""
    world = World("2026-05-01T03:00:10", cron="0 3 * * *", timezone="UTC", grace="5m")
    world.ping()
    assert (await world.at("2026-05-02T03:04:30")).status is HEALTHY
    assert (await world.at("2026-05-02T03:05:30")).status is UNHEALTHY


@pytest.mark.parametrize(
    ("after", "slot"),
    [
        ("2026-03-28T12:00", "2026-03-29T03:00"),  # 02:30 does not exist on the 29th: right after the gap
        ("2026-03-29T12:00", "2026-03-30T02:30"),
        ("2026-10-24T12:00", "2026-10-25T02:30"),  # it comes twice: the first one counts
        ("2026-10-25T02:30", "2026-10-26T02:30"),
    ],
)
def test_cron_slots_over_dst(after: str, slot: str) -> None:
    """As Debian's cron runs them."""
    assert Cron("30 2 * * *", "Europe/Berlin").after(ms(after, "Europe/Berlin")) == ms(slot, "Europe/Berlin")


def test_the_expected_moment_is_shown_in_both_zones() -> None:
    """healthchecks#815: a wrong zone is the commonest mistake; once where both are the same."""
    at = ms("2026-05-01T18:00")
    assert shown(at, ZoneInfo("Asia/Seoul"), ZoneInfo("UTC")) == "2026-05-02 03:00 Asia/Seoul (2026-05-01 18:00 UTC here)"
    assert shown(at, ZoneInfo("UTC"), ZoneInfo("UTC")) == "2026-05-01 18:00 UTC"


async def test_start_and_end_without_a_run_id() -> None:
    """The end closes the newest start; the time between is a series; one that does not end within max_run is unhealthy."""
    world = World(every="1h", grace="5m", max_run="30m")
    world.ping("start")
    await world.after(20)
    world.ping()
    assert value(await world.after(1), "heartbeat_run_seconds") == 20 * 60
    world.ping("start")
    running = await world.after(29)
    assert running.status is HEALTHY and running.reason == "running for 29m"
    over = await world.after(2)
    assert over.status is UNHEALTHY and over.reason == "started 31m ago and has not ended; max_run is 30m"
    world.ping()
    assert (await world.after(1)).status is HEALTHY


async def test_no_end_within_grace_is_unhealthy_without_max_run() -> None:
    """healthchecks#547: though the schedule is met; the reason names the key that allows longer runs."""
    world = World(every="1h", grace="5m")
    world.ping()
    world.ping("start")
    result = await world.after(6)
    assert result.status is UNHEALTHY and "set max_run" in result.reason


async def test_overlapping_runs_do_not_close_each_other() -> None:
    """Each end closes the run of its id; a run that died before a later one began is given up with that one's end."""
    world = World(every="3h", grace="5m", max_run="30m")
    world.ping("start", "a")
    await world.after(10)
    world.ping("start", "b")
    await world.after(5)
    world.ping("success", "b")
    result = await world.after(1)
    assert result.reason == "running for 16m" and value(result, "heartbeat_run_seconds") == 5 * 60
    assert (await world.after(20)).status is UNHEALTHY
    world.ping("start", "c")
    world.ping("success", "c")
    assert (await world.after(1)).status is HEALTHY


async def test_a_failure_counts_at_once_and_begins_a_new_window() -> None:
    """kuma#5639: unhealthy until the next success, with exit status and message; the next slot counts from the failure."""
    world = World(every="1h", grace="5m")
    world.ping()
    await world.after(30)
    world.probe.news.clear()
    world.ping(kind_of_exit(2), code=2, text="disk full\nsecond line")
    assert world.probe.news.is_set()
    failed = await world.after(1)
    assert failed.status is UNHEALTHY and failed.reason == "the job failed (exit 2) 1m ago: disk full"
    assert failed.facts["message"] == "disk full\nsecond line"
    assert (await world.after(120)).reason.startswith("the job failed")
    world.ping()
    assert (await world.after(64)).status is HEALTHY and (await world.after(2)).status is UNHEALTHY


async def test_state_and_counters_survive_a_restart_and_no_ping_counts_twice() -> None:
    """The saved state knows which pings are in it; those behind it, stored while no monitor ran, count."""
    world = World(every="1h", grace="5m")
    pings = [world.stored(), world.stored("start"), world.stored("log", text="half")]
    world.probe.take(pings)
    result = await world.after(1)
    again = world.begin(result.saved, world.clock.wall_ms())
    more = world.stored()
    again.take([*pings, more])
    found = await world.after(1)
    assert [value(found, "heartbeat_pings_total", kind=kind) for kind in ("start", "success", "fail", "log")] == [1, 2, 0, 1]
    assert value(found, "heartbeat_run_seconds") == 60


async def test_our_own_downtime_is_not_the_jobs_lateness() -> None:
    """kuma#4085: what fell due while no monitor ran, or while it was suspended, gets its grace anew; what was late before stays late."""
    world = World(every="1h", grace="5m")
    world.ping()
    result = await world.after(50)
    at = world.clock.wall_ms()
    await world.clock.advance(3600)
    world.begin(result.saved, at)
    assert (await world.after(4)).status is HEALTHY
    late = await world.after(2)
    assert late.status is UNHEALTHY
    at = world.clock.wall_ms()
    await world.clock.advance(3600)
    world.begin(late.saved, at)
    assert (await world.after(0)).status is UNHEALTHY
    world.ping()
    await world.after(50)
    await world.clock.advance(3600)  # suspended
    assert (await world.after(1)).status is HEALTHY


async def test_while_pings_cannot_be_read_nothing_is_known() -> None:
    """A state that does not answer is our own trouble, and its time is not the job's lateness."""
    world = World(every="1h", grace="5m")
    world.ping()
    await world.after(50)
    world.probe.cannot_hear("pings cannot be read: disk I/O error")
    await world.clock.advance(3600)
    with pytest.raises(OwnTrouble, match="pings cannot be read"):
        await world.probe.probe()
    world.probe.take([])
    assert (await world.after(1)).status is HEALTHY


@pytest.mark.parametrize("saved", [{}, {"since": "x"}, {"since": 1, "runs": [1]}, {"since": 1, "counts": None}, {"since": 1, "text": 3}])
async def test_nonsense_in_the_saved_state_is_left_out(saved: dict[str, object]) -> None:
    """A state of another version or a damaged one: the check begins anew."""
    world = World(every="1h")
    world.begin(saved, 1)
    assert (await world.after(1)).status is UNKNOWN


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"cron": "61 * * * *"}, "cron: "),
        ({"cron": "0 0 30 2 *"}, "cron: "),
        ({"cron": "0 3 * * *", "timezone": "KST"}, 'timezone: .*did you mean "Asia/Seoul"'),
    ],
)
def test_a_schedule_that_cannot_be_names_its_key(keys: dict[str, str], said: str) -> None:
    """Bad lines, days that never come, abbreviations of zones."""
    with pytest.raises(ValueError, match=f"^{said}"):
        HeartbeatProbe(made(HeartbeatCheck, {"name": "x", **keys}))


def test_exit_statuses() -> None:
    """0 is well, 1 to 255 failed, beyond is refused."""
    assert [kind_of_exit(code) for code in (0, 1, 255)] == ["success", "fail", "fail"]
    with pytest.raises(ValueError, match="0 to 255"):
        kind_of_exit(256)
