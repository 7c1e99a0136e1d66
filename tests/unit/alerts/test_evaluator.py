"""The alert state machine over real samples and real PromQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.alert_world import START, World, changes, rules_of
from tui_monitor.alerts.alert import Acknowledgement, Peak
from tui_monitor.alerts.no_data import MOST_MISSING
from tui_monitor.core.values import ENDED_NAN
from tui_monitor.storage.memory import SeriesMemory

HOT = {"alert": "Hot", "expr": "heat > 10", "severity": "critical", "summary": "heat {{ $value }} of {{ $labels.room }}"}


def test_an_alert_without_for_fires_at_once_and_resolves_when_the_value_falls() -> None:
    """A condition fires in the tick in which it is seen and resolves in the tick in which it is seen to be false."""
    world = World(rules_of(HOT))
    assert world.step("heat", 5, room="a") == []
    assert world.step("heat", 11, room="a") == ["firing"]
    alert = world.alert
    assert alert.labels == {"alertname": "Hot", "severity": "critical", "host": "web-1", "room": "a"}
    assert (alert.annotations["summary"], alert.value, alert.starts_at) == ("heat 11 of a", 11.0, world.now)
    assert world.step("heat", 12, room="a") == []
    assert (world.alert.annotations["summary"], world.alert.value) == ("heat 12 of a", 12.0)
    assert world.step("heat", 9, room="a") == ["resolved"]
    assert world.evaluator.alerts() == []
    assert world.seen[-1].alert.ends_at == world.now


def test_for_waits_and_a_break_starts_it_again() -> None:
    """With `for` an alert is pending until the condition has held that long without a break."""
    world = World(rules_of({**HOT, "for": "10s"}))
    assert world.step("heat", 11) == ["pending"]
    assert [world.step("heat", 11) for _ in range(9)] == [[]] * 9
    assert world.step("heat", 9) == ["dropped"]
    assert world.step("heat", 11) == ["pending"]
    begun = world.now
    assert changes(world.tick(9)) == []
    assert world.step("heat", 11) == ["firing"]
    assert (world.alert.active_at, world.alert.starts_at) == (begun, begun + 10_000)


def test_keep_firing_for_bridges_a_calm() -> None:
    """With `keep_firing_for` an alert resolves only after that long a calm, and a new rise starts the calm anew."""
    world = World(rules_of({**HOT, "keep_firing_for": "10s"}))
    world.step("heat", 11)
    assert world.step("heat", 1) == []
    assert world.alert.keep_until == world.now + 10_000
    assert world.step("heat", 11, 5) == []
    assert world.alert.keep_until is None
    assert world.step("heat", 1) == []
    assert world.step("heat", 1, 9) == []
    assert world.step("heat", 1) == ["resolved"]


def test_a_missing_series_holds_the_alert_and_its_return_resolves_it() -> None:
    """No data neither resolves nor re-fires: the alert says so and goes on when data is back."""
    world = World(rules_of(HOT))
    world.step("heat", 11)
    world.gone("heat")
    held = world.tick()
    assert [(step.change, step.note) for step in held] == [("updated", "no data")]
    assert world.alert.no_data and world.alert.state == "firing"
    assert changes(world.tick(3600)) == []
    assert world.step("heat", 12) == []
    assert not world.alert.no_data
    world.gone("heat")
    world.tick()
    assert world.step("heat", 2) == ["resolved"]


def test_missing_in_every_shape_of_expression() -> None:
    """What is there and false resolves, what is missing holds: for `and`, `or`, `unless`, arithmetic, functions, aggregations, topk."""
    shapes = {
        "heat > 10 and power > 1": {"power": 2.0},
        "power / heat < 0.15": {"power": 1.0},
        "avg_over_time(heat[5s]) > 10": {},
        "sum by (room) (heat) > 10": {},
        "count(heat > 10) > 0": {},
        "max(heat) - 2 > 10": {},
        "heat > 10 unless calm == 1": {"calm": 0.0},
        "topk(1, heat) > 10": {},
        "heat{room!=''} > 10 or heat < -10": {},
        "10 < heat": {},
        "(heat > 10) * 2": {},
        "heat > bool 10 == 1": {},
    }
    for expr, others in shapes.items():
        world = World(rules_of({**HOT, "expr": expr}))
        for name, value in others.items():
            world.put(name, value, room="a")
        assert world.step("heat", 20, room="a") == ["firing"], expr
        world.gone("heat", room="a")
        assert changes(world.tick(10)) == [], expr
        assert world.step("heat", 2, 10, room="a") == ["resolved"], expr


def test_one_of_many_series_missing_holds_only_its_own_alert() -> None:
    """Presence is judged by subject."""
    world = World(rules_of(HOT))
    for room in "abc":
        world.put("heat", 20, room=room)
    assert changes(world.tick(0)) == ["firing"] * 3
    world.gone("heat", room="a")
    world.now += 1000
    world.put("heat", 1, room="b")
    assert changes(world.evaluate()) == ["resolved"]
    assert {alert.labels["room"]: alert.no_data for alert in world.evaluator.alerts()} == {"a": True, "c": False}


def test_no_data_resolve_and_no_data_alert() -> None:
    """The policy resolve ends the alert; the policy alert raises one of its own after no_data_for, and ends it when data is back."""
    world = World(rules_of({**HOT, "no_data": "resolve"}))
    world.step("heat", 11)
    world.gone("heat")
    assert changes(world.tick()) == ["resolved"]

    world = World(rules_of({**HOT, "no_data": "alert", "no_data_for": "30s", "no_data_severity": "error"}))
    assert world.step("heat", 11, room="a") == ["firing"]
    assert world.step("heat", 5, room="b") == []
    world.gone("heat", room="a")
    world.gone("heat", room="b")
    assert changes(world.tick()) == ["pending", "pending"]
    assert changes(world.tick(30)) == ["firing", "firing"]
    missing = [alert for alert in world.evaluator.alerts() if alert.labels.get("no_data")]
    assert {(alert.severity, alert.labels["room"], alert.name) for alert in missing} == {("error", "a", "Hot"), ("error", "b", "Hot")}
    assert world.step("heat", 11, room="a") == ["resolved"]
    assert sorted(world.step("heat", 5, room="b")) == ["resolved"]
    assert [alert.labels["room"] for alert in world.evaluator.alerts()] == ["a"]


@pytest.mark.parametrize(
    "expr",
    [
        "heat > 10",
        "sum by (room) (heat) > 10",
        "heat > 10 and on (room) floor == 1",
        "max_over_time(heat[500ms]) > 10",
        "heat / on (room) floor > 10",
    ],
)
def test_what_its_source_has_ended_is_false_and_not_missing(expr: str) -> None:
    """A series that its source has ended resolves its alert at once, and no other; one that only falls silent holds it."""
    world = World(rules_of({**HOT, "expr": expr}))
    for room in "ab":
        world.put("heat", 20, room=room)
        world.put("floor", 1, room=room)
    assert changes(world.tick(0)) == ["firing", "firing"]
    world.gone("heat", room="b")
    assert changes(world.tick()) == []
    world.put("heat", ENDED_NAN, room="a")
    assert changes(world.tick()) == ["resolved"]
    assert world.alert.labels["room"] == "b"


def test_an_aggregate_resolves_when_all_that_it_is_made_of_has_ended() -> None:
    """A sum over series of which one is silent and one was ended holds; once all were ended it resolves."""
    world = World(rules_of({**HOT, "expr": "sum(heat) > 10", "summary": "hot"}))
    world.put("heat", 20, room="a")
    world.put("heat", 20, room="b")
    assert changes(world.tick(0)) == ["firing"]
    world.now += 1000
    world.put("heat", ENDED_NAN, room="a")
    world.gone("heat", room="b")
    assert changes(world.tick()) == []
    world.put("heat", 20, room="b")
    assert changes(world.tick()) == []
    world.put("heat", ENDED_NAN, room="b")
    assert changes(world.tick()) == ["resolved"]


def test_what_was_ended_is_no_missing_data() -> None:
    """The policy no_data = "alert" raises nothing for a series that its source has ended."""
    world = World(rules_of({**HOT, "no_data": "alert", "no_data_for": "0s"}))
    assert world.step("heat", 5, room="a") == []
    assert world.step("heat", 5, room="b") == []
    world.now += 1000
    world.put("heat", ENDED_NAN, room="a")
    assert changes(world.tick()) == []
    world.gone("heat", room="b")
    assert changes(world.tick()) == ["firing"]
    assert world.alert.labels["room"] == "b"


def test_missing_subjects_are_bounded() -> None:
    """Labels that are other ones each second leave at most a thousand missing subjects behind; the first ones end."""
    world = World(rules_of({**HOT, "no_data": "alert", "no_data_for": "0s"}))
    for number in range(MOST_MISSING // 100 + 3):
        for series in range(100):
            world.put("heat", 1, room=f"{number:02}-{series:02}")
        world.evaluate()
        for series in range(100):
            world.gone("heat", room=f"{number:02}-{series:02}")
        world.tick()
    rooms = {alert.labels["room"] for alert in world.evaluator.alerts()}
    assert len(rooms) == MOST_MISSING and "00-00" not in rooms and "02-99" not in rooms and "03-00" in rooms


def test_a_rule_that_never_saw_its_series_tells_so_once() -> None:
    """With no_data = "alert" a metric that never comes is told."""
    world = World(rules_of({**HOT, "no_data": "alert", "no_data_for": "30s"}))
    assert changes(world.tick()) == ["pending"]
    assert changes(world.tick(30)) == ["firing"]
    assert world.step("heat", 1) == ["resolved"]


def test_a_ladder_is_one_alert_whose_severity_rises_and_falls() -> None:
    """Two rungs are one alert with one id and one start: rising is told and ends an acknowledgement, falling is silent."""
    ladder = [
        {**HOT, "severity": severity, "expr": f"heat > {limit}", "for": "5s"} for severity, limit in (("warning", 10), ("critical", 20))
    ]
    world = World(rules_of(*ladder))
    assert world.step("heat", 15) == ["pending"]
    assert world.step("heat", 15, 5) == ["firing"]
    first = world.alert
    assert (first.severity, first.labels["severity"]) == ("warning", "warning")
    _, subject = world.evaluator.find(first.id)
    subject.alert = replace(subject.alert, acknowledged=Acknowledgement("kim", world.now))
    assert world.step("heat", 25) == []
    assert world.step("heat", 25, 5) == ["raised"]
    risen = world.alert
    assert (risen.id, risen.fingerprint, risen.starts_at) == (first.id, first.fingerprint, first.starts_at)
    assert (risen.severity, risen.acknowledged, world.seen[-1].old_severity) == ("critical", None, "warning")
    assert world.step("heat", 15) == ["lowered"]
    assert world.alert.severity == "warning"
    assert world.step("heat", 5) == ["resolved"]


def test_an_ended_alert_keeps_the_gravest_that_it_was() -> None:
    """Critical, lowered, raised a little and over: lists and reports say critical, with the summary of when it became so."""
    summary = "{{ $value }} degrees"
    rungs = (("info", 5), ("warning", 10), ("critical", 20))
    world = World(rules_of(*({**HOT, "severity": name, "expr": f"heat > {limit}", "summary": summary} for name, limit in rungs)))
    world.step("heat", 30)
    world.step("heat", 25)
    assert world.alert.peak is None and world.alert.gravest == Peak("critical", "25 degrees")
    assert [*world.step("heat", 6), *world.step("heat", 15), *world.step("heat", 6)] == ["lowered", "raised", "lowered"]
    assert world.alert.listed == Peak("info", "6 degrees")
    assert world.step("heat", 1) == ["resolved"]
    assert world.seen[-1].alert.severity == "info" and world.seen[-1].alert.listed == Peak("critical", "30 degrees")
    again = World(world.rules)
    again.step("heat", 15)
    assert [*again.step("heat", 30), *again.step("heat", 15)] == ["raised", "lowered"]
    assert again.alert.peak == Peak("critical", "30 degrees")


def test_a_jump_over_both_rungs_fires_the_graver_one_only() -> None:
    """A value above both thresholds makes one alert with the higher severity."""
    world = World(
        rules_of(*({**HOT, "severity": severity, "expr": f"heat > {limit}"} for severity, limit in (("low", 10), ("critical", 20))))
    )
    assert world.step("heat", 30) == ["firing"]
    assert world.alert.severity == "critical"


def test_resolve_when_keeps_the_alert_until_the_recovery_value() -> None:
    """Hysteresis: below the threshold is not enough, resolve_when must be true for the subject."""
    world = World(rules_of({**HOT, "resolve_when": "heat < 5"}))
    world.step("heat", 11, room="a")
    assert world.step("heat", 7, room="a") == []
    world.put("heat", 1, room="b")
    assert changes(world.tick()) == []
    assert world.step("heat", 4, room="a") == ["resolved"]


def test_cooldown_delays_the_next_firing() -> None:
    """After a resolve an alert is pending until the cooldown is over."""
    world = World(rules_of({**HOT, "cooldown": "60s"}))
    world.step("heat", 11)
    world.step("heat", 1)
    assert world.step("heat", 11) == ["pending"]
    assert world.step("heat", 11, 50) == []
    assert world.step("heat", 11, 9) == ["firing"]


def test_flapping_collapses_into_one_alert_with_counts() -> None:
    """The third cycle within ten minutes stays firing as flapping; it ends after ten calm minutes and says how often."""
    world = World(rules_of({**HOT, "flap_limit": 3}))
    seen = [world.step("heat", value, 10) for value in (11, 1, 11, 1, 11, 1, 11, 1, 11, 1)]
    assert seen == [["firing"], ["resolved"], ["firing"], ["resolved"], ["firing"], ["flapping"], [], [], [], []]
    assert (world.alert.flaps, world.alert.state) == (5, "firing")
    assert world.step("heat", 1, 599) == []
    assert world.step("heat", 1, 1) == ["resolved"]
    assert world.seen[-1].note == "it had flapped 5 times"


def test_a_backward_clock_step_neither_breaks_nor_delays() -> None:
    """`for` and `keep_firing_for` go on where they were when the clock is set back."""
    world = World(rules_of({**HOT, "for": "10s"}))
    world.step("heat", 11)
    world.tick(8)
    world.now -= 3_600_000
    assert changes(world.evaluator.evaluate(world.now, _frozen(world, 11))) == []
    assert changes(world.evaluator.evaluate(world.now + 1900, _frozen(world, 11))) == []
    assert changes(world.evaluator.evaluate(world.now + 2000, _frozen(world, 11))) == ["firing"]


def _frozen(world: World, value: float) -> SeriesMemory:
    memory = SeriesMemory(7200)
    memory.load((("__name__", "heat"),), [world.now], [value])
    return memory


def test_a_suspend_does_not_count_as_for() -> None:
    """A jump that the runtime tells leaves `for` where it was."""
    world = World(rules_of({**HOT, "for": "10s"}))
    world.step("heat", 11)
    world.now += 3_600_000
    world.evaluator.clock_jumped(3_600_000, world.now)
    assert world.step("heat", 11) == []
    assert world.step("heat", 11, 9) == ["firing"]


def test_absent_waits_for_the_grace_and_then_behaves_as_in_prometheus() -> None:
    """absent() is not believed right after the start; later it fires, and resolves when the series comes."""
    world = World(rules_of({**HOT, "expr": 'absent(heat{room="a"})'}))
    assert changes(world.tick()) == []
    assert changes(world.tick(60)) == ["firing"]
    assert world.alert.labels["room"] == "a"
    assert world.step("heat", 1, room="a") == ["resolved"]


def test_a_restart_keeps_for_progress_and_resolves_nothing_for_want_of_samples() -> None:
    """Restored alerts hold without samples, `for` counts through the restart, and ids stay."""
    rules = rules_of({**HOT, "for": "60s"}, {"alert": "Cold", "expr": "heat < 100"})
    world = World(rules)
    assert sorted(world.step("heat", 11)) == ["firing", "pending"]
    before = {alert.name: alert for alert in world.evaluator.alerts()}
    second = World(rules)
    second.now = world.now + 30_000
    assert second.evaluator.restore(second.now, before.values()) == []
    assert changes(second.tick()) == []
    assert {alert.name: alert.id for alert in second.evaluator.alerts()} == {name: alert.id for name, alert in before.items()}
    assert second.step("heat", 11, 29) == ["firing"]
    assert second.seen[-1].alert.active_at == before["Hot"].active_at


def test_a_restart_without_the_rule_ends_its_alerts_with_a_note() -> None:
    """An alert whose rule is gone resolves, a pending one is dropped."""
    world = World(rules_of({**HOT}))
    world.step("heat", 11)
    second = World(rules_of({"alert": "Other", "expr": "x > 1"}))
    (ended,) = second.evaluator.restore(world.now, world.evaluator.alerts())
    assert (ended.change, ended.note, ended.alert.state) == ("resolved", "the rule is gone", "resolved")


def test_a_restart_with_a_changed_expression_resolves_what_the_new_rule_does_not_answer() -> None:
    """A subject that only the old expression had does not hold for ever."""
    world = World(rules_of(HOT))
    world.step("heat", 11, room="a")
    second = World(rules_of({**HOT, "expr": "sum(heat) > 10"}))
    second.evaluator.restore(world.now, world.evaluator.alerts())
    second.put("heat", 11, room="a")
    assert sorted(changes(second.tick())) == ["firing", "resolved"]


def test_a_reload_keeps_what_did_not_change_and_ends_what_was_removed() -> None:
    """`for` progress of unchanged rules survives a reload, alerts of removed rules end, new texts are used."""
    world = World(rules_of({**HOT, "for": "10s"}, {"alert": "Gone", "expr": "heat > 1"}))
    assert sorted(world.step("heat", 11)) == ["firing", "pending"]
    ended = world.evaluator.replace_rules(rules_of({**HOT, "for": "10s", "summary": "new text"}), world.now)
    assert [(step.change, step.note, step.alert.name) for step in ended] == [("resolved", "the rule was removed", "Gone")]
    assert world.step("heat", 11, 10) == ["firing"]
    assert world.alert.annotations["summary"] == "new text"
    world.evaluator.replace_rules(rules_of({**HOT, "for": "10s", "severity": "warning"}), world.now)
    assert world.step("heat", 11) == ["lowered"]


def test_identity_labels() -> None:
    """host is added, a sample's own host becomes exported_host, check alerts get type and category, rule labels win."""
    checks = {"api": {"type": "http", "category": "application"}}
    world = World(rules_of({**HOT, "expr": "max by (check, host) (heat) > 1", "labels": {"team": "ops"}}), checks=checks)
    world.step("heat", 11, check="api", host="db-9", x="y")
    assert world.alert.labels == {
        "alertname": "Hot", "severity": "critical", "host": "web-1", "exported_host": "db-9", "team": "ops",
        "check": "api", "type": "http", "category": "application",
    }  # fmt: skip


