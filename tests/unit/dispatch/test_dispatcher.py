"""Groups, told table, raises, reminders and resolves of the planner, each by a small story."""

from __future__ import annotations

import pytest

from tests.support.planner_world import World, always, brief, routing
from tui_monitor.alerts.alert import Alert
from tui_monitor.dispatch.needs_update import NotificationNeed, needs_update
from tui_monitor.dispatch.origin import Origin
from tui_monitor.dispatch.routing import NotifierPolicy, Route
from tui_monitor.dispatch.state import NotifiedState


def grouped(**parts: object) -> World:
    """A world with one route to "chat" with these properties."""
    return World(routing(routes=(Route("{}/{}", notifiers=("chat",), **parts),)))  # type: ignore[arg-type]


def alert(state: str = "firing", severity: str = "warning", flaps: int = 0) -> Alert:
    return Alert("a1", "f1", "r", state, severity, {"alertname": "X"}, {}, 1.0, 0, 0, flaps=flaps)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "told", "options", "expected"),
    [
        (alert(), None, {}, NotificationNeed("new")),
        (alert(), None, {"muted": True}, NotificationNeed()),
        (alert(), None, {"orphan": True}, NotificationNeed()),
        (alert(), None, {"acked": True}, NotificationNeed("new")),
        (alert(), NotifiedState("warning", 900, "g"), {}, NotificationNeed(None, 10_900)),
        (alert(), NotifiedState("warning", 900, "g"), {"now": 10_900}, NotificationNeed("reminder")),
        (alert(), NotifiedState("warning", 900, "g"), {"now": 10_900, "acked": True}, NotificationNeed()),
        (alert(), NotifiedState("warning", 900, "g"), {"now": 10_900, "muted": True}, NotificationNeed()),
        (alert(), NotifiedState("warning", 900, "g"), {"woken_at": 950}, NotificationNeed("reminder")),
        (alert(severity="critical"), NotifiedState("warning", 900, "g"), {"acked": True}, NotificationNeed("raised")),
        (alert(severity="critical"), NotifiedState("warning", 900, "g"), {"orphan": True}, NotificationNeed("raised")),
        (alert(severity="critical"), NotifiedState("warning", 900, "g"), {"muted": True}, NotificationNeed()),
        (alert(flaps=5), NotifiedState("warning", 900, "g"), {}, NotificationNeed("flapping")),
        (alert(flaps=5), NotifiedState("warning", 900, "g", True), {}, NotificationNeed(None, 10_900)),
        (alert("resolved"), None, {}, NotificationNeed()),
        (
            alert("resolved"),
            NotifiedState("warning", 900, "g"),
            {"muted": True, "acked": True, "orphan": True},
            NotificationNeed("resolved"),
        ),
    ],
)
def test_needs_update(given: Alert, told: NotifiedState | None, options: dict[str, int], expected: NotificationNeed) -> None:
    """The decision to tell is one table of state and memory."""
    every = {"now": 1000, "muted": False, "orphan": False, "acked": False, "repeat": 10_000, "woken_at": 0, **options}
    assert needs_update(given, told, **every) == expected  # type: ignore[arg-type]


def test_fire_and_resolve_are_told_once_each() -> None:
    """A firing is told at once, its end in the next flush, both once and in one thread."""
    world = World()
    first = world.fire()
    assert brief(world.plan().messages) == [("chat", "firing", 1)]
    assert world.step(30) == []
    world.resolve(first)
    assert brief(world.plan().messages) == [("chat", "resolved", 1)]
    assert world.step(30) == []
    assert world.sent[0].thread == world.sent[1].thread
    assert world.sent[0].key != world.sent[1].key


def test_a_new_incident_is_a_new_thread() -> None:
    """The same alert firing again later does not join the old thread."""
    world = World(always())
    for _ in range(2):
        alert_id = world.fire()
        world.step(10)
        world.resolve(alert_id)
        world.step(10)
    assert world.sent[0].thread == world.sent[1].thread != world.sent[2].thread == world.sent[3].thread
    assert [message.opens for message in world.sent] == [True, False, True, False]


