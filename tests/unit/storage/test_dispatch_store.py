"""The planner's rows in state.db: what is written comes back, and what changed while the process was down is told."""

from __future__ import annotations

from tests.support.planner_world import T0, World, always, brief, routing
from tui_monitor.dispatch.silences import make_silence


def test_everything_comes_back() -> None:
    """Told rows, tracks, groups, rates and silences survive a round trip through SQLite."""
    world = World(rate_limits={"Down": "1/1h"})
    world.planner.add_silence(make_silence(['check=~"a\\"b|\n"', "x!="], T0, T0 + 10_000, "kim", "why"), T0)
    world.ack(world.fire(check="a"))
    world.step(2)
    remembered = world.state.dispatch.load()
    assert {notifier for _, notifier in remembered.notified} == {"chat"}
    (row,) = remembered.tracked.values()
    assert row.acked and row.alert.labels["check"] == "a" and row.alert.acknowledged is not None
    assert remembered.rates["Down", "chat"].times == (T0 + 1000,)
    assert list(remembered.silences.values()) == list(world.planner.silences) == world.state.dispatch.silences()
    assert len(remembered.groups) == 1


def test_a_silence_until_resolved_comes_back_as_one() -> None:
    """It would end too late as an ordinary one."""
    world = World()
    world.fire(check="a")
    world.planner.add_silence(make_silence(["check=a"], T0, T0 + 10_000, "kim", "why", until_resolved=True), T0)
    world.step(2)
    assert [silence.until_resolved for silence in world.state.dispatch.silences()] == [True]


def test_what_ended_while_down_is_told() -> None:
    """An alert that is gone when the process comes back is told resolved, with the labels it had."""
    world = World()
    alert_id = world.fire(check="api")
    world.step(5)
    world.live.clear()
    world.restart()
    (message,) = world.skip(60)
    assert brief([message]) == [("chat", "resolved", 1)]
    assert message.alerts[0].id == alert_id and message.alerts[0].labels["check"] == "api"


def test_what_fired_while_down_is_told() -> None:
    """An alert that fires but was never told is told in the first round."""
    world = World()
    world.fire()
    world.waiting.clear()
    world.restart()
    assert brief(world.plan().messages) == [("chat", "firing", 1)]


def test_a_crash_before_the_commit_loses_nothing() -> None:
    """A plan whose transaction was rolled back is made again by the next process."""
    world = World()
    world.fire()
    world.failing_commits = True
    first = world.plan().messages
    world.failing_commits = False
    world.restart()
    second = world.plan().messages
    assert [message.key for message in first] == [message.key for message in second]


def test_a_crash_after_the_commit_repeats_nothing() -> None:
    """Once committed, a message is not made again."""
    world = World()
    world.fire()
    world.plan()
    world.restart()
    assert world.step(60) == []


def test_a_pause_survives_an_empty_group_and_a_restart() -> None:
    """group_interval counts from the last message also where the group was empty and the process restarted."""
    world = World(always())
    alert_id = world.fire()
    world.step(10)
    world.resolve(alert_id)
    world.step(1)
    world.restart()
    world.fire()
    assert world.step(3) == []
    assert brief(world.step(2)) == [("chat", "firing", 1)]


def test_a_changed_configuration_at_restart_ends_what_was_told() -> None:
    """Another configuration after a restart still tells the end where the firing was told."""
    world = World()
    alert_id = world.fire()
    world.step(10)
    world.restart(routing(by_severity={"info": ("mail",)}))
    assert brief(world.step(10)) == [("mail", "firing", 1)]
    world.resolve(alert_id)
    assert sorted(brief(world.step(10))) == [("chat", "resolved", 1), ("mail", "resolved", 1)]


def test_old_silences_are_forgotten() -> None:
    """Five days after its end a silence leaves memory and file."""
    world = World()
    world.planner.add_silence(make_silence(["a=b"], T0, T0 + 1000, "kim"), T0)
    world.step(10)
    assert len(world.state.dispatch.silences()) == 1
    world.skip(6 * 86_400)
    assert world.state.dispatch.silences() == [] and world.planner.silences == ()
