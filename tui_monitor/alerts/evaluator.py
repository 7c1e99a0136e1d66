"""Evaluate the rules over the samples and move the alerts: pure and synchronous, `now` comes in, transitions come out.

Wall stamps carry `for`, `keep_firing_for` and cooldown, so they survive a restart. When the clock goes back, the stamps of what is
under way go back with it: nothing is late, nothing fires twice. The runtime tells a jump that it has noticed (suspend) by `clock_jumped`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_monitor.alerts.alert import Alert, Rung, Transition
from tui_monitor.alerts.identity import NO_DATA, alert_labels, fingerprint_of, subject_of
from tui_monitor.alerts.ladder import Ladder, Reading, Subject, digest_of
from tui_monitor.alerts.presence import any_current
from tui_monitor.alerts.rules import Query, Rule, gravity
from tui_monitor.alerts.templates import is_template, render
from tui_monitor.model import Labels
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.storage import Queryable

GRACE_MS = 60_000
"""absent() is not believed for this long after the start, nor after a jump of the clock."""
WIDE_EVERY_MS = 60_000
REFRESH_MS = 60_000
"""How often changed values of firing alerts are handed out to be saved."""
_TAKEN_MAX = 50_000
_FRESH_TEXTS = 100

Answer = dict[Labels, float]


@dataclass(slots=True)
class Group:
    """A ladder with what the evaluator keeps beside it: compiled presence, cached identities, when it is due."""

    ladder: Ladder
    watch: Ladder | None
    """The alerts about missing data of rules with no_data = "alert"."""
    wide: bool
    due: int = 0
    known: dict[str, set[Labels]] = field(default_factory=dict)
    """Rule key → subjects that were there, for no_data = "alert"."""
    identities: dict[tuple[str, Labels], tuple[str, dict[str, str]]] = field(default_factory=dict)


class Evaluator:
    """Holds the rules and the live alerts.

    ``checks``: check name → its labels type and category. ``evidence``: asked once when an alert fires or rises; what it answers is
    kept with the alert, and its "reason" is `$reason` in templates. ``errors``: rule key → why it could not be evaluated.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        host: str,
        *,
        checks: Mapping[str, Mapping[str, str]] | None = None,
        evidence: Callable[[Alert], Mapping[str, object]] | None = None,
        grace_ms: int = GRACE_MS,
    ) -> None:
        self.host = host
        self.checks: Mapping[str, Mapping[str, str]] = checks or {}
        self.errors: dict[str, str] = {}
        self._evidence = evidence
        self._grace_ms = grace_ms
        self._grace_until = 0
        self._begun = False
        self._last = 0
        self._swept = 0
        self._refreshed = 0
        self._taken: set[str] = set()
        self._compiled: dict[str, Query | None] = {}
        self._groups: dict[str, Group] = {}
        self._readers: dict[str, list[Rule]] = {}
        self._read_all: list[Rule] = []
        self.rules: list[Rule] = []
        self._install(list(rules))

    # Evaluation

    def evaluate(
        self, now_ms: int, storage: Queryable, which: Iterable[Rule] | None = None, *, wide: bool | None = None
    ) -> list[Transition]:
        """Evaluate the ladders of ``which``, or all that are due (None: the tick of each second); what has changed, in order.

        ``wide``: whether the tick takes the rules that look back hours, because ``storage`` has what they need; None: each minute.
        """
        now = self._step_clock(now_ms)
        transitions: list[Transition] = []
        groups = self._due(now, wide) if which is None else self._groups_of(which)
        look = _Look(now, storage, self._compiled)
        for group in groups:
            transitions += self._evaluate(group, look)
        if which is None or now - self._swept >= 1000:
            self._swept = now
            transitions += self._expire_acknowledgements(now)
        if which is None and not 0 <= now - self._refreshed < REFRESH_MS:
            self._refreshed = now
            for ladder in self._ladders():
                transitions += ladder.refresh(now)
        return transitions

    def rules_reading(self, metrics: Collection[str]) -> list[Rule]:
        """The rules that read any of these metrics (or any metric at all), without those that are evaluated each minute only."""
        found = dict.fromkeys(self._read_all)
        for metric in metrics:
            found.update(dict.fromkeys(self._readers.get(metric, ())))
        return list(found)

    def _groups_of(self, rules: Iterable[Rule]) -> list[Group]:
        """Their ladders; a rule from before a reload has none."""
        return [group for key in dict.fromkeys(rule.ladder for rule in rules) if (group := self._groups.get(key)) is not None]

    def _due(self, now: int, wide: bool | None) -> list[Group]:
        due = []
        for group in self._groups.values():
            if group.wide:
                if wide is False or (wide is None and group.due > now):
                    continue
                group.due = now + WIDE_EVERY_MS
            due.append(group)
        return due

    def _evaluate(self, group: Group, look: _Look) -> list[Transition]:
        readings: dict[str, tuple[dict[str, str], list[Reading]]] = {}
        failed: set[str] = set()
        for rule in group.ladder.rules:
            try:
                answer = look.ask(rule.query)
            except (EvaluationError, PromqlError) as error:
                self.errors[rule.key] = str(error)
                failed.add(rule.key)
                continue
            self.errors.pop(rule.key, None)
            if answer and rule.absent and look.now < self._grace_until:
                failed.add(rule.key)
                continue
            for sample, value in answer:
                fingerprint, identity = self._identify(group, rule, sample, value)
                true = readings.setdefault(fingerprint, (identity, []))[1]
                if all(other[0] is not rule for other in true):
                    true.append((rule, sample, value))
        if not readings and not group.ladder.subjects and group.watch is None:
            return []
        transitions = group.ladder.advance(look.now, readings, failed, look)
        if group.watch is not None:
            transitions += self._watch(group, group.watch, look, failed)
        return transitions

    def _identify(self, group: Group, rule: Rule, sample: Labels, value: float) -> tuple[str, dict[str, str]]:
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

    def _watch(self, group: Group, watch: Ladder, look: _Look, failed: Collection[str]) -> list[Transition]:
        """Alert about the subjects that were there and are missing; a rule that has never seen any is one subject of its own."""
        readings: dict[str, tuple[dict[str, str], list[Reading]]] = {}
        for rule in watch.rules:
            origin = rule.key.removesuffix(_WATCH)
            if origin in failed:
                continue
            present = look.present(next(one for one in group.ladder.rules if one.key == origin))
            known = group.known.setdefault(origin, set())
            known.update(present)
            missing = known - present if known else {()}
            for sample in sorted(missing):
                fingerprint, identity = self._identify(group, rule, sample, 0.0)
                readings.setdefault(fingerprint, (identity, []))[1].append((rule, sample, None))
        unknown = [rule.key for rule in watch.rules if rule.key.removesuffix(_WATCH) in failed]
        return watch.advance(look.now, readings, unknown, _ALL_THERE)

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
        for group in self._groups.values():
            group.due = group.due + delta if delta < 0 else group.due
        for ladder in self._ladders():
            if delta < 0:
                ladder.ended = {key: [end + delta for end in ends] for key, ends in ladder.ended.items()}
            for subject in ladder.subjects.values():
                _shift_subject(subject, delta)

    def _expire_acknowledgements(self, now: int) -> list[Transition]:
        transitions = []
        for ladder in self._ladders():
            for subject in ladder.subjects.values():
                ack = subject.alert.acknowledged
                if ack is not None and ack.until is not None and ack.until <= now and subject.alert.state == "firing":
                    subject.alert = replace(ladder.current(subject), acknowledged=None)
                    transitions.append(Transition(now, "ack_expired", subject.alert, note=f"acknowledged by {ack.by}"))
        return transitions

    # Alerts

    def alerts(self) -> list[Alert]:
        """The pending and firing alerts with their newest values, gravest first, then newest.

        The texts of the first hundred say the newest value; those of the others may be a minute older.
        """
        every = [(ladder, subject) for ladder in self._ladders() for subject in ladder.subjects.values()]
        found = [pair for pair in every if pair[1].alert.state != "resolved"]
        found.sort(key=lambda pair: (-gravity(pair[1].alert.severity), -pair[1].alert.active_at, pair[1].alert.id))
        return [ladder.current(subject, texts=place < _FRESH_TEXTS) for place, (ladder, subject) in enumerate(found)]

    def find(self, prefix: str) -> tuple[Ladder, Subject]:
        """The live alert of an id or its unique beginning; LookupError says which id is unknown or ambiguous."""
        found = [
            (ladder, subject)
            for ladder in self._ladders()
            for subject in ladder.subjects.values()
            if subject.alert.id.startswith(prefix) and subject.alert.state != "resolved"
        ]
        exact = [pair for pair in found if pair[1].alert.id == prefix] or found
        if not prefix or not exact:
            raise LookupError(f'no live alert has the id "{prefix}"')
        if len(exact) > 1:
            raise LookupError(f'"{prefix}" is the beginning of several ids: {", ".join(sorted(pair[1].alert.id for pair in exact)[:5])}')
        return exact[0]

    def suppress(self, now_ms: int, suppressed_by: Mapping[str, Sequence[str]]) -> list[Transition]:
        """Note what mutes each live alert (alert id → names; not named: nothing); `updated` for those that changed."""
        transitions = []
        for ladder in self._ladders():
            for subject in ladder.subjects.values():
                names = tuple(suppressed_by.get(subject.alert.id, ()))
                if names != subject.alert.suppressed_by and subject.alert.state != "resolved":
                    subject.alert = replace(ladder.current(subject), suppressed_by=names)
                    transitions.append(Transition(now_ms, "updated", subject.alert))
        return transitions

    def retire(self, now_ms: int, labels: Mapping[str, str], note: str) -> list[Transition]:
        """End the alerts that carry all these labels because their subject is gone for good (a check that was taken out)."""
        transitions = []
        for ladder in self._ladders():
            for subject in list(ladder.subjects.values()):
                if all(subject.alert.labels.get(key) == value for key, value in labels.items()):
                    transitions += _end(ladder, subject, now_ms, note)
        for group in self._groups.values():
            for known in group.known.values():
                known.difference_update([sample for sample in known if set(labels.items()) <= set(sample)])
        return transitions

    def restore(self, now_ms: int, live: Iterable[Alert], recent: Iterable[Alert] = (), taken: Collection[str] = ()) -> list[Transition]:
        """Take up what the store has: pending, firing and held alerts; ``recent``: resolved ones of the last day or so (cooldown,
        flapping); ``taken``: ids that were used. Alerts of rules that are gone end with a note.
        """
        self._taken.update(taken)
        for alert in sorted(recent, key=lambda alert: alert.ends_at or 0):
            ladder = self._ladder(alert.rule)
            if ladder is not None and alert.ends_at is not None:
                ladder.ended.setdefault(alert.fingerprint, []).append(min(alert.ends_at, now_ms))
        transitions: list[Transition] = []
        for alert in live:
            self._taken.add(alert.id)
            ladder = self._ladder(alert.rule)
            if ladder is None or alert.fingerprint in ladder.subjects:
                transitions += _orphaned(
                    alert, now_ms, "the rule is gone" if ladder is None else "another alert of the same subject is live"
                )
                continue
            identity = dict(alert.labels)
            if not ladder.rules[0].severity_in_identity:
                identity.pop("severity", None)
            subject = Subject(identity, alert, _adopted(alert.rungs, ladder.rules))
            subject.changed_rule = alert.digest not in ("", digest_of(ladder.rules))
            ladder.subjects[alert.fingerprint] = subject
            self._know(alert)
        return transitions

    def replace_rules(self, rules: Iterable[Rule], now_ms: int, checks: Mapping[str, Mapping[str, str]] | None = None) -> list[Transition]:
        """Reload: unchanged rules keep `for` progress and alerts; the alerts of removed rules end with a note."""
        if checks is not None:
            self.checks = checks
        before = list(self._ladders())
        known = {key: group.known for key, group in self._groups.items()}
        self._install(list(rules))
        for key, group in self._groups.items():
            group.known = known.get(key, {})
        transitions: list[Transition] = []
        for old in before:
            new = self._ladder(old.key)
            if new is None:
                for subject in list(old.subjects.values()):
                    transitions += _end(old, subject, now_ms, "the rule was removed")
                continue
            changed = digest_of(old.rules) != digest_of(new.rules)
            new.subjects, new.ended = old.subjects, old.ended
            for subject in new.subjects.values():
                subject.changed_rule |= changed
                subject.rungs = _adopted(subject.rungs, new.rules)
                subject.alert = replace(subject.alert, digest=digest_of(new.rules))
                subject.reading = None if changed else _renewed(subject.reading, new.rules)
                subject.stale = subject.unsaved = subject.reading is not None
        return transitions

    def _know(self, alert: Alert) -> None:
        group = self._groups.get(alert.rule.removesuffix(_WATCH))
        if group is not None and group.watch is not None:
            for key, rung in alert.rungs.items():
                if rung.sample:
                    group.known.setdefault(key.removesuffix(_WATCH), set()).add(rung.sample)

    # Rules

    def _install(self, rules: list[Rule]) -> None:
        if len(self._taken) > _TAKEN_MAX:
            self._taken.intersection_update(subject.alert.id for ladder in self._ladders() for subject in ladder.subjects.values())
        self.rules = rules
        self.errors = {key: text for key, text in self.errors.items() if any(rule.key == key for rule in rules)}
        self._compiled.clear()
        ladders: dict[str, list[Rule]] = {}
        for rule in rules:
            ladders.setdefault(rule.ladder, []).append(rule)
        self._groups = {key: self._group(key, tuple(rungs)) for key, rungs in ladders.items()}
        self._readers, self._read_all = {}, []
        for rule in rules:
            if self._groups[rule.ladder].wide:
                continue
            if rule.query.metrics is None:
                self._read_all.append(rule)
            for metric in rule.query.metrics or ():
                self._readers.setdefault(metric, []).append(rule)

    def _group(self, key: str, rules: tuple[Rule, ...]) -> Group:
        watched = tuple(_watching(rule) for rule in rules if rule.no_data == "alert")
        return Group(
            ladder=self._new_ladder(key, rules),
            watch=self._new_ladder(key + _WATCH, watched) if watched else None,
            wide=any(rule.wide for rule in rules),
        )

    def _new_ladder(self, key: str, rules: tuple[Rule, ...]) -> Ladder:
        return Ladder(key, rules, _describe, self._evidence, self._taken)

    def _ladders(self) -> Iterable[Ladder]:
        for group in self._groups.values():
            yield group.ladder
            if group.watch is not None:
                yield group.watch

    def _ladder(self, key: str) -> Ladder | None:
        group = self._groups.get(key.removesuffix(_WATCH))
        if group is None:
            return None
        return group.watch if key.endswith(_WATCH) else group.ladder