def test_after_a_start_reminders_wait_for_what_was_acknowledged_meanwhile() -> None:
    """A reminder that fell due while nobody led goes out a moment later, and only for what nobody has acknowledged by then."""
    world = grouped(repeat_interval=60_000)
    acknowledged, open_still = world.fire("A"), world.fire("B")
    world.step(5)
    world.now += 3_600_000
    world.restart(remind_after=3)
    assert world.plan().messages == ()
    world.ack(acknowledged)
    assert world.step(2) == []
    told = world.step(1)
    assert [(message.kind, [alert.id for alert in message.alerts]) for message in told] == [("reminder", [open_still])]


def test_what_fires_in_one_tick_is_one_message() -> None:
    """With group_wait 0s alerts of one tick share a message."""
    world = World()
    for check in ("a", "b", "c"):
        world.fire(check=check)
    assert brief(world.plan().messages) == [("chat", "firing", 3)]


def test_later_alerts_wait_for_the_group_interval() -> None:
    """A group speaks at most once per group_interval; what comes in between goes together."""
    world = World()
    world.fire(check="a")
    world.plan()
    world.now += 1000
    world.fire(check="b")
    assert world.plan().messages == ()
    world.fire(check="c")
    assert brief(world.step(3)) == []
    assert brief(world.step(1)) == [("chat", "firing", 2)]


def test_group_wait_gathers_the_first_message() -> None:
    """A new group waits group_wait for company."""
    world = grouped(group_wait=10_000)
    world.fire(check="a")
    world.plan()
    world.step(5)
    world.fire(check="b")
    assert brief(world.step(5)) == [("chat", "firing", 2)]


def test_what_ends_before_it_was_told_is_not_told() -> None:
    """An alert that came and went inside group_wait makes no message at all."""
    world = grouped(group_wait=10_000)
    alert_id = world.fire()
    world.step(5)
    world.resolve(alert_id)
    assert world.step(60) == []


def test_end_and_new_firing_of_the_same_alert_share_a_message() -> None:
    """A resolve and a re-fire inside one group_interval: the old episode's end comes before the new firing."""
    world = World(always())
    first = world.fire()
    world.plan()
    world.step(1)
    world.resolve(first)
    world.step(1)
    world.fire()
    (message,) = world.step(4)
    assert message.kind == "firing"
    assert [snapshot.status for snapshot in message.alerts] == ["resolved", "firing"]


def test_what_has_ended_does_not_make_a_message_graver() -> None:
    """A warning that begins while a critical alert ends is a warning; a message about ends only has their severity."""
    world = World(routing())
    grave = world.fire(check="api")
    world.plan()
    world.skip(6)
    world.resolve(grave)
    mild = world.fire("Down", "warning", check="db")
    assert [(message.kind, message.severity) for message in world.plan().messages] == [("firing", "warning")]
    world.resolve(mild)
    assert [(message.kind, message.severity) for message in world.skip(6)] == [("resolved", "warning")]


def test_group_by_dots_keeps_every_alert_apart() -> None:
    """group_by ["..."] makes one message for each alert."""
    world = grouped(group_by=("...",))
    world.fire(check="a")
    world.fire(check="b")
    assert brief(world.plan().messages) == [("chat", "firing", 1), ("chat", "firing", 1)]


def test_a_rise_is_told_and_a_fall_is_silent() -> None:
    """Raised severity tells again; falling says nothing; rising once more tells once more; one resolve ends it."""
    world = World()
    alert_id = world.fire(severity="warning")
    world.step(10)
    world.severity(alert_id, "critical")
    (raised,) = world.step(10)
    assert "was warning" in raised.title and raised.severity == "critical"
    world.severity(alert_id, "warning")
    assert world.step(10) == []
    world.severity(alert_id, "critical")
    assert brief(world.step(10)) == [("chat", "firing", 1)]
    world.resolve(alert_id)
    assert brief(world.step(10)) == [("chat", "resolved", 1)]


