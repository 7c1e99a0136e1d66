"""Find every fault in routes, recipients, inhibition, windows and dependencies before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tui_monitor.core.sanitize import nearest
from tui_monitor.dispatch.inhibition import Dependencies
from tui_monitor.dispatch.matchers import parse_matchers
from tui_monitor.dispatch.routing import compile_window, expand_recipients
from tui_monitor.dispatch.schedule import parse_weekly

if TYPE_CHECKING:
    from tui_monitor.config.models import RouteSettings, Settings


def check_routing(settings: Settings) -> list[str]:
    """One message for each fault, with its key and, for an unknown name, the nearest valid one; [] when all is well."""
    notifiers = [entry.name for entry in settings.notifiers]
    names = [*notifiers, *settings.recipients]
    problems = [f"recipients.{name}: a notifier has this name too" for name in settings.recipients if name in notifiers]
    for name, members in settings.recipients.items():
        unknown = _unknown(f"recipients.{name}", members, names, "notifier")
        reached = expand_recipients(members, settings.recipients, notifiers)
        problems += unknown or ([f"recipients.{name}: no notifier is reached through it"] if members and not reached else [])
    for severity, members in settings.routing.items():
        problems += _unknown(f"routing.{severity}", members, names, "notifier")
    for where, route in _walk(settings.routes, "routes"):
        problems += _route(where, route, names)
    for number, rule in enumerate(settings.inhibit):
        for key, matchers in (("source", rule.source), ("target", rule.target)):
            problems += _tried(f"inhibit[{number}].{key}", partial(parse_matchers, matchers))
    for number, window in enumerate(settings.maintenance):
        problems += _tried(f"maintenance[{number}].match", partial(parse_matchers, window.match))
        problems += _tried(f"maintenance[{number}].{'cron' if window.cron else 'active'}", partial(compile_window, window))
    return problems + _dependencies(settings)


def _route(where: str, route: RouteSettings, names: Sequence[str]) -> list[str]:
    problems = _unknown(f"{where}.notifiers", route.notifiers, names, "notifier")
    problems += _tried(f"{where}.match", partial(parse_matchers, route.match))
    if route.active is not None:
        problems += _tried(f"{where}.active", partial(parse_weekly, route.active))
    for number, step in enumerate(route.escalate):
        problems += _unknown(f"{where}.escalate[{number}].notifiers", step.notifiers, names, "notifier")
    return problems


def _walk(routes: Sequence[RouteSettings], where: str) -> Iterator[tuple[str, RouteSettings]]:
    for number, route in enumerate(routes):
        yield f"{where}[{number}]", route
        yield from _walk(route.routes, f"{where}[{number}].routes")


def _dependencies(settings: Settings) -> list[str]:
    checks = [check.name for check in settings.checks]
    problems: list[str] = []
    for check in settings.checks:
        problems += _unknown(f'checks "{check.name}".depends_on', check.depends_on, checks, "check")
    for cycle in Dependencies({check.name: tuple(check.depends_on) for check in settings.checks}).cycles():
        problems.append(f'checks "{cycle[0]}".depends_on: a circle: {" → ".join(cycle)}')
    return problems


def _unknown(where: str, given: Iterable[str], valid: Sequence[str], what: str) -> list[str]:
    problems = []
    for name in given:
        if name not in valid:
            others = f"; there are: {', '.join(valid)}" if valid else f"; no {what} is configured"
            problems.append(f'{where}: no {what} is named "{name}"{nearest(name, valid) or others}')
    return problems


def _tried(where: str, parse: Callable[[], object]) -> list[str]:
    try:
        parse()
    except ValueError as error:
        return [f"{where}: {error}"]
    return []
