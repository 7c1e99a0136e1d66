"""The state machine of one alert's subjects, pending → firing → resolved, with rungs of severity. Pure: no clock, no I/O.

A rung is one rule's condition for one subject; it is *active* once it has held for the rule's ``for`` and until it has been false
for ``keep_firing_for`` (and ``resolve_when`` is true). A subject fires while any rung is active, with the gravest active rung's
severity. A condition that cannot be judged, because its series is missing, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from tui_monitor.alerts.alert import Alert, Change, Peak, Rung, Transition
from tui_monitor.alerts.identity import fingerprint_of, new_id
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.core.values import Labels, severity_rank

FLAP_WINDOW_MS = 600_000
"""`flap_limit` cycles within this time are flapping; a flapping alert ends after as long a calm."""
PENDING_PATIENCE_MS = 300_000
"""A pending alert whose series is missing for longer is dropped."""

TrueCondition = tuple[Rule, Labels, float | None]
"""A rule whose condition is true for a subject: the sample (without its name) and its value."""
TrueConditions = Mapping[str, tuple[dict[str, str], list[TrueCondition]]]
"""Fingerprint → identity labels, and what is true of that subject now."""
Describe = Callable[[Rule, Mapping[str, str], float | None, Mapping[str, object]], dict[str, str]]
"""Rule, labels, value, evidence → rendered annotations."""

Reason = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Labels of an alert → the present "reason" of its check and the "advice" for it; empty while the check is healthy."""

Due = Callable[[str, int], int | None]
"""Severity, time of the firing or rise → until when somebody has to acknowledge it (UTC ms)."""


class SampleState(Protocol):
    """The state of the samples at one moment, as a ladder needs it."""

    @property
    def early(self) -> bool:
        """Whether sources may not have sent anything yet: right after a start."""
        ...

    def has_subject(self, rule: Rule, sample: Labels) -> bool:
        """Whether the rule can judge this subject now (its series are there)."""
        ...

    def may_end(self, rule: Rule, sample: Labels) -> bool:
        """Whether `resolve_when` is true for this subject (or there is none)."""
        ...


@dataclass(slots=True)
class Subject:
    """One subject with its live alert; ``identity`` are its labels without a ladder's severity."""

    identity: dict[str, str]
    alert: Alert
    rungs: dict[str, Rung]
    condition: TrueCondition | None = None
    missing_since: int | None = None
    changed_rule: bool = False
    """Its rule was changed: what the new rule does not answer is over, not missing."""
    stale: bool = False
    """The alert's value or annotations are older than ``condition``."""
    unsaved: bool = False
    """The value or the reason has changed since the last transition."""
    reason: Mapping[str, str] = field(default_factory=dict)
    """The newest reason of its check, and the advice for it; the evidence keeps the one with which it fired."""
    settled: Mapping[str, Rung] | None = None
    """The rungs, all active, with which the last step of a firing alert changed nothing: as long as they are these, no step does."""
    summary: str = ""
    """Its summary when it fired or rose; "" after a restart."""

    @property
    def told(self) -> Mapping[str, object]:
        """The evidence for texts: with the newest reason."""
        return {**self.alert.evidence, **self.reason}


