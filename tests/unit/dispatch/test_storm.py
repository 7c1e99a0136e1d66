"""A thousand alerts at once: bounded messages, every alert told and ended once, little work when nothing happens."""

from __future__ import annotations

import sys
from types import FrameType

from tests.support.planner_world import World, brief, routing
from tui_monitor.dispatch.dispatcher import Dispatcher
from tui_monitor.dispatch.inhibition import Dependencies, InhibitRule
from tui_monitor.dispatch.matchers import parse_matchers
from tui_monitor.dispatch.silences import make_silence

COUNT = 1000


def storm(world: World) -> list[str]:
    return [world.fire("Storm", check=f"c{number}") for number in range(COUNT)]


def test_a_storm_is_one_message_for_each_notifier() -> None:
    """One message carries all alerts, its text names twenty; the ends are one message too."""
    world = World(routing(by_severity={"info": ("chat", "mail", "sms")}))
    ids = storm(world)
    assert brief(world.plan().messages) == [("chat", "firing", COUNT), ("mail", "firing", COUNT), ("sms", "firing", COUNT)]
    assert "and 980 more" in world.sent[0].text and len(world.sent[0].text) < 3000
    assert world.step(20) == []
    for alert_id in ids:
        world.resolve(alert_id)
    assert brief(world.plan().messages) == [("chat", "resolved", COUNT), ("mail", "resolved", COUNT), ("sms", "resolved", COUNT)]
    world.step(10)
    assert world.db.execute("SELECT (SELECT count(*) FROM planner_told) + (SELECT count(*) FROM planner_tracks)").fetchone() == (0,)
    assert world.db.execute("SELECT count(*) FROM planner_groups").fetchone() == (0,)


def test_a_trickling_storm_keeps_the_pause() -> None:
    """A hundred alerts each second for ten seconds: a message at most each five seconds."""
    world = World()
    for second in range(10):
        for number in range(100):
            world.fire("Storm", check=f"c{second}-{number}")
        world.step(1)
    world.step(10)
    assert len(world.sent) == 3
    assert sum(len(message.alerts) for message in world.sent) == COUNT


def test_a_storm_below_one_parent_is_one_alert() -> None:
    """A thousand children of a failed parent: one message about one alert that explains them all."""
    parents = {f"c{number}": ("db",) for number in range(COUNT)}
    world = World(routing(dependencies=Dependencies(parents, {})), parent_verdict=lambda check, since: "unhealthy")
    storm(world)
    world.fire("CheckUnhealthy", check="db")
    (message,) = world.plan().messages
    assert len(message.alerts) == 1 and message.alerts[0].affected == COUNT
    assert "(1000 affected)" in message.title


def test_quiet_rounds_do_not_look_at_all_alerts() -> None:
    """With a thousand told alerts a round in which nothing happens asks nothing of them."""
    world = World()
    storm(world)
    world.step(10)

    class Untouched(dict):  # type: ignore[type-arg]
        def items(self) -> object:  # type: ignore[override]
            raise AssertionError("a quiet round looked at every alert")

        __iter__ = values = items  # type: ignore[assignment]

    live = Untouched(world.live)
    for _ in range(15):
        world.now += 1000
        assert world.planner.plan(world.now, live, ()).empty


def test_a_storm_costs_little() -> None:
    """A storm with silences and inhibition costs a few calls an alert, not one for each pair of alerts."""
    rules = (InhibitRule(parse_matchers(["severity=critical"]), parse_matchers(["severity=warning"]), ("check",)),) * 3
    world = World(routing(by_severity={"info": ("chat", "mail", "sms")}, inhibit=rules))
    for number in range(20):
        world.planner.add_silence(make_silence([f"check=s{number}"], world.now, world.now + 10**9, "kim"), world.now)
    storm(world)
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        world.planner.plan(world.now, world.live, world.waiting)
    finally:
        sys.setprofile(None)
    assert COUNT < calls < 500 * COUNT


def test_taking_up_a_storm_after_a_restart_repeats_nothing() -> None:
    """A restart in the middle of a storm says nothing new and ends everything once."""
    world = World()
    ids = storm(world)
    world.plan()
    world.restart()
    assert isinstance(world.planner, Dispatcher) and world.step(5) == []
    for alert_id in ids[:500]:
        world.resolve(alert_id)
    world.restart()
    assert brief(world.plan().messages) == [("chat", "resolved", 500)]