def test_rules_that_read_a_result_are_found_and_evaluated_alone() -> None:
    """A check's result triggers the rules that read its series and no others."""
    world = World(rules_of(HOT, {"alert": "Other", "expr": "cold > 1"}, {"alert": "Any", "expr": '{__name__=~"c.*"} > 1'}))
    found = world.evaluator.rules_reading({"cold", "other"})
    assert {rule.alert for rule in found} == {"Other", "Any"}
    world.put("cold", 2)
    world.put("heat", 20)
    assert {step.alert.name for step in world.evaluator.evaluate(world.now, world.memory, found)} == {"Other", "Any"}


def test_wide_rules_are_evaluated_each_minute() -> None:
    """A rule that looks back hours is due once a minute."""
    world = World(rules_of({**HOT, "expr": "max_over_time(heat[2h]) > 10"}))
    world.tick()
    world.put("heat", 11)
    assert [changes(world.tick()) for _ in range(59)] == [[]] * 59
    assert changes(world.tick()) == ["firing"]


def test_values_are_handed_out_once_a_minute() -> None:
    """A changing value makes at most one `updated` a minute."""
    world = World(rules_of(HOT))
    world.evaluate()
    for second in range(180):
        world.step("heat", 11 + second % 7)
    updates = [step for step in world.seen if step.change == "updated"]
    assert len(updates) in (2, 3)
    assert not any(step.urgent for step in updates)