@dataclass(slots=True)
class Ladder:
    """The rules of one alert name (or one rule of a Prometheus file) and all their live subjects by fingerprint."""

    key: str
    rules: tuple[Rule, ...]
    describe: Describe
    evidence: Callable[[Alert], Mapping[str, object]] | None = None
    taken: set[str] = field(default_factory=set)
    subjects: dict[str, Subject] = field(default_factory=dict)
    due: Due | None = None
    reason: Reason | None = None
    ended: dict[str, list[int]] = field(default_factory=dict)
    """Fingerprint → ends of recent episodes, for cooldown and flapping."""

    def advance(self, now: int, conditions: TrueConditions, errors: Container[str], samples: SampleState) -> list[Transition]:
        """One step of every subject. ``errors``: keys of rules that could not be evaluated, so that nothing is known of them."""
        new = dict.fromkeys(fingerprint for fingerprint in conditions if fingerprint not in self.subjects)
        for fingerprint in new:
            self._begin(fingerprint, *conditions[fingerprint], now)
        transitions: list[Transition] = []
        for fingerprint, subject in list(self.subjects.items()):
            found = conditions.get(fingerprint)
            if found and self._stands(subject, found[1]):
                self._store_condition(subject, found[1])
                continue
            came_back = self._update_rungs(subject, now, found[1] if found else (), errors, samples)
            if subject.alert.held:
                transitions += self._while_held(subject, now)
            elif subject.alert.state == "pending":
                transitions += self._while_pending(subject, now, fresh=fingerprint in new)
            elif came_back or subject.missing_since is not None or subject.rungs is not subject.settled:
                moved = self._while_firing(subject, now, came_back)
                waits = any(rung.keep_until is not None or not rung.active for rung in subject.rungs.values())
                subject.settled = None if moved or waits or subject.missing_since is not None else subject.rungs
                transitions += moved
        return transitions

    @staticmethod
    def _stands(subject: Subject, true: Sequence[TrueCondition]) -> bool:
        """Whether all rungs of a settled alert are true for the same samples as before: nothing but its value can change."""
        rungs = subject.rungs
        if rungs is not subject.settled or len(true) != len(rungs) or subject.changed_rule or subject.missing_since is not None:
            return False
        return all((rung := rungs.get(rule.key)) is not None and rung.sample == sample for rule, sample, _ in true)

    # The beginning

    def _begin(self, fingerprint: str, identity: dict[str, str], true: Sequence[TrueCondition], now: int) -> None:
        ident = new_id(fingerprint, now, self.taken)
        self.taken.add(ident)
        top = max(true, key=lambda condition: severity_rank(condition[0].severity_for(identity)))
        severity = top[0].severity_for(identity)
        alert = Alert(
            id=ident,
            fingerprint=fingerprint,
            rule=self.key,
            state="pending",
            severity=severity,
            labels=_labels(top[0], identity, severity),
            annotations={},
            value=top[2],
            active_at=now,
            digest=digest_of(self.rules),
            measure=top[0].measure.of(top[2]),
        )
        self.subjects[fingerprint] = Subject(identity, alert, {})

    def _update_rungs(
        self, subject: Subject, now: int, true: Sequence[TrueCondition], errors: Container[str], samples: SampleState
    ) -> bool:
        """Update the rungs; returns whether a rung that was only kept (keep_firing_for) became true again."""
        conditions = {condition[0].key: condition for condition in true}
        firing = subject.alert.state == "firing"
        rungs: dict[str, Rung] = {}
        came_back = missing = False
        for rule in self.rules:
            rung = subject.rungs.get(rule.key)
            condition = conditions.get(rule.key)
            if condition is not None:
                came_back |= rung is not None and rung.keep_until is not None
                rungs[rule.key] = _climb(rung, rule, now, condition[1], held=subject.alert.held)
            elif rung is not None:
                unknown = rule.key in errors
                holds = rule.no_data != "resolve" or (samples.early and subject.condition is None)  # taken up, and not seen since
                if unknown or (holds and not subject.changed_rule and not samples.has_subject(rule, rung.sample)):
                    missing |= not unknown
                    rungs[rule.key] = rung
                elif firing and (kept := _fall(rung, rule, now, samples.may_end(rule, rung.sample), subject.alert.flaps > 0)):
                    rungs[rule.key] = kept
        subject.missing_since = _since(subject.missing_since, now) if missing and not conditions else None
        subject.changed_rule = False
        if rungs != subject.rungs:
            subject.rungs = rungs
        self._store_condition(subject, true)
        return came_back

    def _store_condition(self, subject: Subject, true: Sequence[TrueCondition]) -> None:
        """Store the condition of the gravest true rung, an active one before one that is not."""
        if not true:
            return
        rungs, identity = subject.rungs, subject.identity
        gravest = true[0]
        if len(true) > 1:
            gravest = max(true, key=lambda one: (rungs[one[0].key].active, severity_rank(one[0].severity_for(identity))))
        subject.condition = gravest
        reason = self.reason(subject.alert.labels) if self.reason is not None else {}
        if subject.condition[2] != subject.alert.value or (reason and reason != subject.reason):
            subject.stale = subject.unsaved = True
        subject.reason = reason or subject.reason

    def _while_held(self, subject: Subject, now: int) -> list[Transition]:
        if subject.rungs:
            return []
        del self.subjects[subject.alert.fingerprint]
        subject.alert = replace(subject.alert, held=False, rungs={})
        return [Transition(now, "updated", subject.alert, note="the condition has been false")]

    def _while_pending(self, subject: Subject, now: int, *, fresh: bool) -> list[Transition]:
        if subject.missing_since is not None and now - subject.missing_since >= PENDING_PATIENCE_MS:
            subject.rungs = {}
        if not subject.rungs:
            del self.subjects[subject.alert.fingerprint]
            return [Transition(now, "dropped", replace(subject.alert, ends_at=now, rungs={}))]
        if subject.missing_since is None and self._active(subject) and now >= self._cooldown_until(subject, now):
            return [self._fire(subject, now)]
        severity = self._severity(subject, active_only=False)
        changed = severity != subject.alert.severity or _shape(subject.rungs) != _shape(subject.alert.rungs)
        if fresh or changed:
            return [self._emit(subject, now, "pending" if fresh else "updated", severity=severity)]
        return []

    def _while_firing(self, subject: Subject, now: int, came_back: bool) -> list[Transition]:
        alert = subject.alert
        if not self._active(subject):
            return self._end(subject, now)
        transitions: list[Transition] = []
        if alert.flaps and came_back:
            alert = subject.alert = replace(alert, flaps=alert.flaps + 1)
            subject.unsaved = True
        severity = self._severity(subject, active_only=True)
        change: Change | None = None
        if severity_rank(severity) > severity_rank(alert.severity):
            change = "raised"
        elif severity != alert.severity and not alert.flaps:
            change = "lowered"
        no_data = subject.missing_since is not None
        if change is not None:
            if change == "raised":
                subject.alert = replace(alert, acknowledged=None)
            transitions.append(self._emit(subject, now, change, severity=severity, old_severity=alert.severity))
        elif no_data != alert.no_data:
            transitions.append(self._emit(subject, now, "updated", note="no data" if no_data else "data is back"))
        elif _shape(subject.rungs) != _shape(alert.rungs):
            transitions.append(self._emit(subject, now, "updated"))
        return transitions

    def _fire(self, subject: Subject, now: int) -> Transition:
        severity = self._severity(subject, active_only=True)
        subject.alert = replace(subject.alert, state="firing", starts_at=now)
        return self._emit(subject, now, "firing", severity=severity)

    def _end(self, subject: Subject, now: int) -> list[Transition]:
        fingerprint = subject.alert.fingerprint
        limit = min((rule.flap_limit for rule in self.rules if rule.flap_limit), default=None)
        ends = [end for end in self.ended.get(fingerprint, []) if now - FLAP_WINDOW_MS < end <= now]
        if limit is not None and not subject.alert.flaps and len(ends) + 1 >= limit:
            subject.rungs = {
                key: replace(rung, keep_until=now + FLAP_WINDOW_MS) for key, rung in subject.alert.rungs.items() if rung.active
            }
            subject.alert = replace(subject.alert, flaps=len(ends) + 1)
            return [self._emit(subject, now, "flapping", note=f"{len(ends) + 1} times in {FLAP_WINDOW_MS // 60_000}m")]
        note = f"it had flapped {subject.alert.flaps} times" if subject.alert.flaps else ""
        return [self.finish(subject, now, note=note)]

    def finish(self, subject: Subject, now: int, *, by: str = "", note: str = "", hold: bool = False) -> Transition:
        """Resolve a firing subject, or drop a pending one; ``hold``: by hand, so that it stays resolved until it was false once."""
        alert = self.current(subject)
        if alert.state == "pending":
            del self.subjects[alert.fingerprint]
            return Transition(now, "dropped", replace(alert, ends_at=now, rungs={}, note=note), by=by, note=note)
        if hold:
            subject.rungs = {key: replace(rung, active=False) for key, rung in subject.rungs.items()}
        else:
            del self.subjects[alert.fingerprint]
            subject.rungs = {}
        if any(rule.cooldown_s or rule.flap_limit for rule in self.rules):
            self.ended.setdefault(alert.fingerprint, []).append(now)
            self._forget(now)
        ended = replace(
            alert,
            state="resolved",
            ends_at=max(now, alert.starts_at),
            keep_until=None,
            no_data=alert.no_data and hold,
            resolved_by=by,
            note=note or alert.note,
            held=hold,
            rungs=dict(subject.rungs),
        )
        subject.alert = ended
        return Transition(now, "resolved", ended, by=by, note=note)

    def _forget(self, now: int) -> None:
        keep = max(FLAP_WINDOW_MS, *(int(rule.cooldown_s * 1000) for rule in self.rules))
        if len(self.ended) > 1000:
            self.ended = {key: ends for key, ends in self.ended.items() if ends[-1] > now - keep}
        for ends in self.ended.values():
            del ends[:-100]

    # Questions

    def current(self, subject: Subject, *, texts: bool = True) -> Alert:
        """The alert with its newest value; ``texts``: also with texts that name the value (some 40 µs each)."""
        if subject.stale and subject.condition is not None:
            rule, _, value = subject.condition
            if value != subject.alert.value:
                subject.alert = replace(subject.alert, value=value, measure=rule.measure.of(value))
            if texts:
                notes = self.describe(rule, subject.alert.labels, value, subject.told)
                subject.alert = replace(subject.alert, annotations=notes)
                subject.stale = False
        return subject.alert

    def refresh(self, now: int) -> Iterable[Transition]:
        """`updated` transitions of the subjects whose value has changed since it was last handed out."""
        return [self._emit(subject, now, "updated") for subject in self.subjects.values() if subject.unsaved and not subject.alert.held]

    def _active(self, subject: Subject) -> bool:
        return any(rung.active for rung in subject.rungs.values())

    def _severity(self, subject: Subject, *, active_only: bool) -> str:
        words = [
            rule.severity_for(subject.identity)
            for rule in self.rules
            if (rung := subject.rungs.get(rule.key)) is not None and (rung.active or not active_only)
        ]
        return max(words, key=severity_rank)

    def _cooldown_until(self, subject: Subject, now: int) -> int:
        ends = self.ended.get(subject.alert.fingerprint)
        cooldown = max(int(rule.cooldown_s * 1000) for rule in self.rules)
        return min(ends[-1], now) + cooldown if ends and cooldown else 0

    def _emit(
        self,
        subject: Subject,
        now: int,
        change: Change,
        *,
        severity: str | None = None,
        old_severity: str = "",
        note: str = "",
    ) -> Transition:
        """Bring the subject's alert up to date and return its transition."""
        alert = subject.alert
        severity = severity or alert.severity
        rule, _, value = subject.condition or (self._rule(subject), (), alert.value)
        keeps = [rung.keep_until for rung in subject.rungs.values() if rung.active]
        alert = replace(
            alert,
            peak=_peak(subject, severity) if change in ("raised", "lowered") else alert.peak,
            severity=severity,
            labels=_labels(rule, subject.identity, severity),
            value=value,
            measure=alert.measure if subject.condition is None else rule.measure.of(value),
            no_data=alert.state == "firing" and subject.missing_since is not None,
            rungs=dict(subject.rungs),
            keep_until=max(keep for keep in keeps if keep is not None) if keeps and None not in keeps else None,
        )
        if change in ("firing", "raised") and self.evidence is not None:
            alert = replace(alert, evidence=self.evidence(alert))
        if change in ("firing", "raised") and self.due is not None:
            alert = replace(alert, due_at=self.due(severity, now))
        if subject.condition is not None and (subject.stale or change != "updated" or not alert.annotations):
            subject.alert = alert
            alert = replace(alert, annotations=self.describe(rule, alert.labels, value, subject.told))
        if change in ("firing", "raised"):
            subject.summary = alert.annotations.get("summary", "")
        subject.alert, subject.stale, subject.unsaved = alert, False, False
        return Transition(now, change, alert, old_severity=old_severity, note=note)

    def _rule(self, subject: Subject) -> Rule:
        return next((rule for rule in self.rules if rule.key in subject.rungs), self.rules[0])