class _Look:
    """The answers of one moment, each asked once and only when needed."""

    def __init__(self, now: int, storage: Queryable, compiled: dict[str, Query | None]) -> None:
        self.now = now
        self._storage = storage
        self._compiled = compiled
        self._present: dict[str, set[Labels] | bool] = {}
        self._may_end: dict[str, list[Labels]] = {}

    def ask(self, query: Query) -> list[tuple[Labels, float]]:
        """The answer by subject (labels without the metric's name); a plain number is one subject without labels."""
        answer = query.instant(self._storage, self.now)
        if isinstance(answer, int | float):
            return [((), float(answer))]
        return [(subject_of(labels), value) for labels, value in answer]

    def there(self, rule: Rule, sample: Labels) -> bool:
        """Whether the rule can judge the subject."""
        found = self._find(rule)
        return found if isinstance(found, bool) else sample in found

    def present(self, rule: Rule) -> set[Labels]:
        """Every subject that is there; where that cannot be told apart, one without labels for all."""
        found = self._find(rule)
        if isinstance(found, bool):
            return {()} if found else set()
        return found

    def may_end(self, rule: Rule, sample: Labels) -> bool:
        """Whether resolve_when answers for the subject: with its labels, or with fewer (an aggregation)."""
        if rule.resolve_when is None:
            return True
        if rule.key not in self._may_end:
            try:
                self._may_end[rule.key] = [labels for labels, _ in self.ask(rule.resolve_when)]
            except (EvaluationError, PromqlError):
                self._may_end[rule.key] = []
        return any(set(labels) <= set(sample) for labels in self._may_end[rule.key])

    def _find(self, rule: Rule) -> set[Labels] | bool:
        found = self._present.get(rule.key)
        if found is None:
            query = self._compile(rule)
            try:
                found = (
                    {labels for labels, _ in self.ask(query)}
                    if query is not None
                    else any_current(rule.query.matchers, self._storage, self.now)
                )
            except (EvaluationError, PromqlError):
                found = any_current(rule.query.matchers, self._storage, self.now)
            self._present[rule.key] = found
        return found

    def _compile(self, rule: Rule) -> Query | None:
        if rule.presence is None:
            return None
        if rule.key not in self._compiled:
            try:
                self._compiled[rule.key] = compile_expr(rule.presence)
            except PromqlError:
                self._compiled[rule.key] = None
        return self._compiled[rule.key]


