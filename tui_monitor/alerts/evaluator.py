"""The evaluator: evaluates the rules over the samples and moves the alerts. Pure and synchronous: `now` in, transitions out.

Wall stamps carry `for`, `keep_firing_for` and cooldown, so they survive a restart. When the clock goes back, the stamps of what is
under way go back with it: nothing is late, nothing fires twice. The runtime tells a jump that it has noticed (suspend) by `clock_jumped`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from tui_monitor.alerts import carry_over as takeover
from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.alerts.evaluation import Evaluation
from tui_monitor.alerts.identity import alert_labels, fingerprint_of
from tui_monitor.alerts.ladder import Due, Ladder, Reason, Subject, TrueCondition
from tui_monitor.alerts.no_data import WATCH, AllPresent, missing_of
from tui_monitor.alerts.rule_index import Evidence, LadderEntry, RuleIndex, no_due
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.alerts.rules.templates import is_template, render
from tui_monitor.core.received_alert import ReceivedAlert
from tui_monitor.core.values import Labels, severity_rank
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.queryable import Queryable

GRACE_MS = 60_000
"""absent() is not believed for this long after the start, nor after a jump of the clock."""
REFRESH_MS = 60_000
"""How often changed values of firing alerts are handed out to be saved."""
_FRESH_TEXTS = 100

_ALL_THERE = AllPresent()


class Evaluator:
    """The rules and the live alerts.

    ``checks``: check name → its labels type and category. ``evidence``: called once when an alert fires or rises; its result is
    stored with the alert, and its "reason" is `$reason` in templates until ``reason`` gives a newer one.
    ``errors``: rule key → why it could not be evaluated.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        host: str,
        *,
        checks: Mapping[str, Mapping[str, str]] | None = None,
        evidence: Evidence | None = None,
        grace_ms: int = GRACE_MS,
        due: Due = no_due,
        reason: Reason | None = None,
    ) -> None:
        self.host = host
        self.checks: Mapping[str, Mapping[str, str]] = checks or {}
        self._knows_checks = checks is not None
        self.errors: dict[str, str] = {}
        self.index = RuleIndex(evidence, reason)
        self.index.respond_by = due
        self._grace_ms = grace_ms
        self._grace_until = 0
        self._begun = False
        self._last = 0
        self._swept = 0
        self._refreshed = 0
        self.index.install(rules)

    def use_response_times(self, due: Due) -> None:
        """Use these from the next firing or rise on."""
        self.index.respond_by = due

    @property
    def rules(self) -> list[Rule]:
        """The rules in force."""
        return self.index.rules

    # Evaluation

    def receive(self, now_ms: int, sender: str, alerts: Iterable[ReceivedAlert]) -> tuple[list[Transition], int]:
        """Take the alerts that another program has sent: what has changed, and how many were too many."""
        return self.index.received.receive(self._step_clock(now_ms), sender, alerts)

    def evaluate(
        self, now_ms: int, storage: Queryable, which: Iterable[Rule] | None = None, *, wide: bool | None = None
    ) -> list[Transition]:
        """Evaluate the ladders of ``which``, or all that are due (None: the tick of each second); what has changed, in order.

        ``wide``: whether the tick takes the rules that look back hours, because ``storage`` has what they need; None: each minute.
        """
        now = self._step_clock(now_ms)
        transitions: list[Transition] = []
        groups = self.index.due(now, wide) if which is None else self.index.groups_of(which)
        evaluation = Evaluation(now, storage, self.index.compiled, early=now < self._grace_until)
        for group in groups:
            transitions += self._evaluate(group, evaluation)
        if which is None or now - self._swept >= 1000:
            self._swept = now
            transitions += self.index.received.step(now)
            transitions += self._expire_acknowledgements(now)
        if which is None and not 0 <= now - self._refreshed < REFRESH_MS:
            self._refreshed = now
            self.index.forget_ids()
            for ladder in self.index.ladders():
                transitions += ladder.refresh(now)
        return transitions

    def rules_reading(self, metrics: Collection[str]) -> list[Rule]:
        """The rules that read any of these metrics (or any metric at all), without those that are evaluated each minute only."""
        return self.index.reading(metrics)

    def _evaluate(self, group: LadderEntry, evaluation: Evaluation) -> list[Transition]:
        conditions: dict[str, tuple[dict[str, str], list[TrueCondition]]] = {}
        failed: set[str] = set()
        for rule in group.ladder.rules:
            try:
                answer = evaluation.query_subjects(rule.query)
            except (EvaluationError, PromqlError) as error:
                self.errors[rule.key] = str(error)
                failed.add(rule.key)
                continue
            self.errors.pop(rule.key, None)
            if answer and rule.absent and evaluation.now < self._grace_until:
                failed.add(rule.key)
                continue
            for sample, value in answer:
                fingerprint, identity = self._identify(group, rule, sample, value)
                true = conditions.setdefault(fingerprint, (identity, []))[1]
                if all(other[0] is not rule for other in true):
                    true.append((rule, sample, value))
        if not conditions and not group.ladder.subjects and group.watch is None:
            return []
        transitions = group.ladder.advance(evaluation.now, conditions, failed, evaluation)
        if group.watch is not None:
            transitions += self._watch(group, group.watch, evaluation, failed)
        return transitions

    def _identify(self, group: LadderEntry, rule: Rule, sample: Labels, value: float) -> tuple[str, dict[str, str]]:
        cached = group.identities.get((rule.key, sample))
        if cached is None:
            own = dict(rule.labels)
            if templated := [name for name, text in own.items() if is_template(text)]:
                plain = alert_labels(sample, {}, rule.alert, self.host, self.checks)
                own.update({name: render(own[name], plain, value) for name in templated})
            identity = alert_labels(sample, own, rule.alert, self.host, self.checks)
            if not rule.severity_in_identity:
                identity.pop("severity", None)
            cached = fingerprint_of(identity), identity
            if not templated:
                if len(group.identities) >= 10_000:
                    group.identities.clear()
                group.identities[(rule.key, sample)] = cached
        return cached

    def _watch(self, group: LadderEntry, watch: Ladder, evaluation: Evaluation, failed: Collection[str]) -> list[Transition]:
        """Transitions of the alerts about missing data: subjects that were present and are missing."""
        conditions: dict[str, tuple[dict[str, str], list[TrueCondition]]] = {}
        unknown: list[str] = []
        watched = {rule.key + WATCH: rule for rule in group.ladder.rules}
        for rule in watch.rules:
            origin = watched[rule.key]
            if origin.key in failed:
                unknown.append(rule.key)
                continue
            known = group.known.setdefault(origin.key, {})
            present = evaluation.present(origin)
            for sample in [sample for sample in known if sample not in present and evaluation.ended(origin, sample)]:
                del known[sample]  # its source says that it is gone: it does not miss
            for sample in missing_of(known, present):
                fingerprint, identity = self._identify(group, rule, sample, 0.0)
                conditions.setdefault(fingerprint, (identity, []))[1].append((rule, sample, None))
        return watch.advance(evaluation.now, conditions, unknown, _ALL_THERE)

    # Time

    def clock_jumped(self, delta_ms: int, now_ms: int) -> None:
        """The wall clock was moved by so much (or the machine slept): what is under way keeps its progress; absent() waits again.

        A step back that an evaluation has met already is not counted twice.
        """
        if delta_ms > 0 or now_ms < self._last:
            self._shift(delta_ms)
        self._last = now_ms
        self._grace_until = now_ms + self._grace_ms

    def _step_clock(self, now: int) -> int:
        if not self._begun:
            self._begun, self._grace_until = True, now + self._grace_ms
        if now < self._last:
            self._shift(now - self._last)
        self._last = now
        return now

    def _shift(self, delta: int) -> None:
        self._swept = self._refreshed = 0
        self._grace_until += delta
        for group in self.index.groups.values():
            group.due = group.due + delta if delta < 0 else group.due
        self.index.received.shift(delta)
        for ladder in self.index.ladders():
            if delta < 0:
                ladder.ended = {key: [end + delta for end in ends] for key, ends in ladder.ended.items()}
            for subject in ladder.subjects.values():
                _shift_subject(subject, delta)

    def _expire_acknowledgements(self, now: int) -> list[Transition]:
        transitions = []
        for ladder, subject in self.index.live():
            ack = subject.alert.acknowledged
            if ack is not None and ack.until is not None and ack.until <= now and subject.alert.state == "firing":
                subject.alert = replace(ladder.current(subject), acknowledged=None)
                transitions.append(Transition(now, "ack_expired", subject.alert, note=f"acknowledged by {ack.by}"))
        return transitions

    # Alerts

    def restore(self, now_ms: int, live: Iterable[Alert], recent: Iterable[Alert] = (), taken: Collection[str] = ()) -> list[Transition]:
        """Restore the stored alerts: see carry_over.restore. The alerts of checks that are gone end, too."""
        transitions = takeover.restore(self.index, now_ms, live, recent, taken)
        return transitions + (self._retire_checks(now_ms) if self._knows_checks else [])

    def replace_rules(
        self, rules: Iterable[Rule], now_ms: int, checks: Mapping[str, Mapping[str, str]] | None = None, host: str | None = None
    ) -> list[Transition]:
        """Reload: unchanged rules keep `for` progress and alerts; those of removed rules and removed checks end with a note."""
        self.host = self.host if host is None else host
        transitions = takeover.replace_rules(self.index, rules, now_ms)
        if checks is not None:
            self.checks, self._knows_checks = checks, True
            transitions += self._retire_checks(now_ms)
        keys = {rule.key for rule in self.rules}
        self.errors = {key: text for key, text in self.errors.items() if key in keys}
        return transitions

    def retire(self, now_ms: int, labels: Mapping[str, str], note: str) -> list[Transition]:
        """End the alerts that carry all these labels because their subject is gone for good (a check that was taken out)."""
        return takeover.retire(self.index, now_ms, labels, note)

    def _retire_checks(self, now: int) -> list[Transition]:
        """End the alerts of checks that are gone, and of those that have another type or category now: no sample comes for them any more.

        A check's alert says its type, too; a label "check" alone may come from elsewhere.
        """
        live = [subject.alert.labels for _, subject in self.index.live()]
        gone = sorted({labels["check"] for labels in live if {"check", "type"} <= labels.keys()} - self.checks.keys())
        transitions = [step for name in gone for step in self.retire(now, {"check": name}, "the check was taken out")]
        return transitions + takeover.retire_changed(self.index, now, self.checks)

    def alerts(self) -> list[Alert]:
        """The pending and firing alerts with their newest values, gravest first, then newest.

        The texts of the first hundred say the newest value; those of the others may be a minute older.
        """
        found = [pair for pair in self.index.live() if pair[1].alert.state != "resolved"]
        found.sort(key=lambda pair: (-severity_rank(pair[1].alert.severity), -pair[1].alert.active_at, pair[1].alert.id))
        return [ladder.current(subject, texts=place < _FRESH_TEXTS) for place, (ladder, subject) in enumerate(found)]

    def find(self, prefix: str) -> tuple[Ladder, Subject]:
        """The live alert of an id or its unique beginning; LookupError says which id is unknown or ambiguous."""
        found = [pair for pair in self.index.live() if pair[1].alert.id.startswith(prefix) and pair[1].alert.state != "resolved"]
        exact = [pair for pair in found if pair[1].alert.id == prefix] or found
        if not prefix or not exact:
            raise LookupError(f'no live alert has the id "{prefix}"')
        if len(exact) > 1:
            raise LookupError(f'"{prefix}" is the beginning of several ids: {", ".join(sorted(pair[1].alert.id for pair in exact)[:5])}')
        return exact[0]

    def suppress(self, now_ms: int, suppressed_by: Mapping[str, Sequence[str]]) -> list[Transition]:
        """Store what mutes each live alert (alert id → names; not named: nothing); `updated` transitions for those that changed."""
        transitions = []
        for ladder, subject in self.index.live():
            names = tuple(suppressed_by.get(subject.alert.id, ()))
            if names != subject.alert.suppressed_by and subject.alert.state != "resolved":
                subject.alert = replace(ladder.current(subject), suppressed_by=names)
                transitions.append(Transition(now_ms, "updated", subject.alert))
        return transitions


def _shift_subject(subject: Subject, delta: int) -> None:
    subject.rungs = {
        key: replace(rung, since=rung.since + delta, keep_until=None if rung.keep_until is None else rung.keep_until + delta)
        for key, rung in subject.rungs.items()
    }
    subject.missing_since = None if subject.missing_since is None else subject.missing_since + delta
    subject.unsaved = True
    if delta < 0 and subject.alert.due_at is not None:
        subject.alert = replace(subject.alert, due_at=subject.alert.due_at + delta)
    ack = subject.alert.acknowledged
    if delta < 0 and ack is not None and ack.until is not None:
        subject.alert = replace(subject.alert, acknowledged=replace(ack, until=ack.until + delta))
