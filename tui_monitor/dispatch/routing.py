"""Routing of alerts to notifiers: the route tree, severity routing, recipient groups; compiled once from the settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tui_monitor.alerts.no_data import WATCH
from tui_monitor.alerts.rules.rule_text import DEFAULT_SEVERITY
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import SEVERITIES, known_severity
from tui_monitor.dispatch.inhibition import Dependencies, InhibitRule
from tui_monitor.dispatch.matchers import matches_all, parse_matchers
from tui_monitor.dispatch.response import ResponseTimes
from tui_monitor.dispatch.schedule import CronSchedule, Schedule, parse_weekly
from tui_monitor.dispatch.silences import MaintenanceWindow
from tui_monitor.platform.zones import parse_zone
from tui_monitor.promql.queryable import Matcher

if TYPE_CHECKING:
    from tui_monitor.config.settings import MaintenanceSettings, ResponseSettings, RouteSettings, Settings


@frozen
class Step:
    """One step of an escalation: these notifiers too, once the alert has been unacknowledged this long."""

    after_ms: int
    notifiers: tuple[str, ...]


@frozen
class Route:
    """One route with everything inherited filled in. ``key`` names it by its matchers, so it survives a reload. Milliseconds."""

    key: str
    matchers: tuple[Matcher, ...] = ()
    notifiers: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ("alertname",)
    group_wait: int = 0
    group_interval: int = 5000
    repeat_interval: int = 4 * 3_600_000
    refire_interval: int = 300_000
    active: Schedule | None = None
    escalate: tuple[Step, ...] = ()
    continues: bool = False
    routes: tuple[Route, ...] = ()

    def group_labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels that make this alert's group; ["..."] makes every alert its own."""
        if "..." in self.group_by:
            return {name: labels[name] for name in sorted(labels) if name != "severity"}
        return {name: labels[name] for name in self.group_by if labels.get(name)}

    def group_key(self, labels: Mapping[str, str]) -> str:
        """The group's stable name, as Alertmanager spells it: {}/{matchers}:{labels}."""
        inner = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in self.group_labels(labels).items())
        return f"{self.key}:{{{inner}}}"


NO_ROUTE = Route("")
"""Stands for a route that the configuration no longer has."""


