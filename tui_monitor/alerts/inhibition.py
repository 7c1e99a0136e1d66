"""What explains what: checks that depend on others, and inhibit rules as Alertmanager has them. Mutes new notifications only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tui_monitor.alerts.matchers import matches_all
from tui_monitor.model import CheckResult, HealthStatus
from tui_monitor.promql.storage import Matcher

Verdict = Literal["healthy", "unhealthy", "pending"]
ParentVerdict = Callable[[str, int], Verdict]
"""What is known of a check from probes since a stamp (UTC ms): "pending" until one of them has decided."""


def verdict_of(result: CheckResult | None, since_ms: int) -> Verdict:
    """The verdict that a check's newest result gives to those who depend on it.

    A degraded parent explains nothing; an unknown one, one that has not been tested since, and one below its failure
    threshold are pending.
    """
    if result is None or result.status is HealthStatus.UNKNOWN:
        return "pending"
    if result.status is HealthStatus.UNHEALTHY:
        return "unhealthy"
    return "pending" if result.at < since_ms or result.consecutive_failures else "healthy"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Which check depends on which. ``patience_ms`` says for each check how long one of its verdicts takes at most."""

    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    patience_ms: Mapping[str, int] = field(default_factory=dict)

    def ancestors(self, check: str) -> tuple[str, ...]:
        """All checks that could explain this one, nearest first; a cycle does no harm here."""
        found: dict[str, None] = {}
        queue = list(self.parents.get(check, ()))
        while queue:
            parent = queue.pop(0)
            if parent not in found and parent != check:
                found[parent] = None
                queue.extend(self.parents.get(parent, ()))
        return tuple(found)

    def descendants(self, check: str) -> tuple[str, ...]:
        """The checks that this one could explain."""
        return tuple(child for child in self.parents if check in self.ancestors(child))

    def roots(self, failing: Iterable[str]) -> tuple[str, ...]:
        """Of several failing checks those that no other of them explains."""
        names = list(dict.fromkeys(failing))
        return tuple(name for name in names if not set(self.ancestors(name)) & set(names)) or tuple(names[:1])

    def cycles(self) -> list[tuple[str, ...]]:
        """Every circle, each once, as the path through it."""
        found: dict[frozenset[str], tuple[str, ...]] = {}
        for start in self.parents:
            path = self._path(start, start)
            if path:
                found.setdefault(frozenset(path), path)
        return list(found.values())

    def _path(self, start: str, goal: str) -> tuple[str, ...]:
        queue: list[tuple[str, ...]] = [(start,)]
        seen: set[str] = set()
        while queue:
            path = queue.pop(0)
            for parent in self.parents.get(path[-1], ()):
                if parent == goal:
                    return (*path, goal)
                if parent not in seen:
                    seen.add(parent)
                    queue.append((*path, parent))
        return ()


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While an alert that fits ``source`` fires, alerts that fit ``target`` and agree in ``equal`` are not told."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()

    def shared(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The values that source and target must share; a missing label is the same as an empty one."""
        return tuple(labels.get(name, "") for name in self.equal)


class Inhibitors:
    """The firing alerts that inhibit others, indexed: made anew whenever the set of firing alerts changes."""

    def __init__(self, rules: Iterable[InhibitRule], firing: Iterable[tuple[str, Mapping[str, str]]]) -> None:
        """``firing``: id and labels of every firing alert, muted ones too (a muted source still inhibits, as in Alertmanager)."""
        self._rules = tuple(rules)
        self._sources: list[dict[tuple[str, ...], list[tuple[str, bool]]]] = [{} for _ in self._rules]
        if not self._rules:
            return
        for alert_id, labels in firing:
            for rule, sources in zip(self._rules, self._sources, strict=True):
                if matches_all(rule.source, labels):
                    sources.setdefault(rule.shared(labels), []).append((alert_id, matches_all(rule.target, labels)))

    def of(self, alert_id: str, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The ids of those that inhibit this alert, one for each rule that does.

        An alert never inhibits itself; one that fits both sides of a rule is not inhibited by others that do (Alertmanager's rule
        against alerts that silence each other).
        """
        found: dict[str, None] = {}
        for rule, sources in zip(self._rules, self._sources, strict=True):
            if not sources or not matches_all(rule.target, labels):
                continue
            candidates = sources.get(rule.shared(labels), ())
            both = bool(candidates) and matches_all(rule.source, labels)
            for source, source_is_target in candidates:
                if source != alert_id and not (both and source_is_target):
                    found[source] = None
                    break
        return tuple(found)
