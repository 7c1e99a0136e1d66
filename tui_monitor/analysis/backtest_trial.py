"""One trial of a backtest: a fresh evaluator and dispatcher, and the counts of alerts and messages."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_monitor.alerts.alert import Transition
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.alerts.no_data import WATCH
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.analysis.backtest_result import Firing, MessageCounts, RuleOutcome, TrialOutcome, TrialRule
from tui_monitor.analysis.backtest_samples import Span, overlap
from tui_monitor.core.values import severity_rank
from tui_monitor.dispatch.dispatcher import Dispatcher
from tui_monitor.dispatch.message import Kind, Message
from tui_monitor.dispatch.routing import Routing
from tui_monitor.promql.queryable import Queryable

MOST_FIRINGS = 1000
_MOST_WAKES = 1000


@dataclass(slots=True)
class _Open:
    start: int
    severity: str
    labels: Mapping[str, str]


@dataclass(slots=True)
class _Tally:
    """The counts of one ladder."""

    rules: list[Rule]
    fired: int = 0
    nearly: int = 0
    still: int = 0
    firing_ms: int = 0
    longest_ms: int = 0
    first: int | None = None
    last: int | None = None
    error: str = ""
    subjects: set[str] = field(default_factory=set)
    by_severity: Counter[str] = field(default_factory=Counter)
    messages: Counter[Kind] = field(default_factory=Counter)
    open: dict[str, _Open] = field(default_factory=dict)
    firings: deque[Firing] = field(default_factory=lambda: deque(maxlen=MOST_FIRINGS))

    def outcome(self, ladder: str) -> RuleOutcome:
        return RuleOutcome(
            alert=self.rules[0].alert,
            ladder=ladder,
            rungs=tuple(TrialRule(rule.severity, rule.expr, rule.for_s, rule.keep_firing_for_s) for rule in self.rules),
            fired=self.fired,
            subjects=len(self.subjects),
            nearly=self.nearly,
            firing_s=self.firing_ms / 1000,
            longest_s=self.longest_ms / 1000,
            first=self.first,
            last=self.last,
            still=self.still,
            by_severity={word: self.by_severity[word] for word in sorted(self.by_severity, key=severity_rank)},
            messages=_message_counts(self.messages),
            firings=tuple(self.firings),
            error=self.error,
        )


def _message_counts(counts: Mapping[Kind, int]) -> MessageCounts:
    return MessageCounts(counts.get("firing", 0), counts.get("resolved", 0), counts.get("reminder", 0))


class Trial:
    """The run of rules and routing. ``gaps``, shared with the samples, are the times without a monitor, which do not count as firing."""

    def __init__(
        self,
        rules: Sequence[Rule],
        routing: Routing,
        gaps: Sequence[Span],
        *,
        host: str,
        checks: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._evaluator = Evaluator(rules, host, checks=checks, grace_ms=0)
        limits = {rule.ladder: rule.rate_limit for rule in rules if rule.rate_limit}
        self._planner = Dispatcher(routing, host=host, rate_limits=limits)
        self._gaps = gaps
        self._tallies: dict[str, _Tally] = {}
        self._by_key: dict[str, _Tally] = {}
        for rule in rules:
            tally = self._tallies.setdefault(rule.ladder, _Tally([]))
            tally.rules.append(rule)
            self._by_key[rule.key] = tally
        self._ladders: dict[str, str] = {}
        self._messages: Counter[Kind] = Counter()
        self._by_notifier: Counter[str] = Counter()
        self._wake: int | None = None

    def step(self, now: int, storage: Queryable, step_ms: int) -> None:
        """Evaluate one moment, then plan messages until the next one."""
        transitions = self._evaluator.evaluate(now, storage)
        for transition in transitions:
            if transition.change != "updated":
                self._note(transition)
        for key, error in self._evaluator.errors.items():
            self._by_key[key].error = error
        if transitions or (self._wake is not None and self._wake <= now):
            self._plan(now, transitions)
        for _ in range(_MOST_WAKES):
            if self._wake is None or not now < self._wake < now + step_ms:
                break
            now, step_ms = self._wake, step_ms - (self._wake - now)
            self._plan(now, ())

    def _plan(self, now: int, transitions: Sequence[Transition]) -> None:
        live = {alert.id: alert for alert in self._evaluator.alerts()}
        plan = self._planner.plan(now, live, transitions)
        self._planner.committed(plan)
        for message in plan.messages:
            self._count(message)
        self._wake = self._planner.next_wake(now)

    def _count(self, message: Message) -> None:
        self._messages[message.kind] += 1
        self._by_notifier[message.notifier] += 1
        for ladder in {self._ladders[alert.id] for alert in message.alerts if alert.id in self._ladders}:
            self._tallies[ladder].messages[message.kind] += 1

    def _note(self, transition: Transition) -> None:
        alert = transition.alert
        ladder = alert.rule.removesuffix(WATCH)
        tally = self._tallies[ladder]
        if transition.change == "firing":
            self._ladders[alert.id] = ladder
            tally.fired += 1
            tally.subjects.add(alert.fingerprint)
            tally.first = alert.starts_at if tally.first is None else tally.first
            tally.last = alert.starts_at
            tally.open[alert.id] = _Open(alert.starts_at, alert.severity, alert.labels)
        elif transition.change == "raised" and alert.id in tally.open:
            tally.open[alert.id].severity = max(tally.open[alert.id].severity, alert.severity, key=severity_rank)
        elif transition.change == "resolved" and alert.id in tally.open:
            self._close(tally, tally.open.pop(alert.id), transition.at, ended=True)
        elif transition.change == "dropped":
            tally.nearly += 1

    def _close(self, tally: _Tally, one: _Open, end: int, *, ended: bool) -> None:
        lasted = max(0, end - one.start - overlap(self._gaps, one.start, end))
        tally.firing_ms += lasted
        tally.longest_ms = max(tally.longest_ms, lasted)
        tally.by_severity[one.severity] += 1
        tally.still += not ended
        tally.firings.append(Firing(one.start, end if ended else None, one.severity, one.labels))

    def finish(self, end: int) -> TrialOutcome:
        """The outcome; an alert that still fires lasts until ``end``."""
        for tally in self._tallies.values():
            for one in tally.open.values():
                self._close(tally, one, end, ended=False)
            tally.open.clear()
        return TrialOutcome(
            tuple(tally.outcome(ladder) for ladder, tally in self._tallies.items()),
            _message_counts(self._messages),
            dict(self._by_notifier),
        )