def test_a_query_that_fails_changes_nothing_and_is_told() -> None:
    """An evaluation error holds the alert and names the rule; it ends with the error."""
    world = World(rules_of({**HOT, "expr": "heat * on (room) power > 10"}))
    world.put("power", 1, room="a")
    assert world.step("heat", 11, room="a") == ["firing"]
    world.put("power", 1, room="a", x="2")
    assert changes(world.tick()) == []
    assert list(world.evaluator.errors) == ["Hot/critical"]
    world.gone("power", room="a", x="2")
    world.now += 1000
    world.put("heat", 1, room="a")
    assert changes(world.evaluate()) == ["resolved"]
    assert world.evaluator.errors == {}


def test_ids_are_short_and_unique_over_episodes() -> None:
    """Each episode has an 8-digit id of its own; the fingerprint stays."""
    world = World(rules_of(HOT))
    for _ in range(3):
        world.step("heat", 11)
        world.step("heat", 1)
    fired = [step.alert for step in world.seen if step.change == "firing"]
    assert len({alert.id for alert in fired}) == 3 and len({alert.fingerprint for alert in fired}) == 1
    assert all(len(alert.id) == 8 and len(alert.fingerprint) == 16 for alert in fired)
    assert fired[0].starts_at > START


def test_evidence_is_taken_when_it_fires_and_its_reason_is_in_the_text() -> None:
    """What was going on is kept with the alert, and templates can say the reason."""
    world = World(
        rules_of({**HOT, "summary": "bad{{ if $reason }}: {{ $reason }}{{ end }}"}), evidence=lambda alert, _: {"reason": "status 500"}
    )
    world.step("heat", 11)
    assert world.alert.annotations["summary"] == "bad: status 500"
    assert world.alert.evidence == {"reason": "status 500"}


