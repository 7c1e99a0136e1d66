"""The result of a backtest, for tables, JSON and screens. Stamps are UTC milliseconds, lengths are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from tui_monitor.analysis.backtest_samples import ResolutionSpan
from tui_monitor.core.frozen import frozen
from tui_monitor.core.units import rfc3339


@frozen
class MessageCounts:
    """Numbers of messages, counted once per notifier: firing, resolved only, and reminders."""

    firing: int = 0
    resolved: int = 0
    reminders: int = 0

    @property
    def without_reminders(self) -> int:
        """Messages that were caused by a transition."""
        return self.firing + self.resolved

    @property
    def total(self) -> int:
        """All messages."""
        return self.firing + self.resolved + self.reminders


@frozen
class Firing:
    """One alert that would have fired; ``end`` None: still at the end of the history. ``severity`` is the gravest it reached."""

    start: int
    end: int | None
    severity: str
    labels: Mapping[str, str]


@frozen
class TrialRule:
    """A rule of the trial, one for each severity."""

    severity: str
    expr: str
    for_s: float
    keep_firing_for_s: float


@frozen
class RuleOutcome:
    """The outcome of one alert's rules over the whole time.

    ``fired`` counts alerts, ``subjects`` the different label sets among them, ``nearly`` how often the condition ended before ``for``
    was over. ``firing_s`` and ``longest_s`` leave out the time in which no monitor ran. ``firings`` are the last thousand.
    """

    alert: str
    ladder: str
    rungs: tuple[TrialRule, ...]
    fired: int = 0
    subjects: int = 0
    nearly: int = 0
    firing_s: float = 0.0
    longest_s: float = 0.0
    first: int | None = None
    last: int | None = None
    still: int = 0
    by_severity: Mapping[str, int] = field(default_factory=dict)
    messages: MessageCounts = MessageCounts()
    firings: tuple[Firing, ...] = ()
    error: str = ""


@frozen
class TrialOutcome:
    """All rules of one trial. ``messages`` counts a message about several rules once, so it may be less than the rules' sum."""

    rules: tuple[RuleOutcome, ...]
    messages: MessageCounts = MessageCounts()
    by_notifier: Mapping[str, int] = field(default_factory=dict)


@frozen
class Backtest:
    """The outcome from start to end, evaluated every ``step_ms``; ``changed`` is the outcome with ``changes`` applied.

    ``observed_s``: how long a monitor ran in that time. ``stretches``: the resolutions of the history. ``notes`` are for people.
    """

    start: int
    end: int
    step_ms: int
    steps: int
    observed_s: float
    stretches: tuple[ResolutionSpan, ...]
    present: TrialOutcome
    changed: TrialOutcome | None = None
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def to_json(found: Backtest) -> dict[str, Any]:
    """The JSON object of a backtest: times RFC 3339 UTC, lengths in seconds."""
    return {
        "start": rfc3339(found.start),
        "end": rfc3339(found.end),
        "step_s": found.step_ms / 1000,
        "steps": found.steps,
        "observed_s": found.observed_s,
        "resolution": [{"start": rfc3339(part.start), "end": rfc3339(part.end), "seconds": part.resolution_s} for part in found.stretches],
        "notes": list(found.notes),
        "changes": list(found.changes),
        "present": _outcome(found.present),
        "changed": None if found.changed is None else _outcome(found.changed),
    }


def _outcome(outcome: TrialOutcome) -> dict[str, Any]:
    return {
        "messages": _message_json(outcome.messages),
        "by_notifier": dict(outcome.by_notifier),
        "rules": [_rule(rule) for rule in outcome.rules],
    }


def _message_json(counts: MessageCounts) -> dict[str, int]:
    return {"firing": counts.firing, "resolved": counts.resolved, "reminders": counts.reminders, "total": counts.total}


def _rule(rule: RuleOutcome) -> dict[str, Any]:
    return {
        "alert": rule.alert,
        "rules": [
            {"severity": rung.severity, "expr": rung.expr, "for_s": rung.for_s, "keep_firing_for_s": rung.keep_firing_for_s}
            for rung in rule.rungs
        ],
        "fired": rule.fired,
        "subjects": rule.subjects,
        "nearly": rule.nearly,
        "firing_s": rule.firing_s,
        "longest_s": rule.longest_s,
        "first": None if rule.first is None else rfc3339(rule.first),
        "last": None if rule.last is None else rfc3339(rule.last),
        "still_firing": rule.still,
        "by_severity": dict(rule.by_severity),
        "messages": _message_json(rule.messages),
        "firings": [
            {
                "start": rfc3339(one.start),
                "end": None if one.end is None else rfc3339(one.end),
                "severity": one.severity,
                "labels": dict(one.labels),
            }
            for one in rule.firings
        ],
        "error": rule.error,
    }