class _AllThere:
    """For alerts about missing data: what is not missing is there."""

    def there(self, rule: Rule, sample: Labels) -> bool:
        """Always."""
        return True

    def may_end(self, rule: Rule, sample: Labels) -> bool:
        """Always."""
        return True


_ALL_THERE = _AllThere()
_WATCH = "/no-data"


def _watching(rule: Rule) -> Rule:
    """The rule that alerts when the subjects of this one are missing."""
    name = " ".join(part for part in (rule.alert, rule.labels.get("category", "")) if part)
    return replace(
        rule,
        key=rule.key + _WATCH,
        ladder=rule.ladder + _WATCH,
        severity=rule.no_data_severity,
        severity_in_identity=False,
        for_s=rule.no_data_for_s,
        keep_firing_for_s=0.0,
        labels={**{key: text for key, text in rule.labels.items() if key != "severity"}, NO_DATA: "true"},
        annotations={
            "summary": f"No data for {name}",
            "description": f"What the rule looks at has sent nothing for {rule.no_data_for_s:g} s: see whether its source still runs.",
        },
        no_data="hold",
        resolve_when=None,
        cooldown_s=0.0,
        flap_limit=None,
        wide=False,
    )


def _describe(rule: Rule, labels: Mapping[str, str], value: float | None, evidence: Mapping[str, object]) -> dict[str, str]:
    reason = evidence.get("reason", "")
    return {name: render(text, labels, value, reason if isinstance(reason, str) else "") for name, text in rule.annotations.items()}


