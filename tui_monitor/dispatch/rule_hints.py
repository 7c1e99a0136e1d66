"""Hints about rules that can run and yet will not help: no advice in their messages, paged by one burst, told to nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.core.values import known_severity
from tui_monitor.dispatch.routing import Route, Routing, severity_recipients
from tui_monitor.promql.query_facts import functions_of

_RATES = frozenset({"rate", "irate", "increase", "delta", "idelta"})
_ADVICE = ("description", "runbook_url")


def rule_hints(rules: Sequence[Rule], routing: Routing) -> list[str]:
    """One line for each finding, by rule; routes are judged only where there are notifiers."""
    found = [hint for rule in rules for hint in (_without_advice(rule), _critical_at_once(rule)) if hint]
    return list(dict.fromkeys([*found, *_told_to_nobody(rules, routing)]))


def _without_advice(rule: Rule) -> str:
    if any(rule.annotations.get(name) for name in _ADVICE):
        return ""
    return f"{rule.alert}: has neither description nor runbook_url; say what to do when it fires"


def _critical_at_once(rule: Rule) -> str:
    if rule.severity != "critical" or rule.for_s > 0 or not functions_of(rule.expr) & _RATES:
        return ""
    return f'{rule.alert}: is critical at once on a rate, which one burst raises; let it hold: for = "2m"'


def _told_to_nobody(rules: Iterable[Rule], routing: Routing) -> Iterator[str]:
    if not routing.notifiers:
        return
    untold: dict[str, list[str]] = {}
    for rule in rules:
        if not _may_be_told(rule, routing):
            untold.setdefault(rule.severity, []).append(rule.alert)
    for severity, names in untold.items():
        yield f"{', '.join(dict.fromkeys(names))}: no route tells anybody of severity {severity}"


def _may_be_told(rule: Rule, routing: Routing) -> bool:
    """Whether a notifier may hear of it; a matcher on a label that the rule does not fix may match."""
    own = routing.by_rule.get((rule.ladder, known_severity(rule.severity)))
    fixed = {**rule.labels, "alertname": rule.alert, "severity": rule.severity}
    taken = [own] if own else list(_possible(routing.routes, fixed))
    names = [*(name for route in taken for name in _receivers(route)), *severity_recipients(routing.by_severity, rule.severity)]
    return any(routing.notifiers[name].wants(rule.severity) for name in names if name in routing.notifiers)


def _possible(routes: Iterable[Route], fixed: Mapping[str, str]) -> Iterator[Route]:
    for route in routes:
        if all(matcher.name not in fixed or matcher.matches(fixed[matcher.name]) for matcher in route.matchers):
            yield route
            yield from _possible(route.routes, fixed)


def _receivers(route: Route) -> Iterator[str]:
    yield from route.notifiers
    for step in route.escalate:
        yield from step.notifiers
