"""Random lives of alerts (samples, gaps, restarts, reloads, clock jumps, people) against a simple model."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.alert_world import START, rules_of
from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.alerts.commands import apply
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.core.commands import Acknowledge, Resolve
from tui_monitor.core.values import Labels, labels_of, severity_rank
from tui_monitor.promql.queryable import DEFAULT_LOOKBACK_MS, Matcher
from tui_monitor.storage.sqlite import migrate
from tui_monitor.storage.state import alerts as rows
from tui_monitor.storage.state.alerts import SqliteAlerts

THRESHOLDS = {"warning": 10.0, "critical": 20.0}
PATIENCE = 300.0


class Now:
    """A series that has its newest value at whatever time it is asked."""

    lookback_ms = DEFAULT_LOOKBACK_MS

    def __init__(self, labels: Labels, value: float) -> None:
        self.labels = labels
        self.value = value

    def latest(self, until_ms: int) -> tuple[int, float]:
        return until_ms, self.value

    def window(self, after_ms: int, until_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        return [until_ms], [self.value]


class Samples:
    """The series heat, or nothing."""

    def __init__(self, value: float | None) -> None:
        self._series = [] if value is None else [Now(labels_of("heat", room="a"), value)]

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Iterable[Now]:
        return self._series


@dataclass
class ModelRung:
    """What should be known of one threshold, in seconds that only pass while the machine runs."""

    true_since: float | None = None
    on: bool = False
    calm_since: float | None = None


class Model:
    """What the alert should be: nothing cleverer than the rule's own words."""

    def __init__(self, wait: float, keep: float) -> None:
        self.wait, self.keep = wait, keep
        self.clear()
        self.held = False
        self.missing_since: float | None = None

    def clear(self) -> None:
        self.rungs = {severity: ModelRung() for severity in THRESHOLDS}

    @property
    def state(self) -> tuple[str, str]:
        on = [severity for severity, rung in self.rungs.items() if rung.on]
        waiting = [severity for severity, rung in self.rungs.items() if rung.true_since is not None]
        if self.held or not (on or waiting):
            return "none", ""
        return ("firing", on[-1]) if on else ("pending", waiting[-1])

    def see(self, at: float, value: float | None) -> None:
        if value is None:
            self.missing_since = at if self.missing_since is None else self.missing_since
            if self.state[0] == "pending" and at - self.missing_since >= PATIENCE:
                self.clear()
            return
        self.missing_since = None
        if self.held:
            self.held = value > THRESHOLDS["warning"]
            return
        for severity, rung in self.rungs.items():
            if value > THRESHOLDS[severity]:
                rung.true_since = at if rung.true_since is None else rung.true_since
                rung.calm_since = None
                rung.on |= at - rung.true_since >= self.wait
            else:
                rung.true_since = None
                rung.calm_since = at if rung.calm_since is None else rung.calm_since
                rung.on &= at - rung.calm_since < self.keep


