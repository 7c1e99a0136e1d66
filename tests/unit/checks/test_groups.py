"""Groups among running checks: judged in the moment in which a member changes, before whoever is told of the member."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support.clocks import ManualClock
from tests.support.settings import made
from tui_monitor.checks.collector import Collector
from tui_monitor.checks.self_diagnosis import Guard
from tui_monitor.config.settings import Settings
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import CheckResult, HealthStatus, ProbeResult, labels_of
from tui_monitor.storage.memory import SeriesMemory

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
GOOD, BAD = ProbeResult(HEALTHY), ProbeResult(UNHEALTHY, "refused")


class World:
    """A collector whose members' results the test gives; ``changes`` are what the alerts hear, in order."""

    def __init__(self, *groups: dict[str, Any], members: str = "abcd", **keys: Any) -> None:
        self.clock, self.memory, self.changes = ManualClock(), SeriesMemory(), list[tuple[str, HealthStatus]]()
        checks = [{"name": name, "type": "tcp", "host": "127.0.0.1", "port": 9, "failures": 1, **keys} for name in members]
        settings = made(Settings, {"checks": [*checks, *({"type": "group", **group} for group in groups)], "system": {"processes": False}})
        guard = Guard(settings.guard, Troubles(), self.clock.monotonic)
        self.collector = Collector(settings, self.clock, self.memory, guard, self._changed)

    def _changed(self, result: CheckResult) -> None:
        self.changes.append((result.name, result.status))

    def give(self, names: str, result: ProbeResult) -> None:
        for name in names:
            self.collector._loops[name].accept(result)

    def status(self, name: str) -> HealthStatus | None:
        found = self.collector.results.get(name)
        return found.status if found else None

    def value(self, metric: str, **labels: str) -> float:
        last = self.memory.last(labels_of(metric, check="shop", type="group", **labels))
        assert last is not None
        return last[1] if isinstance(last, tuple) else last


SHOP = {"name": "shop", "members": ["a", "b", "c", "d"]}


def test_a_group_waits_for_the_first_result_of_each_member() -> None:
    """The first to fail after a start says nothing of the others."""
    world = World(SHOP)
    world.give("a", BAD)
    assert world.status("shop") is None
    world.give("bcd", GOOD)
    assert world.status("shop") is DEGRADED
    assert world.value("group_healthy_ratio") == 0.75 and world.value("group_members", status="unhealthy") == 1


def test_the_board_has_a_groups_members_with_their_status() -> None:
    """One that has no result yet is unknown; a check that is no group has none."""
    world = World(SHOP)
    world.give("a", GOOD)
    assert world.collector.members_of("shop") == {"a": HEALTHY, "b": UNKNOWN, "c": UNKNOWN, "d": UNKNOWN}
    assert world.collector.members_of("a") == {}


def test_a_change_of_a_member_is_judged_before_alerts_hear_of_it() -> None:
    """Group and member change in one moment, so that both go out in one message; groups of groups too."""
    world = World(SHOP, {"name": "all", "members": ["shop"]})
    world.give("abcd", GOOD)
    world.changes.clear()
    world.give("a", BAD)
    assert world.changes == [("all", DEGRADED), ("shop", DEGRADED), ("a", UNHEALTHY)]
    world.give("bc", BAD)
    assert world.status("shop") is UNHEALTHY and world.status("all") is UNHEALTHY
    assert world.value("check_health") == 2, "the second and third change of one millisecond"
    world.give("abc", ProbeResult(UNKNOWN, "no route"))
    assert world.status("shop") is HEALTHY, "what is unknown counts in no share"


async def test_a_dependent_that_fails_hurries_the_members_of_its_group() -> None:
    """`depends_on` a group: its members are probed at once, and its verdict is as fresh as theirs."""
    world = World(SHOP, members="abcde")
    settings = world.collector._settings
    assert settings.checks[4].name == "e"
    world.give("abcde", GOOD)
    probed: list[str] = []
    for name in "abcd":
        loop = world.collector._loops[name]

        async def probe_out_of_turn(name: str = name) -> None:
            probed.append(name)
            world.give(name, BAD)

        loop.probe_out_of_turn = probe_out_of_turn  # type: ignore[method-assign]
    at = world.collector.results["shop"].at
    async with asyncio.TaskGroup() as tasks:
        world.collector._group = tasks
        world.collector._tasks["shop"] = []
        await world.clock.advance(5)
        world.collector._probe_parents(["shop"])
    assert probed == list("abcd") and world.status("shop") is UNHEALTHY
    assert world.collector.results["shop"].at > at


def test_a_reload_judges_by_the_new_members() -> None:
    """A check that the configuration does not have any more counts no longer."""
    world = World({"name": "shop", "select": ["type=tcp"]})
    world.give("abc", GOOD)
    world.give("d", BAD)
    assert world.status("shop") is DEGRADED
    settings = world.collector._settings
    checks = [check for check in settings.checks if check.name != "d"]
    world.collector.configure(made(Settings, {}).__class__(checks=checks, system=settings.system))
    world.collector._judge_group("shop")
    assert world.status("shop") is HEALTHY
