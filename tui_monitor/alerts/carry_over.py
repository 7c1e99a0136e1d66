"""Carry-over of live alerts from one set of rules to the next: after a restart, at a reload, when a subject is gone for good."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from tui_monitor.alerts.alert import Alert, Rung, Transition
from tui_monitor.alerts.ladder import Ladder, Subject, TrueCondition, digest_of
from tui_monitor.alerts.no_data import WATCH
from tui_monitor.alerts.rule_index import RuleIndex
from tui_monitor.alerts.rules.rule import Rule


def restore(
    index: RuleIndex, now_ms: int, live: Iterable[Alert], recent: Iterable[Alert] = (), taken: Collection[str] = ()
) -> list[Transition]:
    """Restore the stored alerts: pending, firing and held ones; ``recent``: resolved ones of the last day or so (cooldown,
    flapping); ``taken``: ids that were used. Alerts of rules that are gone end with a note.
    """
    index.taken.update(taken)
    for alert in sorted(recent, key=lambda alert: alert.ends_at or 0):
        ladder = index.find(alert.rule)
        if ladder is not None and alert.ends_at is not None:
            ladder.ended.setdefault(alert.fingerprint, []).append(min(alert.ends_at, now_ms))
    transitions: list[Transition] = []
    for alert in live:
        index.taken.add(alert.id)
        ladder = index.find(alert.rule)
        if ladder is index.received.ladder and alert.fingerprint not in ladder.subjects:
            index.received.restore(alert, now_ms)
            continue
        if ladder is None or alert.fingerprint in ladder.subjects:
            transitions += _orphaned(alert, now_ms, "the rule is gone" if ladder is None else "another alert of the same subject is live")
            continue
        identity = dict(alert.labels)
        if not ladder.rules[0].severity_in_identity:
            identity.pop("severity", None)
        subject = Subject(identity, alert, _adopted(alert.rungs, ladder.rules))
        subject.changed_rule = alert.digest not in ("", digest_of(ladder.rules))
        ladder.subjects[alert.fingerprint] = subject
        _know(index, alert)
    return transitions


def replace_rules(index: RuleIndex, rules: Iterable[Rule], now_ms: int) -> list[Transition]:
    """Reload: unchanged rules keep `for` progress and alerts; the alerts of removed rules end with a note."""
    before = list(index.ladders())
    known = {key: group.known for key, group in index.groups.items()}
    index.install(rules)
    for key, group in index.groups.items():
        group.known = known.get(key, {})
    transitions: list[Transition] = []
    for old in before:
        new = index.find(old.key)
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
            subject.condition = None if changed else _renewed(subject.condition, new.rules)
            subject.stale = subject.unsaved = subject.condition is not None
    return transitions


def retire(index: RuleIndex, now_ms: int, labels: Mapping[str, str], note: str) -> list[Transition]:
    """End the alerts that carry all these labels because their subject is gone for good (a check that was taken out)."""
    transitions = []
    for ladder in index.ladders():
        for subject in list(ladder.subjects.values()):
            if all(subject.alert.labels.get(key) == value for key, value in labels.items()):
                transitions += _end(ladder, subject, now_ms, note)
    for group in index.groups.values():
        for known in group.known.values():
            for sample in [sample for sample in known if set(labels.items()) <= set(sample)]:
                del known[sample]
    return transitions


def retire_changed(index: RuleIndex, now_ms: int, checks: Mapping[str, Mapping[str, str]]) -> list[Transition]:
    """End the alerts about series of a check that has another type or category now; ``checks``: name → the labels of its series."""
    transitions = []
    for ladder, subject in index.live():
        if any(_of_another(dict(rung.sample), checks, subject.alert.labels) for rung in subject.rungs.values()):
            transitions += _end(ladder, subject, now_ms, "the check was changed")
    for group in index.groups.values():
        for known in group.known.values():
            for sample in [sample for sample in known if _of_another(dict(sample), checks, {})]:
                del known[sample]
    return transitions


def _of_another(sample: Mapping[str, str], checks: Mapping[str, Mapping[str, str]], told: Mapping[str, str]) -> bool:
    """Whether a sample's labels differ from those that the check has now; an aggregation may have left the category out."""
    own = checks.get(sample.get("check", ""))
    if own is None or "type" not in sample:
        return False
    if "category" in sample:
        return sample["type"] != own.get("type") or sample["category"] != own.get("category", "")
    return sample["type"] != own.get("type") or (bool(own.get("category")) and "category" not in told)


def _know(index: RuleIndex, alert: Alert) -> None:
    group = index.groups.get(alert.rule.removesuffix(WATCH))
    if group is not None and group.watch is not None:
        for key, rung in alert.rungs.items():
            if rung.sample:
                group.known.setdefault(key.removesuffix(WATCH), {})[rung.sample] = None


def _adopted(rungs: Mapping[str, Rung], rules: Sequence[Rule]) -> dict[str, Rung]:
    """The rungs, those of removed rules given to new ones, so that a changed rule goes on with what is firing."""
    keys = [rule.key for rule in rules]
    free = [key for key in keys if key not in rungs]
    adopted = {key: rung for key, rung in rungs.items() if key in keys}
    for key, rung in rungs.items():
        if key not in keys and free:
            adopted[free.pop(0)] = rung
    return adopted


def _renewed(condition: TrueCondition | None, rules: Sequence[Rule]) -> TrueCondition | None:
    """The condition with the new rule of the same key, so that changed texts are used."""
    if condition is None:
        return None
    rule = next((rule for rule in rules if rule.key == condition[0].key), None)
    return None if rule is None else (rule, condition[1], condition[2])


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