def _adopted(rungs: Mapping[str, Rung], rules: Sequence[Rule]) -> dict[str, Rung]:
    """The rungs with those of rules that are gone given to new ones, so that a changed rule goes on with what is firing."""
    keys = [rule.key for rule in rules]
    free = [key for key in keys if key not in rungs]
    adopted = {key: rung for key, rung in rungs.items() if key in keys}
    for key, rung in rungs.items():
        if key not in keys and free:
            adopted[free.pop(0)] = rung
    return adopted


def _renewed(reading: Reading | None, rules: Sequence[Rule]) -> Reading | None:
    """The reading with the new rule of the same key, so that changed texts are used."""
    if reading is None:
        return None
    rule = next((rule for rule in rules if rule.key == reading[0].key), None)
    return None if rule is None else (rule, reading[1], reading[2])


def _shift_subject(subject: Subject, delta: int) -> None:
    subject.rungs = {
        key: replace(rung, since=rung.since + delta, keep_until=None if rung.keep_until is None else rung.keep_until + delta)
        for key, rung in subject.rungs.items()
    }
    subject.missing_since = None if subject.missing_since is None else subject.missing_since + delta
    subject.unsaved = True
    ack = subject.alert.acknowledged
    if delta < 0 and ack is not None and ack.until is not None:
        subject.alert = replace(subject.alert, acknowledged=replace(ack, until=ack.until + delta))


def _end(ladder: Ladder, subject: Subject, now: int, note: str) -> list[Transition]:
    if subject.alert.state == "resolved":
        del ladder.subjects[subject.alert.fingerprint]
        return _orphaned(subject.alert, now, note)
    return [ladder.finish(subject, now, note=note)]


def _orphaned(alert: Alert, now: int, note: str) -> list[Transition]:
    """End an alert that no ladder holds."""
    if alert.state == "resolved":
        return [Transition(now, "updated", replace(alert, held=False, rungs={}), note=note)]
    if alert.state == "pending":
        return [Transition(now, "dropped", replace(alert, ends_at=now, rungs={}, note=note), note=note)]
    return [
        Transition(now, "resolved", replace(alert, state="resolved", ends_at=max(now, alert.starts_at), rungs={}, note=note), note=note)
    ]