def test_a_rise_reaches_the_routes_of_the_new_severity_too() -> None:
    """A rise is told to those who knew and to those of the new severity, and all of them hear of the end."""
    world = World(routing(by_severity={"warning": ("chat",), "critical": ("sms",)}))
    alert_id = world.fire(severity="warning")
    world.step(10)
    world.severity(alert_id, "critical")
    assert brief(world.step(10)) == [("chat", "firing", 1), ("sms", "firing", 1)]
    world.resolve(alert_id)
    assert brief(world.step(10)) == [("chat", "resolved", 1), ("sms", "resolved", 1)]


def test_after_a_fall_only_the_lower_severity_is_reminded_but_all_hear_the_end() -> None:
    """Whom the lower severity does not concern gets no reminder, yet the resolve."""
    world = World(routing(by_severity={"warning": ("chat",), "critical": ("chat", "sms")}))
    alert_id = world.fire(severity="critical")
    world.step(10)
    world.severity(alert_id, "warning")
    assert brief(world.skip(5 * 3600)) == [("chat", "reminder", 1)]
    world.resolve(alert_id)
    assert sorted(brief(world.step(10))) == [("chat", "resolved", 1), ("sms", "resolved", 1)]


def test_reminders_stop_while_acknowledged() -> None:
    """A reminder comes each repeat_interval, none while acknowledged, and again by the old rhythm after taking it back."""
    world = grouped(repeat_interval=60_000)
    alert_id = world.fire()
    world.plan()
    assert brief(world.step(120)) == [("chat", "reminder", 1), ("chat", "reminder", 1)]
    world.ack(alert_id)
    assert world.step(600) == []
    world.unack(alert_id)
    assert brief(world.step(59)) == [("chat", "reminder", 1)]
    world.ack(alert_id)
    world.resolve(alert_id)
    assert brief(world.step(10)) == [("chat", "resolved", 1)]


def test_an_acknowledgement_that_runs_out_wakes_at_once() -> None:
    """`ack --for` that expires gives a reminder at once, not hours later."""
    world = World()
    alert_id = world.fire()
    world.plan()
    world.ack(alert_id)
    assert world.skip(7200) == []
    world.unack(alert_id, expired=True)
    (message,) = world.step(2)
    assert message.kind == "reminder"
    assert "acknowledgement has expired" in message.text
    assert world.step(600) == []


def test_reminders_of_a_group_go_together() -> None:
    """One reminder names every alert of the group that still fires unacknowledged."""
    world = grouped(repeat_interval=60_000)
    world.fire(check="a")
    world.plan()
    world.step(30)
    world.fire(check="b")
    acked = world.fire(check="c")
    world.step(10)
    world.ack(acked)
    assert brief(world.step(20)) == [("chat", "reminder", 2)]
    assert world.step(59) == []


def test_flapping_is_one_message() -> None:
    """An alert found flapping is told so once, with the count."""
    world = World()
    alert_id = world.fire()
    world.step(10)
    world.flap(alert_id, 7)
    (message,) = world.step(10)
    assert "FLAPPING" in message.title and "7 times in 10 min" in message.title
    world.flap(alert_id, 9)
    assert world.step(60) == []


def test_send_resolved_false_hears_no_end() -> None:
    """A notifier that does not want ends is not told, others are."""
    policies = {"chat": NotifierPolicy(), "sms": NotifierPolicy(send_resolved=False)}
    world = World(routing(by_severity={"info": ("chat", "sms")}, notifiers=policies))
    alert_id = world.fire()
    world.step(10)
    world.resolve(alert_id)
    assert brief(world.step(60)) == [("chat", "resolved", 1)]


def test_severities_of_a_notifier_are_obeyed() -> None:
    """A notifier hears only of the severities it asked for, the end of what it heard included."""
    policies = {"chat": NotifierPolicy(), "sms": NotifierPolicy(severities=frozenset({"critical"}))}
    world = World(routing(by_severity={"info": ("chat", "sms")}, notifiers=policies))
    alert_id = world.fire(severity="warning")
    assert brief(world.step(10)) == [("chat", "firing", 1)]
    world.severity(alert_id, "critical")
    assert brief(world.step(10)) == [("chat", "firing", 1), ("sms", "firing", 1)]
    world.severity(alert_id, "warning")
    world.resolve(alert_id)
    assert brief(world.step(10)) == [("chat", "resolved", 1), ("sms", "resolved", 1)]