@frozen
class NotifierPolicy:
    """The filter of a notifier: severities and resolves; and to which addresses a message by hand may go.

    ``addresses``: "mail", "phone" or "" for a notifier without any; ``receivers`` are configured, ``allowed`` patterns of others.
    """

    severities: frozenset[str] = frozenset()
    send_resolved: bool = True
    addresses: str = ""
    receivers: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def wants(self, severity: str) -> bool:
        """Whether a firing of this severity goes there."""
        return not self.severities or known_severity(severity) in self.severities

    def asked(self, addresses: Iterable[str]) -> bool:
        """Whether any of these addresses is of its kind."""
        return any(self.addresses == ("mail" if "@" in address else "phone") for address in addresses)

    def takes(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """Those of the addresses to which it may send."""
        return tuple(
            address for address in addresses if self.asked((address,)) and (address in self.receivers or matches_any(address, self.allowed))
        )


@frozen
class Routing:
    """The compiled routing: routes, recipients, silencing windows, inhibition and dependencies."""

    routes: tuple[Route, ...] = ()
    by_severity: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notifiers: Mapping[str, NotifierPolicy] = field(default_factory=dict)
    inhibit: tuple[InhibitRule, ...] = ()
    maintenance: tuple[MaintenanceWindow, ...] = ()
    dependencies: Dependencies = field(default_factory=Dependencies)
    recipients: Mapping[str, Sequence[str]] = field(default_factory=dict)
    by_rule: Mapping[tuple[str, str], Route] = field(default_factory=dict)
    """(name, severity) of a configured rule that says itself who hears of its alerts."""
    response: ResponseTimes | None = None

    def due(self, severity: str, now: int) -> int | None:
        """Until when an alert that fires or rises now has to be acknowledged (UTC ms); None: no response times are configured."""
        return None if self.response is None else self.response.due(severity, now)

    @property
    def overdue(self) -> tuple[str, ...]:
        """The notifiers that are told what is overdue; (): those that were told of the alert."""
        return () if self.response is None else self.response.overdue

    def routes_for(self, labels: Mapping[str, str], severity: str, rule: str = "") -> tuple[Route, ...]:
        """The routes that take this alert: its rule's own, else those that match, else one by severity, else none.

        ``rule``: what Alert.rule holds.
        """
        if own := self._route_of_rule(rule, severity):
            return (own,)
        found = tuple(_matching(self.routes, labels))
        if found:
            return found
        names = severity_recipients(self.by_severity, severity)
        return (Route("{}", notifiers=names),) if names else ()

    def _route_of_rule(self, rule: str, severity: str) -> Route | None:
        """The route that `to` of a rule makes; an alert about missing data goes where the rule's own alerts go."""
        name = rule.removesuffix(WATCH)
        exact = self.by_rule.get((name, known_severity(severity)))
        if exact is not None or name == rule:
            return exact
        return next((route for (alert, _), route in self.by_rule.items() if alert == name), None)

    def route_of_group(self, key: str, labels: Mapping[str, str]) -> Route | None:
        """The route that made an alert's group of that key; None: it is gone."""
        for route in (*_all(self.routes), *self.by_rule.values(), Route("{}")):
            if key.startswith(f"{route.key}:") and route.group_key(labels) == key:
                return route
        return None

    def route_named(self, group_key: str) -> Route | None:
        """The route of a group whose alerts are not known; None: it is gone."""
        named = [route for route in (*_all(self.routes), *self.by_rule.values(), Route("{}")) if group_key.startswith(f"{route.key}:{{")]
        return max(named, key=lambda route: len(route.key), default=None)

    @property
    def longest_refire(self) -> int:
        """The longest `refire_interval` of any route (ms)."""
        return max(route.refire_interval for route in (*_all(self.routes), NO_ROUTE))

    def schedules(self) -> tuple[Schedule, ...]:
        """Every schedule in it, of routes and of maintenance windows."""
        active = (route.active for route in _all(self.routes) if route.active is not None)
        return (*active, *(window.schedule for window in self.maintenance))


def matches_any(address: str, patterns: Iterable[str]) -> bool:
    """Whether an address matches one of the patterns of `allowed_addresses`: "*@example.com", "010*"."""
    return any(fnmatchcase(address.lower(), pattern.lower()) for pattern in patterns)


def severity_recipients(by_severity: Mapping[str, tuple[str, ...]], severity: str) -> tuple[str, ...]:
    """The notifiers of a severity; one that is not named uses the nearest lower named one."""
    for word in reversed(SEVERITIES[: SEVERITIES.index(known_severity(severity)) + 1]):
        if word in by_severity:
            return by_severity[word]
    return ()


def compile_routing(settings: Settings) -> Routing:
    """Routing from the settings. Raises ValueError where `routing_check.check_routing` would have found a fault."""
    known = {entry.name for entry in settings.notifiers}

    def expand(names: Iterable[str]) -> tuple[str, ...]:
        return expand_recipients(names, settings.recipients, known)

    return Routing(
        routes=_compile_routes(settings.routes, None, expand),
        by_severity={severity: expand(names) for severity, names in settings.routing.items()},
        notifiers={
            entry.name: NotifierPolicy(
                severities=frozenset(entry.severities),
                send_resolved=entry.send_resolved,
                addresses=getattr(entry, "address_kind", ""),
                receivers=tuple(getattr(entry, "addresses", ())),
                allowed=tuple(getattr(entry, "allowed_addresses", ())),
            )
            for entry in settings.notifiers
        },
        inhibit=tuple(InhibitRule(parse_matchers(i.source), parse_matchers(i.target), tuple(i.equal)) for i in settings.inhibit),
        maintenance=tuple(MaintenanceWindow(m.name, parse_matchers(m.match), compile_window(m)) for m in settings.maintenance),
        dependencies=Dependencies(
            {check.name: tuple(check.depends_on) for check in settings.checks if check.depends_on},
            {check.name: int((check.interval + check.timeout + check.retry_interval) * 1000) for check in settings.checks},
        ),
        recipients=settings.recipients,
        by_rule={
            (rule.alert, known_severity(rule.severity or rule.labels.get("severity") or DEFAULT_SEVERITY)): Route(
                f"{{}}/to:{rule.alert}", notifiers=expand(rule.to)
            )
            for rule in settings.rules
            if rule.to
        },
        response=_compile_response(settings.response, expand),
    )


def _compile_response(given: ResponseSettings | None, expand: Callable[[Iterable[str]], tuple[str, ...]]) -> ResponseTimes | None:
    if given is None:
        return None
    times = {"critical": given.critical, "error": given.error, "warning": given.warning, "info": given.info}
    return ResponseTimes(times, parse_weekly(given.office_hours), expand(given.overdue))


def expand_recipients(names: Iterable[str], groups: Mapping[str, Sequence[str]], known: Iterable[str]) -> tuple[str, ...]:
    """Notifiers of names that may be recipient groups (also of groups), each once, in order; unknown names are left out."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop(0)
        if name in known:
            found[name] = None
        elif name in groups and name not in seen:
            seen.add(name)
            queue[:0] = groups[name]
    return tuple(found)


def compile_window(window: MaintenanceSettings) -> Schedule:
    """The schedule of a maintenance window; ValueError where it does not parse."""
    if window.cron is not None:
        return CronSchedule(window.cron, int(window.duration * 1000), parse_zone(window.timezone or "UTC"))
    zone = parse_zone(window.timezone) if window.timezone is not None else None
    return parse_weekly(window.active or "", zone)


def _compile_routes(
    entries: Sequence[RouteSettings], parent: Route | None, expand: Callable[[Iterable[str]], tuple[str, ...]]
) -> tuple[Route, ...]:
    found: list[Route] = []
    keys: dict[str, int] = {}
    for entry in entries:
        matchers = parse_matchers(entry.match)
        key = (parent.key if parent else "{}") + "/{" + ",".join(map(str, matchers)) + "}"
        keys[key] = keys.get(key, 0) + 1
        base = parent or Route("")
        route = Route(
            key=key if keys[key] == 1 else f"{key}/{keys[key]}",
            matchers=matchers,
            notifiers=expand(entry.notifiers) if entry.notifiers is not None else base.notifiers,
            group_by=tuple(entry.group_by) if entry.group_by is not None else base.group_by,
            group_wait=_ms(entry.group_wait, base.group_wait),
            group_interval=_ms(entry.group_interval, base.group_interval),
            repeat_interval=_ms(entry.repeat_interval, base.repeat_interval),
            refire_interval=_ms(entry.refire_interval, base.refire_interval),
            active=parse_weekly(entry.active) if entry.active else base.active,
            escalate=tuple(sorted((Step(int(s.after * 1000), expand(s.notifiers)) for s in entry.escalate), key=lambda step: step.after_ms))
            if entry.escalate is not None
            else base.escalate,
            continues=entry.continue_,
        )
        found.append(_with_children(route, _compile_routes(entry.routes, route, expand)))
    return tuple(found)


def _ms(seconds: float | None, inherited: int) -> int:
    return inherited if seconds is None else int(seconds * 1000)


def _with_children(route: Route, children: tuple[Route, ...]) -> Route:
    return replace(route, routes=children) if children else route


def _matching(routes: Iterable[Route], labels: Mapping[str, str]) -> list[Route]:
    found: list[Route] = []
    for route in routes:
        if matches_all(route.matchers, labels):
            found.extend(_matching(route.routes, labels) or [route])
            if not route.continues:
                break
    return found


def _all(routes: Iterable[Route]) -> Iterator[Route]:
    for route in routes:
        yield route
        yield from _all(route.routes)
