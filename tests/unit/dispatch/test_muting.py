"""Silences, windows, dependencies, inhibition, active times and escalation, as stories through the planner."""

from __future__ import annotations

from collections import defaultdict

from tests.support.planner_world import T0, World, brief, routing
from tui_monitor.dispatch.inhibition import Dependencies, InhibitRule, Verdict
from tui_monitor.dispatch.matchers import parse_matchers
from tui_monitor.dispatch.routing import Route, Step
from tui_monitor.dispatch.schedule import parse_weekly
from tui_monitor.dispatch.silences import MaintenanceWindow, make_silence

DEPENDENCIES = Dependencies({"api": ("db",), "web": ("api",), "cart": ("db",)}, dict.fromkeys(("api", "web", "cart", "db"), 10_000))


class Checks:
    """The verdicts of parents, by hand."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Verdict] = defaultdict(lambda: "healthy")

    def __call__(self, check: str, since_ms: int) -> Verdict:
        return self.verdicts[check]


def family() -> tuple[World, Checks]:
    checks = Checks()
    return World(routing(dependencies=DEPENDENCIES), parent_verdict=checks), checks


def test_a_silenced_alert_is_not_told_but_marked() -> None:
    """A silence mutes the firing, marks the alert, and the end of what nobody heard is not told."""
    world = World()
    silence = make_silence(["check=api"], T0, T0 + 600_000, "kim")
    world.planner.add_silence(silence, T0)
    alert_id = world.fire(check="api")
    assert world.step(30) == []
    assert world.suppressed[alert_id] == (f"silence:{silence.id}",)
    assert ("silenced", f"{silence.id} {' '.join(map(str, silence.matchers))}") in world.audit
    world.resolve(alert_id)
    assert world.step(30) == []


def test_a_silence_that_ends_tells_late() -> None:
    """An alert that still fires when its silence ends is told then, and the text says why so late."""
    world = World()
    silence = make_silence(["check=api"], T0, T0 + 600_000, "kim")
    world.planner.add_silence(silence, T0)
    alert_id = world.fire(check="api")
    assert world.step(599) == []
    (message,) = world.step(2)
    assert message.kind == "firing"
    assert f"held back by silence {silence.id}" in message.text
    assert world.suppressed[alert_id] == ()


def test_an_end_is_told_in_spite_of_a_silence() -> None:
    """What was told before the silence is told resolved inside it; reminders are not."""
    world = World()
    alert_id = world.fire(check="api")
    world.plan()
    world.planner.add_silence(make_silence(["Down"], world.now, world.now + 86_400_000, "kim"), world.now)
    assert world.skip(5 * 3600) == []
    world.resolve(alert_id)
    assert brief(world.step(10)) == [("chat", "resolved", 1)]


def test_expire_and_extend() -> None:
    """A silence may be ended early or given another end."""
    world = World()
    silence = make_silence(["Down"], T0, T0 + 60_000, "kim")
    world.planner.add_silence(silence, T0)
    world.fire()
    world.step(10)
    world.planner.extend_silence(silence.id, T0 + 120_000, world.now, "kim")
    assert world.step(100) == []
    world.planner.expire_silence(silence.id, world.now, "lee")
    assert brief(world.step(2)) == [("chat", "firing", 1)]
    assert world.planner.silences[0].ends_at <= world.now


def test_a_maintenance_window_mutes_and_ends() -> None:
    """Inside a window nothing new is told; at its end what still fires is."""
    window = MaintenanceWindow("backup", parse_matchers(["check=~db.*"]), parse_weekly("daily 22:20-22:30 UTC"))
    world = World(routing(maintenance=(window,)))  # T0 is 22:13:20 UTC
    world.step(420)
    alert_id = world.fire(check="db1")
    other = world.fire(check="api")
    assert [message.alerts[0].id for message in world.step(60)] == [other]
    assert world.suppressed[alert_id] == ("maintenance:backup",)
    (message,) = world.step(600)
    assert message.created_at == T0 + 1_000_000  # 22:30:00
    assert "maintenance backup" in message.text


def test_an_inactive_route_tells_when_its_time_begins() -> None:
    """Outside a route's active times a firing waits; ends of what was told go out at any time."""
    world = World(routing(routes=(Route("{}/{}", notifiers=("mail",), active=parse_weekly("daily 09:00-18:00 UTC")),)))
    waiting = world.fire(check="a")
    assert world.skip(3600) == []
    assert world.suppressed[waiting] == ("inactive",)
    (message,) = world.skip(10 * 3600)
    assert brief([message]) == [("mail", "firing", 1)] and "held back by its route's active times" in message.text
    told = world.fire(check="b")
    world.step(10)
    world.skip(10 * 3600)
    world.resolve(told)
    assert ("mail", "resolved", 1) in brief(world.step(10))