def test_a_route_that_is_gone_still_hears_the_end() -> None:
    """A reload that takes the route away leaves the resolve with those who were told."""
    world = World()
    alert_id = world.fire()
    world.step(10)
    world.planner.reconfigure(routing(by_severity={"info": ("mail",)}))
    assert brief(world.step(10)) == [("mail", "firing", 1)]
    world.resolve(alert_id)
    assert brief(world.step(10)) == [("chat", "resolved", 1), ("mail", "resolved", 1)]


def test_a_reload_without_change_says_nothing() -> None:
    """A reload keeps what was told and the rhythm of groups."""
    world = World()
    world.fire()
    world.step(1)
    world.planner.reconfigure(routing())
    world.fire(check="late")
    assert world.step(3) == []
    assert brief(world.step(2)) == [("chat", "firing", 1)]


def test_a_notifier_that_is_gone_is_audited() -> None:
    """What cannot be told because its notifier left the configuration stands in the audit log."""
    world = World(routing(by_severity={"info": ("chat", "sms")}))
    alert_id = world.fire()
    world.step(10)
    world.planner.reconfigure(routing(notifiers={"chat": NotifierPolicy()}))
    world.resolve(alert_id)
    assert brief(world.step(10)) == [("chat", "resolved", 1)]
    assert ("untold", alert_id) in world.audit


def test_an_alert_that_vanishes_is_told_resolved() -> None:
    """An alert that is missing without a transition (its rule was removed) is told resolved within the sweep."""
    world = World()
    alert_id = world.fire()
    world.step(5)
    del world.live[alert_id]
    assert brief(world.step(31)) == [("chat", "resolved", 1)]


def test_a_lost_transition_is_found() -> None:
    """An alert that fires without a transition is told within the sweep."""
    world = World()
    world.plan()
    world.fire()
    world.waiting.clear()
    assert brief(world.step(31)) == [("chat", "firing", 1)]


def test_rate_limit_of_a_rule_holds_back_and_says_so() -> None:
    """At most N notifications in the window; ends pass; what came and went unheard is counted in the next message."""
    world = World(always(), rate_limits={"Down": "2/1m"})
    for _ in range(4):
        alert_id = world.fire()
        world.step(7)
        world.resolve(alert_id)
        world.step(7)
    assert brief(world.sent) == [("chat", "firing", 1), ("chat", "resolved", 1)] * 2
    world.fire()
    assert brief(world.step(10)) == [("chat", "firing", 1)]
    assert world.sent[-1].held_back == 2
    assert "2 more came and went" in world.sent[-1].text


def test_an_alert_that_comes_back_is_told_once_in_the_refire_interval() -> None:
    """Four outages in 24 s are one firing and one end; the next message, after five minutes, counts the three that came back."""
    world = World()
    for _ in range(4):
        alert_id = world.fire(check="api")
        world.step(3)
        world.resolve(alert_id)
        world.step(3)
    assert brief(world.sent) == [("chat", "firing", 1), ("chat", "resolved", 1)]
    assert world.step(300) == []
    world.fire(check="api")
    (message,) = world.step(2)
    assert "Fired 3 more times since the last message" in message.text
    world.step(10)
    assert world.state.dispatch.load().refires[message.alerts[0].fingerprint, "chat"].came_back == 0


def test_what_comes_back_and_stays_is_told_when_the_interval_is_over() -> None:
    """A second outage that lasts is told five minutes after the first was, over a restart too, and its end like any other."""
    world = World()
    first = world.fire(check="api")
    world.step(4)
    world.resolve(first)
    world.step(6)
    second = world.fire(check="api")
    assert world.step(100) == []
    world.restart()
    (message,) = world.step(200)
    assert (message.kind, message.alerts[0].id) == ("firing", second)
    assert message.created_at - world.sent[0].created_at == 300_000 and "more times" not in message.text
    world.resolve(second)
    assert brief(world.step(6)) == [("chat", "resolved", 1)]


