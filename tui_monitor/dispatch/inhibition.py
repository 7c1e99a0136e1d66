"""Dependencies of checks, and inhibit rules as in Alertmanager. Both mute new notifications only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Literal

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import CheckResult, HealthStatus
from tui_monitor.dispatch.matchers import matches_all
from tui_monitor.promql.queryable import Matcher

Verdict = Literal["healthy", "unhealthy", "pending"]
ParentVerdict = Callable[[str, int], Verdict]
"""What is known of a check from probes since a stamp (UTC ms): "pending" until one of them has decided."""


def verdict_of(result: CheckResult | None, since_ms: int) -> Verdict:
    """The verdict of a check's newest result for the checks that depend on it.

    A degraded parent explains nothing; an unknown one, one that has not been tested since, and one below its failure
    threshold are pending.
    """
    if result is None or result.status is HealthStatus.UNKNOWN:
        return "pending"
    if result.status is HealthStatus.UNHEALTHY:
        return "unhealthy"
    return "pending" if result.at < since_ms or result.consecutive_failures else "healthy"


@frozen
class Dependencies:
    """The dependencies between checks. ``patience_ms``: the longest time that one of a check's verdicts takes."""

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


@frozen
class InhibitRule:
    """An inhibit rule: while an alert matching ``source`` fires, alerts matching ``target`` that agree in ``equal`` are not notified."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()

    def shared(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The values that source and target must share; a missing label is the same as an empty one."""
        return tuple(labels.get(name, "") for name in self.equal)


class _Bucket:
    """The sources and targets of one rule that share the values of `equal`. ``sources``: id → whether it fits the target side too."""

    __slots__ = ("_best", "sources", "targets")

    def __init__(self) -> None:
        self.sources: dict[str, bool] = {}
        self.targets: dict[str, None] = {}
        self._best: tuple[str, str] | None = None

    def add_source(self, alert_id: str, both: bool) -> None:
        self.sources[alert_id] = both
        if self._best is not None:
            every, plain = self._best
            self._best = min(filter(None, (every, alert_id))), plain if both else min(filter(None, (plain, alert_id)))

    def remove_source(self, alert_id: str) -> None:
        del self.sources[alert_id]
        if self._best is not None and alert_id in self._best:
            self._best = None

    def best(self, *, plain: bool) -> str:
        """The source to name: the least id, among those that only fit the source side where ``plain``; "" where there is none."""
        if self._best is None:
            self._best = min(self.sources, default=""), min((key for key, both in self.sources.items() if not both), default="")
        return self._best[plain]


class Inhibitors:
    """The firing alerts that inhibit others, kept up to date as alerts come and go.

    An alert never inhibits itself; one that fits both sides of a rule is not inhibited by others that do (Alertmanager's rule
    against alerts that silence each other). A muted source still inhibits, as in Alertmanager.
    """

    def __init__(self, rules: Iterable[InhibitRule]) -> None:
        self._rules = tuple(rules)
        self._buckets: list[dict[tuple[str, ...], _Bucket]] = [{} for _ in self._rules]
        self._of: dict[str, list[tuple[_Bucket, bool, bool]]] = {}

    def add(self, alert_id: str, labels: Mapping[str, str]) -> set[str]:
        """An alert fires (or its labels changed); the ids of those that it may inhibit now."""
        found = self.remove(alert_id)
        places = []
        for rule, buckets in zip(self._rules, self._buckets, strict=True):
            source, target = matches_all(rule.source, labels), matches_all(rule.target, labels)
            if not (source or target):
                continue
            bucket = buckets.setdefault(rule.shared(labels), _Bucket())
            if source:
                if not bucket.best(plain=True) and not (target and bucket.sources):
                    found.update(bucket.targets)
                bucket.add_source(alert_id, target)
            if target:
                bucket.targets[alert_id] = None
            places.append((bucket, source, target))
        if places:
            self._of[alert_id] = places
        return found

    def remove(self, alert_id: str) -> set[str]:
        """An alert has ended; the ids of those that it may have inhibited."""
        found: set[str] = set()
        for bucket, source, target in self._of.pop(alert_id, ()):
            if target:
                bucket.targets.pop(alert_id, None)
            if source:
                bucket.remove_source(alert_id)
                found.update(bucket.targets)
        return found

    def of(self, alert_id: str, current: Iterable[str] = ()) -> tuple[str, ...]:
        """The ids of those that inhibit this firing alert, one for each rule that does; one of ``current`` is kept while it holds."""
        found: dict[str, None] = {}
        named = set(current)
        for bucket, source, target in self._of.get(alert_id, ()):
            if not target or not bucket.sources:
                continue
            kept = sorted(key for key in named if key in bucket.sources and key != alert_id and not (source and bucket.sources[key]))
            if best := kept[0] if kept else bucket.best(plain=source):
                found[best] = None
        return tuple(found)
