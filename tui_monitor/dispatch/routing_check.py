"""The check of routes, recipients, inhibition, windows and dependencies before anything runs. Names: config/names.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tui_monitor.config.faults import Fault, KeyPath
from tui_monitor.dispatch.inhibition import Dependencies
from tui_monitor.dispatch.matchers import parse_matchers, parse_selectors
from tui_monitor.dispatch.routing import compile_window, expand_recipients
from tui_monitor.dispatch.schedule import parse_weekly

if TYPE_CHECKING:
    from tui_monitor.config.settings import RouteSettings, Settings


def check_routing(settings: Settings) -> list[Fault]:
    """Each fault with its key; [] when all is well. Names that point nowhere are not looked for."""
    found = [*_empty_groups(settings), *_dependencies(settings)]
    for path, route in _walk(settings.routes, ("routes",)):
        found += _tried((*path, "match"), partial(parse_matchers, route.match))
        if route.active is not None:
            found += _tried((*path, "active"), partial(parse_weekly, route.active))
    if settings.response is not None:
        found += _tried(("response", "office_hours"), partial(parse_weekly, settings.response.office_hours))
    for number, action in enumerate(settings.actions):
        found += _tried(("actions", number, "match"), partial(parse_matchers, action.match))
    found += _tried(("redact", "private"), partial(parse_selectors, settings.redact.private))
    for number, rule in enumerate(settings.inhibit):
        for name, matchers in (("source", rule.source), ("target", rule.target)):
            found += _tried(("inhibit", number, name), partial(parse_matchers, matchers))
    for number, window in enumerate(settings.maintenance):
        found += _tried(("maintenance", number, "match"), partial(parse_matchers, window.match))
        found += _tried(("maintenance", number, "cron" if window.cron else "active"), partial(compile_window, window))
    return found


def _empty_groups(settings: Settings) -> Iterator[Fault]:
    """Groups that name each other only."""
    notifiers = [entry.name for entry in settings.notifiers]
    for name, members in settings.recipients.items():
        known = all(member in notifiers or member in settings.recipients for member in members)
        if members and known and not expand_recipients(members, settings.recipients, notifiers):
            yield Fault(("recipients", name), "no notifier is reached through it")


def _walk(routes: Sequence[RouteSettings], path: KeyPath) -> Iterator[tuple[KeyPath, RouteSettings]]:
    for number, route in enumerate(routes):
        yield (*path, number), route
        yield from _walk(route.routes, (*path, number, "routes"))


def _dependencies(settings: Settings) -> Iterator[Fault]:
    places = {check.name: index for index, check in enumerate(settings.checks)}
    for cycle in Dependencies({check.name: tuple(check.depends_on) for check in settings.checks}).cycles():
        yield Fault(("checks", places[cycle[0]], "depends_on"), f"a circle: {' → '.join(cycle)}")


def _tried(path: KeyPath, parse: Callable[[], object]) -> Iterator[Fault]:
    try:
        parse()
    except ValueError as error:
        yield Fault(path, str(error))