def test_a_rise_passes_the_refire_interval() -> None:
    """What comes back graver than it was told is told at once; another alert of the same name waits for nothing."""
    world = World()
    first = world.fire("Slow", "warning", check="api")
    world.step(10)
    world.resolve(first)
    world.step(10)
    second = world.fire("Slow", "warning", check="api")
    assert world.step(10) == []
    world.severity(second, "critical")
    assert [(message.kind, message.severity) for message in world.step(1)] == [("firing", "critical")]
    world.step(10)
    world.fire("Slow", "warning", check="db")
    assert brief(world.step(6)) == [("chat", "firing", 1)]


def test_the_refire_interval_forgets_and_a_clock_set_back_does_not_stretch_it() -> None:
    """Rows beyond the interval are dropped; stamps of the future become now."""
    world = World()
    world.resolve(world.fire(check="api"))
    alert_id = world.fire(check="api")
    world.step(2)
    world.now -= 3_600_000
    world.resolve(alert_id)
    world.step(10)
    world.fire(check="api")
    assert brief(world.step(310)) == [("chat", "firing", 1)]
    world.live.clear()
    world.step(400)
    assert world.state.dispatch.load().refires == {}


def test_an_alert_goes_where_its_rule_says() -> None:
    """The rule's own receivers hear of it and of its end, the routes' do not."""
    world = World(routing(by_rule={("Slow", "warning"): Route("{}/to:Slow", notifiers=("mail",))}))
    alert_id = world.fire("Slow", "warning")
    world.fire("Down", "warning")
    assert sorted(brief(world.step(1))) == [("chat", "firing", 1), ("mail", "firing", 1)]
    world.restart()
    world.resolve(alert_id)
    assert brief(world.step(6)) == [("mail", "resolved", 1)]


def test_rate_limited_alert_that_stays_is_told_when_the_window_opens() -> None:
    """What is held back and still fires is told later."""
    world = World(rate_limits={"Down": "1/1m"})
    world.fire(check="a")
    world.step(6)
    world.fire(check="b")
    assert world.step(50) == []
    assert brief(world.step(5)) == [("chat", "firing", 1)]


def test_clock_step_backward_delays_nothing() -> None:
    """After the clock went back an hour, news, ends and reminders still come in time, with keys of their own."""
    world = grouped(repeat_interval=60_000)
    first = world.fire(check="a")
    world.step(2)
    world.now -= 3_600_000
    world.fire(check="b")
    world.plan()
    assert brief(world.step(6)) == [("chat", "firing", 1)]
    assert brief(world.step(60)) == [("chat", "reminder", 2)]
    world.resolve(first)
    assert brief(world.step(6)) == [("chat", "resolved", 1)]
    assert len({message.key for message in world.sent}) == len(world.sent)


def test_next_wake_names_the_moment() -> None:
    """Between transitions the planner knows when it has something to do."""
    world = grouped(repeat_interval=60_000)
    world.plan()
    assert world.planner.next_wake(world.now) is None
    world.fire()
    world.plan()
    assert world.planner.next_wake(world.now) == world.now + 5_000
    world.step(6)
    assert world.planner.next_wake(world.now) == world.sent[0].created_at + 60_000


def test_messages_say_where_they_come_from() -> None:
    """Service, environment and footer are in every message, and a reload changes them."""
    world = World(routing(), origin=Origin("wallet", "prod", "wallet · web-1"))
    world.fire()
    (told,) = world.plan().messages
    assert (told.service, told.environment, told.footer) == ("wallet", "prod", "wallet · web-1")
    world.planner.reconfigure(world.routing, origin=Origin(footer="web-1"))
    world.skip(6)
    world.fire("Other")
    assert world.plan().messages[0].footer == "web-1"