class Life:
    """One evaluator (and its successors) with a store, beside the model; every transition is checked against the grammar."""

    def __init__(self, wait: float, keep: float) -> None:
        self.rules = _rules(wait, keep)
        self.model = Model(wait, keep)
        self.at = 0.0
        self.now = START
        self.value: float | None = None
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.db, [rows.MIGRATION])
        self.alerts = SqliteAlerts(self.db)
        self.evaluator = Evaluator(self.rules, "web-1")
        self.known: dict[str, str] = {}
        self.log: list[Transition] = []

    def take(self, transitions: list[Transition]) -> None:
        self.alerts.save(transitions)
        self.log += transitions
        for step in transitions:
            self._check(step)

    def _check(self, step: Transition) -> None:
        alert, before = step.alert, self.known.get(step.alert.id, "new")
        allowed = {
            "pending": {"new"}, "firing": {"new", "pending"}, "dropped": {"pending"}, "resolved": {"firing"}, "raised": {"firing"},
            "lowered": {"firing"}, "acknowledged": {"firing"}, "ack_expired": {"firing"}, "updated": {"pending", "firing", "resolved"},
        }  # fmt: skip
        assert before in allowed[step.change], (step.change, before)
        if step.change in ("firing", "pending"):
            others = [ident for ident, state in self.known.items() if state in ("firing", "pending") and ident != alert.id]
            assert others == [], "one subject, one live alert"
        if step.change in ("raised", "lowered"):
            rise = severity_rank(alert.severity) - severity_rank(step.old_severity)
            assert rise > 0 if step.change == "raised" else rise < 0
        if step.change == "resolved":
            assert step.by or self.value is not None, "nothing resolves for want of data"
            assert alert.ends_at is not None and alert.ends_at >= alert.starts_at
        self.known[alert.id] = "dropped" if step.change == "dropped" else alert.state

    def live(self) -> list[Alert]:
        return self.evaluator.alerts()

    def compare(self) -> None:
        found = [(alert.state, alert.severity) for alert in self.live()]
        state = self.model.state
        assert found == ([] if state[0] == "none" else [state]), (found, state)
        stored = [(alert.id, alert.state, alert.severity) for alert in self.alerts.live() if not alert.held]
        assert stored == [(alert.id, alert.state, alert.severity) for alert in self.live()], "the store knows what memory knows"

    # Events

    def do_tick(self, seconds: float, value: float | None) -> None:
        self.at += seconds
        self.now += int(seconds * 1000)
        self.value = value
        self.take(self.evaluator.evaluate(self.now, Samples(value)))
        self.model.see(self.at, value)

    def do_restart(self, seconds: float, value: float | None) -> None:
        """A kill and a new process after a while; no samples are there at first."""
        self.at += seconds
        self.now += int(seconds * 1000)
        self.evaluator = Evaluator(_rules(self.model.wait, self.model.keep), "web-1")
        self.take(self.evaluator.restore(self.now, self.alerts.live(), self.alerts.recently_resolved(self.now), self.alerts.ids()))
        self.model.missing_since = None
        self.do_tick(0, None)

    def do_reload(self, seconds: float, value: float | None) -> None:
        self.take(self.evaluator.replace_rules(_rules(self.model.wait, self.model.keep), self.now))

    def do_step_back(self, seconds: float, value: float | None) -> None:
        self.now -= int(seconds * 1_000_000)
        self.do_tick(0, value)

    def do_suspend(self, seconds: float, value: float | None) -> None:
        self.now += int(seconds * 100_000)
        self.evaluator.clock_jumped(int(seconds * 100_000), self.now)
        self.do_tick(0, value)

    def do_acknowledge(self, seconds: float, value: float | None) -> None:
        self.take(list(apply(self.evaluator, Acknowledge(all_firing=True, seconds=seconds), "kim", self.now).transitions))

    def do_resolve(self, seconds: float, value: float | None) -> None:
        done = apply(self.evaluator, Resolve(all_firing=True), "kim", self.now)
        self.take(list(done.transitions))
        if done.transitions:
            self.model.clear()
            self.model.held = True


def _rules(wait: float, keep: float) -> list[Rule]:
    return rules_of(
        *(
            {"alert": "Hot", "expr": f"heat > {limit}", "severity": severity, "for": wait, "keep_firing_for": keep, "summary": "plain"}
            for severity, limit in THRESHOLDS.items()
        )
    )


_EVENT = st.tuples(
    st.sampled_from(["tick"] * 12 + ["restart", "reload", "step_back", "suspend", "acknowledge", "resolve"]),
    st.sampled_from([0.5, 1.0, 1.0, 2.0, 5.0, 150.0]),
    st.sampled_from([5.0, 5.0, 15.0, 15.0, 25.0, None]),
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([0.0, 2.0, 3.5]), st.sampled_from([0.0, 2.0, 4.0]), st.lists(_EVENT, max_size=60))
def test_every_life_is_what_the_model_says(wait: float, keep: float, story: list[tuple[str, float, float | None]]) -> None:
    """After every event state and severity are the model's, in memory and in the store, and every step is a legal one."""
    life = Life(wait, keep)
    for kind, seconds, value in story:
        getattr(life, f"do_{kind}")(seconds, value)
        life.compare()
    life.db.close()


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 4), st.lists(st.tuples(st.sampled_from([1.0, 30.0, 200.0, 700.0]), st.booleans()), max_size=80))
def test_flapping_is_bounded_and_always_ends(limit: int, story: list[tuple[float, bool]]) -> None:
    """Within ten minutes at most `flap_limit` resolves are told, a flapping alert ends after ten calm minutes, and counts only grow."""
    evaluator = Evaluator(rules_of({"alert": "Hot", "expr": "heat > 10", "flap_limit": limit}), "web-1")
    now = START
    ends: list[int] = []
    flaps: dict[str, int] = {}
    for seconds, hot in [*story, (1.0, False), (601.0, False)]:
        now += int(seconds * 1000)
        for step in evaluator.evaluate(now, Samples(20.0 if hot else 1.0)):
            assert step.alert.flaps >= flaps.get(step.alert.id, 0)
            flaps[step.alert.id] = step.alert.flaps
            if step.change == "resolved":
                ends.append(now)
                assert sum(now - 600_000 < end for end in ends) <= limit
    assert evaluator.alerts() == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_odd_values_fire_or_not_as_promql_says_and_survive_the_store(value: float) -> None:
    """NaN never passes a comparison, infinities do."""
    evaluator = Evaluator(rules_of({"alert": "Hot", "expr": "heat > 10"}), "web-1")
    steps: list[Any] = evaluator.evaluate(START, Samples(value))
    assert [step.change for step in steps] == (["firing"] if value == float("inf") else [])