def test_the_alerts_of_a_removed_check_end() -> None:
    """Taken out by a reload or while nothing ran: its alert ends with a note instead of holding for ever."""
    checks = {"api": {"check": "api", "type": "http"}, "db": {"check": "db", "type": "postgres"}}
    rules = rules_of({"alert": "Down", "expr": "check_health == 2"})
    world = World(rules, checks=checks)
    for labels in checks.values():
        world.put("check_health", 2, **labels)
    world.evaluate()
    saved = world.evaluator.alerts()
    (ended,) = world.evaluator.replace_rules(rules, world.now, {"db": checks["db"]})
    assert (ended.change, ended.note, ended.alert.labels["check"]) == ("resolved", "the check was taken out", "api")
    second = World(rules, checks={"db": checks["db"]})
    (ended,) = second.evaluator.restore(second.now, saved)
    assert ended.alert.labels["check"] == "api"
    assert second.alert.labels["check"] == "db"


def test_the_text_of_an_alert_follows_the_reason_and_the_first_one_is_kept() -> None:
    """503 becomes "slow": the summary says so at once, the resolved alert says the last reason, the evidence the first."""
    why = {"reason": "503 Service Unavailable"}
    rule = {"alert": "Down", "expr": "health >= 1", "severity": "warning", "summary": "{{ $labels.check }}: {{ $reason }}"}
    world = World(rules_of(rule), evidence=lambda _alert, _rule: {"reason": why["reason"]}, reason=lambda _labels: why)
    assert world.step("health", 2, check="pay") == ["firing"]
    assert world.alert.annotations["summary"] == "pay: 503 Service Unavailable"
    why = {"reason": "slow: 506ms (limit 250ms)"}
    assert world.step("health", 2, check="pay") == []
    assert world.alert.annotations["summary"] == "pay: slow: 506ms (limit 250ms)"
    assert world.alert.evidence["reason"] == "503 Service Unavailable"
    why = {}
    assert world.step("health", 0, check="pay") == ["resolved"]
    assert world.seen[-1].alert.annotations["summary"] == "pay: slow: 506ms (limit 250ms)"