def _peak(subject: Subject, severity: str) -> Peak | None:
    """The peak of a firing alert that gets this severity."""
    was = subject.alert.peak or Peak(subject.alert.severity, subject.summary or subject.alert.annotations.get("summary", ""))
    return was if severity_rank(was.severity) > severity_rank(severity) else None


def _climb(rung: Rung | None, rule: Rule, now: int, sample: Labels, *, held: bool) -> Rung:
    since = now if rung is None else min(rung.since, now)
    active = not held and ((rung is not None and rung.active) or now - since >= rule.for_s * 1000)
    if rung is not None and rung.since == since and rung.active == active and rung.keep_until is None and rung.sample == sample:
        return rung
    return Rung(since, active, None, sample)


def _fall(rung: Rung, rule: Rule, now: int, may_end: bool, flapping: bool) -> Rung | None:
    if not rung.active:
        return None
    keep = max(int(rule.keep_firing_for_s * 1000), FLAP_WINDOW_MS if flapping else 0)
    keep_until = min(rung.keep_until, now + keep) if rung.keep_until is not None else now + keep
    return None if may_end and now >= keep_until else replace(rung, keep_until=keep_until)


def _since(earlier: int | None, now: int) -> int:
    return now if earlier is None else min(earlier, now)


def _shape(rungs: Mapping[str, Rung]) -> dict[str, tuple[bool, int | None]]:
    return {key: (rung.active, rung.keep_until) for key, rung in rungs.items()}


def _labels(rule: Rule, identity: Mapping[str, str], severity: str) -> dict[str, str]:
    return dict(identity) if rule.severity_in_identity else {**identity, "severity": severity}


def digest_of(rules: Sequence[Rule]) -> str:
    """A digest of everything that decides which subjects there are: expressions and labels, not times or texts."""
    return fingerprint_of({rule.key: f"{rule.expr}\0{sorted(rule.labels.items())}" for rule in rules})