def test_children_wait_for_the_parents_verdict_and_are_then_explained() -> None:
    """One outage is one message: the parent's, with the count of all that depends on it; ends of muted children are silent."""
    world, checks = family()
    checks.verdicts["db"] = "pending"
    children = [world.fire("CheckUnhealthy", check=name) for name in ("api", "cart")]
    assert world.step(3) == []
    assert world.suppressed[children[0]] == ("waiting:db",)
    checks.verdicts["db"] = "unhealthy"
    parent = world.fire("CheckUnhealthy", check="db")
    (message,) = world.step(1)
    assert [snapshot.id for snapshot in message.alerts] == [parent]
    assert message.alerts[0].affected == 2
    assert "(3 affected)" in message.title and "Affected (3): api, cart, web" in message.text
    assert world.suppressed[children[0]] == ("depends_on:db",)
    assert world.step(60) == []
    checks.verdicts["db"] = "healthy"
    world.resolve(parent)
    for child in children:
        world.resolve(child)
    assert brief(world.step(10)) == [("chat", "resolved", 1)]


def test_a_healthy_parent_holds_nothing_back() -> None:
    """The child is told as soon as the parent is known to be well."""
    world, checks = family()
    checks.verdicts["db"] = "pending"
    world.fire("CheckUnhealthy", check="api")
    assert world.step(2) == []
    checks.verdicts["db"] = "healthy"
    assert brief(world.step(1)) == [("chat", "firing", 1)]


def test_the_wait_for_a_verdict_is_bounded() -> None:
    """A parent that never decides delays its children by one round of its own, not for ever."""
    world, checks = family()
    checks.verdicts["db"] = "pending"
    world.fire("CheckUnhealthy", check="api")
    world.plan()
    assert world.step(9) == []
    assert brief(world.step(2)) == [("chat", "firing", 1)]


def test_dependencies_reach_through_and_name_the_root() -> None:
    """A grandchild is explained by the root of the outage."""
    world, checks = family()
    checks.verdicts.update(db="unhealthy", api="unhealthy")
    world.fire("CheckUnhealthy", check="db")
    world.fire("CheckUnhealthy", check="api")
    grandchild = world.fire("CheckUnhealthy", check="web")
    (message,) = world.step(1)
    assert message.alerts[0].labels["check"] == "db" and message.alerts[0].affected == 2
    assert world.suppressed[grandchild] == ("depends_on:db",)


def test_another_alert_of_a_healthy_parent_explains_nothing() -> None:
    """A certificate that ends soon on the parent does not mute its children."""
    world, _ = family()
    world.fire("CertificateExpiry", "warning", check="db")
    world.fire("CheckUnhealthy", check="api")
    assert sorted(brief(world.step(1))) == [("chat", "firing", 1), ("chat", "firing", 1)]


def test_a_child_gets_time_to_recover_after_its_parent() -> None:
    """When the parent is well again the child's own next probe decides: told only if it still fires then."""
    world, checks = family()
    checks.verdicts["db"] = "unhealthy"
    parent = world.fire("CheckUnhealthy", check="db")
    child = world.fire("CheckUnhealthy", check="api")
    world.step(60)
    checks.verdicts["db"] = "healthy"
    world.resolve(parent)
    assert brief(world.step(9)) == [("chat", "resolved", 1)]
    assert world.suppressed[child] == ("waiting:db",)
    (message,) = world.step(3)
    assert message.kind == "firing" and message.alerts[0].id == child


def test_a_told_child_is_told_resolved_while_its_parent_is_down() -> None:
    """Muting by a parent that failed later never holds back the end."""
    world, checks = family()
    child = world.fire("CheckUnhealthy", check="api")
    world.step(10)
    checks.verdicts["db"] = "unhealthy"
    world.fire("CheckUnhealthy", check="db")
    world.step(10)
    world.resolve(child)
    assert brief(world.step(10)) == [("chat", "resolved", 1)]


