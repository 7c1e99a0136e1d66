"""Acknowledging, taking back and resolving by hand."""

from __future__ import annotations

from typing import Any

from tests.support.alert_world import World, changes, rules_of
from tui_monitor.alerts.alert import to_json
from tui_monitor.alerts.commands import Applied, apply

HOT = {"alert": "Hot", "expr": "heat > 10", "severity": "critical"}


def _do(world: World, verb: str, **arguments: Any) -> Applied:
    return apply(world.evaluator, verb, arguments, "kim (ssh 203.0.113.7)", world.now)


def test_an_acknowledgement_is_recorded_and_ends_with_the_alert() -> None:
    """Who, when and the note are in the alert, its JSON and the audit log; it stays with the resolved alert."""
    world = World(rules_of(HOT))
    world.step("heat", 11)
    alert = world.alert
    done = _do(world, "ack", ids=[alert.id[:5]], note="on it")
    assert done.ok and done.result == f"acknowledged: {alert.id} Hot"
    (step,) = done.transitions
    assert (step.change, step.by, step.note) == ("acknowledged", "kim (ssh 203.0.113.7)", "on it")
    assert [(line.verb, line.subject, line.note) for line in done.audit] == [("ack", f"{alert.id} Hot", "on it")]
    found = to_json(world.alert)
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
    _do(world, "ack", ids=[world.alert.id], **{"for": 7200})
    assert changes(world.tick(7199)) == []
    assert changes(world.tick(1)) == ["ack_expired"]
    assert changes(world.tick(1)) == []
    late = apply(world.evaluator, "ack", {"all": True, "for": 10}, "kim", world.now, world.now - 60_000)
    assert not late.ok and "already passed" in late.result and world.alert.acknowledged is None


def test_all_and_take_back() -> None:
    """`all` acknowledges what fires and is not yet acknowledged; take back needs an acknowledged one."""
    world = World(rules_of(HOT, {**HOT, "alert": "Slow", "for": "1h"}))
    for room in "ab":
        world.put("heat", 11, room=room)
    world.evaluate()
    done = _do(world, "ack", all=True)
    assert len(done.transitions) == 2 and done.ok
    assert _do(world, "ack", all=True).result.startswith("nothing to do")
    ident = next(alert.id for alert in world.evaluator.alerts() if alert.state == "firing")
    assert _do(world, "unack", ids=[ident]).ok
    again = _do(world, "unack", ids=[ident])
    assert not again.ok and again.result == f"{ident} Hot is not acknowledged"
    pending = next(alert.id for alert in world.evaluator.alerts() if alert.state == "pending")
    assert _do(world, "ack", ids=[pending]).result == f"{pending} Slow is pending, not firing"


def test_a_fault_in_one_id_is_named_and_the_others_are_done() -> None:
    """Unknown ids are named; no id at all is a fault; an unknown verb is a fault."""
    world = World(rules_of(HOT))
    world.step("heat", 11)
    done = _do(world, "ack", ids=[world.alert.id, "zz"])
    assert not done.ok and len(done.transitions) == 1 and 'no live alert has the id "zz"' in done.result
    assert _do(world, "ack").result == "no alert is named"
    assert not _do(world, "explode").ok


def test_resolving_by_hand_holds_until_the_condition_has_been_false() -> None:
    """It does not fire again while the condition lasts, also over a restart and a gap; after a false moment it may."""
    world = World(rules_of(HOT))
    world.step("heat", 11)
    alert = world.alert
    done = _do(world, "resolve", ids=[alert.id], note="known")
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
    assert not _do(world, "resolve", ids=[alert.id]).ok


def test_one_id_is_enough() -> None:
    """The dashboard's way of naming a single alert, `id`, means the same as a list of one."""
    world = World(rules_of(HOT))
    world.step("heat", 11)
    assert _do(world, "ack", id=world.alert.id).ok and world.alert.acknowledged is not None
    assert _do(world, "unack", id=world.alert.id).ok and world.alert.acknowledged is None
