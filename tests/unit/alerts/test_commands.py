"""Acknowledging, taking back and resolving by hand."""

from __future__ import annotations

from tests.support.alert_world import World, changes, rules_of
from tui_monitor.alerts.commands import Applied, apply
from tui_monitor.board.json_shapes import alert_json
from tui_monitor.core.commands import Acknowledge, AlertCommand, Resolve, Unacknowledge

HOT = {"alert": "Hot", "expr": "heat > 10", "severity": "critical"}


def _do(world: World, command: AlertCommand) -> Applied:
    return apply(world.evaluator, command, "kim (ssh 203.0.113.7)", world.now)


def test_an_acknowledgement_is_recorded_and_ends_with_the_alert() -> None:
    """Who, when and the note are in the alert, its JSON and the audit log; it stays with the resolved alert."""
    world = World(rules_of(HOT))
    world.step("heat", 11)
    alert = world.alert
    done = _do(world, Acknowledge((alert.id[:5],), note="on it"))
    assert done.result.ok and done.result.text == f"acknowledged: {alert.id} Hot"
    (step,) = done.transitions
    assert (step.change, step.by, step.note) == ("acknowledged", "kim (ssh 203.0.113.7)", "on it")
    assert [(line.verb, line.subject, line.note) for line in done.audit] == [("ack", f"{alert.id} Hot", "on it")]
    found = alert_json(world.alert)
    assert set(found) == {
        "id", "fingerprint", "labels", "annotations", "severity", "state", "value", "starts_at", "ends_at", "acknowledged", "suppressed_by",
    }  # fmt: skip
    assert found["acknowledged"] == {"by": "kim (ssh 203.0.113.7)", "at": "2025-06-15T15:06:41.000Z", "note": "on it", "until": None}
    assert world.step("heat", 1) == ["resolved"]
    assert world.seen[-1].alert.acknowledged is not None
    assert world.step("heat", 11) == ["firing"]
    assert world.alert.acknowledged is None


def test_an_acknowledgement_for_a_time_wakes_again() -> None:
    """After `for` the alert is unacknowledged by itself, once."""
    world = World(rules_of(HOT))
    world.step("heat", 11)
    _do(world, Acknowledge((world.alert.id,), seconds=7200))
    assert changes(world.tick(7199)) == []
    assert changes(world.tick(1)) == ["ack_expired"]
    assert changes(world.tick(1)) == []
    late = apply(world.evaluator, Acknowledge(all_firing=True, seconds=10), "kim", world.now, world.now - 60_000)
    assert not late.result.ok and "already passed" in late.result.text and world.alert.acknowledged is None


def test_all_and_take_back() -> None:
    """`all` acknowledges what fires and is not yet acknowledged; take back needs an acknowledged one."""
    world = World(rules_of(HOT, {**HOT, "alert": "Slow", "for": "1h"}))
    for room in "ab":
        world.put("heat", 11, room=room)
    world.evaluate()
    done = _do(world, Acknowledge(all_firing=True))
    assert len(done.transitions) == 2 and done.result.ok
    assert _do(world, Acknowledge(all_firing=True)).result.text.startswith("nothing to do")
    ident = next(alert.id for alert in world.evaluator.alerts() if alert.state == "firing")
    assert _do(world, Unacknowledge((ident,))).result.ok
    again = _do(world, Unacknowledge((ident,)))
    assert not again.result.ok and again.result.text == f"{ident} Hot is not acknowledged"
    pending = next(alert.id for alert in world.evaluator.alerts() if alert.state == "pending")
    assert _do(world, Acknowledge((pending,))).result.text == f"{pending} Slow is pending, not firing"


def test_a_fault_in_one_id_is_named_and_the_others_are_done() -> None:
    """Unknown ids are named; no id at all is a fault."""
    world = World(rules_of(HOT))
    world.step("heat", 11)
    done = _do(world, Acknowledge((world.alert.id, "zz")))
    assert not done.result.ok and len(done.transitions) == 1 and 'no live alert has the id "zz"' in done.result.text
    assert _do(world, Acknowledge()).result.text == "no alert is named"


def test_resolving_by_hand_holds_until_the_condition_has_been_false() -> None:
    """It does not fire again while the condition lasts, also over a restart and a gap; after a false moment it may."""
    world = World(rules_of(HOT))
    world.step("heat", 11)
    alert = world.alert
    done = _do(world, Resolve((alert.id,), note="known"))
    (step,) = done.transitions
    assert (step.change, step.alert.state, step.alert.resolved_by, step.alert.held) == (
        "resolved",
        "resolved",
        "kim (ssh 203.0.113.7)",
        True,
    )
    assert world.evaluator.alerts() == []
    assert world.step("heat", 12) == []
    world.gone("heat")
    assert changes(world.tick(600)) == []
    second = World(rules_of(HOT))
    second.now = world.now
    second.evaluator.restore(second.now, [step.alert])
    assert second.step("heat", 12) == []
    assert second.step("heat", 1) == []
    assert [(step.change, step.alert.held) for step in second.seen] == [("updated", False)]
    assert second.step("heat", 12) == ["firing"]
    assert second.alert.id != alert.id
    assert not _do(world, Resolve((alert.id,))).result.ok


def test_a_second_acknowledgement_keeps_note_and_deadline_unless_given_anew() -> None:
    """A colleague's "renewal ordered, until 09:00" is not lost when somebody presses the key once more."""
    world = World(rules_of(HOT))
    world.step("heat", 11)
    _do(world, Acknowledge((world.alert.id,), note="renewal ordered", seconds=3600))
    first = world.alert.acknowledged
    world.tick(10)
    _do(world, Acknowledge((world.alert.id,)))
    second = world.alert.acknowledged
    assert first is not None and second is not None and (second.note, second.until) == ("renewal ordered", first.until)
    _do(world, Acknowledge((world.alert.id,), note="done at noon", seconds=7200))
    third = world.alert.acknowledged
    assert third is not None and (third.note, third.until) == ("done at noon", world.now + 7_200_000)
