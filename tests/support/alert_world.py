"""A little world for alert tests: rules, samples and a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.support.settings import made
from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.alerts.rules.rule import Rule, build_rules
from tui_monitor.config.settings import Settings
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.storage.memory import SeriesMemory

START = 1_750_000_000_000


def rules_of(*entries: dict[str, Any], **settings: Any) -> list[Rule]:
    """The compiled rules of these [[rules]] tables; any fault fails the test."""
    settings.setdefault("default_rules", False)
    rules, problems = build_rules(made(Settings, {"rules": list(entries), **settings}), (), "web-1")
    assert problems == []
    return rules


class World:
    """Samples, an evaluator and a clock. ``seen`` collects all transitions."""

    def __init__(self, rules: Iterable[Rule], **options: Any) -> None:
        self.now = START
        self.memory = SeriesMemory(7200)
        self.options = options
        self.rules = list(rules)
        self.evaluator = Evaluator(self.rules, "web-1", **options)
        self.seen: list[Transition] = []

    def put(self, name: str, value: float, **labels: str) -> None:
        """One sample now."""
        self.memory.append(self.now, [Sample(labels_of(name, **labels), value)])

    def gone(self, name: str, **labels: str) -> None:
        """The series ends."""
        self.memory.mark_stale(self.now, labels_of(name, **labels))

    def tick(self, seconds: float = 1.0) -> list[Transition]:
        """Time passes, then everything due is evaluated."""
        self.now += int(seconds * 1000)
        return self.evaluate()

    def evaluate(self) -> list[Transition]:
        """Everything due is evaluated now."""
        found = self.evaluator.evaluate(self.now, self.memory)
        self.seen += found
        return found

    def step(self, name: str, value: float, seconds: float = 1.0, **labels: str) -> list[str]:
        """Time passes, a sample comes, everything is evaluated: the changes but "updated"."""
        self.now += int(seconds * 1000)
        self.put(name, value, **labels)
        return changes(self.evaluate())

    @property
    def alert(self) -> Alert:
        """The only live alert."""
        (alert,) = self.evaluator.alerts()
        return alert


def changes(transitions: Iterable[Transition]) -> list[str]:
    """What happened, without value updates."""
    return [transition.change for transition in transitions if transition.change != "updated"]