def test_inhibition_mutes_frees_and_counts() -> None:
    """A source mutes targets that agree in `equal`; when it ends they are told."""
    rule = InhibitRule(parse_matchers(["severity=critical"]), parse_matchers(["severity=warning"]), ("zone",))
    world = World(routing(inhibit=(rule,)))
    source = world.fire("Power", "critical", zone="a")
    target = world.fire("Fan", "warning", zone="a")
    other = world.fire("Fan", "warning", zone="b")
    told = {snapshot.id: snapshot for message in world.step(1) for snapshot in message.alerts}
    assert set(told) == {source, other} and told[source].affected == 1
    assert world.suppressed[target] == (f"inhibit:{source}",)
    world.resolve(source)
    assert {(m.kind, m.alerts[0].id) for m in world.step(10)} == {("resolved", source), ("firing", target)}


def escalating() -> World:
    steps = (Step(600_000, ("sms",)), Step(1_200_000, ("mail",)))
    return World(routing(routes=(Route("{}/{}", notifiers=("chat",), escalate=steps),)))


def test_unacknowledged_alerts_escalate() -> None:
    """After each step's time the next notifiers hear of it, and all of them of the end."""
    world = escalating()
    alert_id = world.fire()
    world.plan()
    assert world.step(599) == []
    (message,) = world.step(1)
    assert brief([message]) == [("sms", "firing", 1)] and "nobody has acknowledged it for 10 min" in message.text
    assert brief(world.step(600)) == [("mail", "firing", 1)]
    world.resolve(alert_id)
    assert sorted(brief(world.step(10))) == [("chat", "resolved", 1), ("mail", "resolved", 1), ("sms", "resolved", 1)]


def test_a_silence_until_resolved_ends_with_its_last_alert() -> None:
    """It holds over a restart while one of its alerts is left, and no longer: what fires anew is told."""
    world = World()
    world.planner.add_silence(make_silence(["Down"], T0, T0 + 30 * 86_400_000, "kim", until_resolved=True), T0)
    first, second = world.fire(check="a"), world.fire(check="b")
    assert world.step(60) == []
    world.resolve(first)
    assert world.step(60) == []
    world.restart()
    assert world.step(60) == [] and world.planner.silences[0].is_active(world.now)
    world.resolve(second)
    assert world.step(1) == [] and not world.planner.silences[0].is_active(world.now)
    world.fire(check="c")
    assert brief(world.step(1)) == [("chat", "firing", 1)]


def test_the_next_step_of_an_escalation_is_known_before_it_is_due() -> None:
    """Who hears of it next, and when; nobody once it is acknowledged, after the last step, and of an alert that is not there."""
    world = escalating()
    alert_id = world.fire()
    world.plan()
    assert world.planner.escalation(alert_id, world.now) == (T0 + 600_000, ("sms",))
    world.step(600)
    assert world.planner.escalation(alert_id, world.now) == (T0 + 1_200_000, ("mail",))
    world.ack(alert_id)
    world.step(1)
    assert world.planner.escalation(alert_id, world.now) is None and world.planner.escalation("nobody", world.now) is None


def test_acknowledge_stops_escalation_and_expiry_wakes_it() -> None:
    """Acknowledged nobody else hears; when it runs out the clock begins anew; all also across a restart."""
    world = escalating()
    alert_id = world.fire()
    world.step(300)
    world.ack(alert_id)
    assert world.step(3600) == []
    world.restart()
    world.unack(alert_id, expired=True)
    assert brief(world.step(2)) == [("chat", "reminder", 1)]
    world.restart()
    assert world.step(590) == []
    assert brief(world.step(20)) == [("sms", "firing", 1)]


def test_an_escalation_that_fell_due_while_down_is_told() -> None:
    """A restart after the step's time tells it at once."""
    world = escalating()
    world.fire()
    world.step(10)
    world.restart()
    assert brief(world.skip(900)) == [("sms", "firing", 1)]


def test_a_silenced_alert_escalates_only_after_it_was_told() -> None:
    """The clock of an alert that nobody could know of starts when its silence ends."""
    world = escalating()
    world.planner.add_silence(make_silence(["Down"], T0, T0 + 3_600_000, "kim"), T0)
    world.fire()
    assert world.step(3599) == []
    assert brief(world.step(300)) == [("chat", "firing", 1)]
    assert brief(world.step(310)) == [("sms", "firing", 1)]


def test_a_rule_over_a_healthy_check_affects_no_dependents() -> None:
    """An alert with the label of a check that is well (late orders, from its database) does not speak of what depends on that check."""
    world, checks = family()
    checks.verdicts["db"] = "healthy"
    world.fire("OrdersLate", check="db")
    (message,) = world.step(1)
    assert "affected" not in message.title and "Depending" not in message.text
    checks.verdicts["db"] = "unhealthy"
    world.fire("CheckUnhealthy", check="db")
    (message,) = world.step(5)
    assert "(3 affected)" in message.title
