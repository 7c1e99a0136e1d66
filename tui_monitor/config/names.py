"""The check of names of checks, notifiers and recipient groups: unique, and every reference resolves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_monitor.config.faults import Fault, KeyPath
from tui_monitor.config.section import keys_of
from tui_monitor.config.settings import RouteSettings, Settings
from tui_monitor.core.sanitize import nearest


def name_faults(settings: Settings) -> Iterator[Fault]:
    """A fault for each duplicate name and each reference to an unknown name."""
    checks = [check.name for check in settings.checks]
    notifiers = [notifier.name for notifier in settings.notifiers]
    own = len(checks) - len(settings.hosts)  # the checks of [[hosts]] come last
    yield from _twice("checks", checks[:own])
    for index, name in enumerate(checks[own:]):
        if name in checks[: own + index]:
            yield Fault(("hosts", index, "name"), f'the name "{name}" is used twice, also by a check or another host')
    yield from _twice("notifiers", notifiers)
    yield from _twice("actions", [action.name for action in settings.actions])
    yield from _twice("screens", [screen.name for screen in settings.screens])
    yield from _twice("reports", [report.name for report in settings.reports])
    for name in settings.recipients:
        if name in notifiers:
            yield Fault(("recipients", name), "a notifier has this name too")
    for index, check in enumerate(settings.checks):
        for name, each in keys_of(type(check)).items():
            if each.metadata.get("refers"):
                yield from _unknown(("checks", index, name), getattr(check, each.name), checks, "check")
    yield from _status_page_faults(settings, checks)
    known = [*notifiers, *settings.recipients]
    for path, names in _receivers(settings):
        yield from _unknown(path, names, known, "notifier")


def _status_page_faults(settings: Settings, checks: Sequence[str]) -> Iterator[Fault]:
    page = settings.http.status_page if settings.http is not None else None
    if page is not None:
        known = [*checks, *(check.category for check in settings.checks if check.category)]
        yield from _unknown(("http", "status_page", "show"), page.show, known, "check or category")


def _receivers(settings: Settings) -> Iterator[tuple[KeyPath, Sequence[str]]]:
    """Every list of receivers with its path."""
    for severity, names in settings.routing.items():
        yield ("routing", severity), names
    for group, names in settings.recipients.items():
        yield ("recipients", group), names
    if settings.response is not None:
        yield ("response", "overdue"), settings.response.overdue
    for index, rule in enumerate(settings.rules):
        yield ("rules", index, "to"), rule.to
    for index, report in enumerate(settings.reports):
        yield ("reports", index, "to"), report.to
    yield from _of_routes(settings.routes, ("routes",))


def _of_routes(routes: Sequence[RouteSettings], path: KeyPath) -> Iterator[tuple[KeyPath, Sequence[str]]]:
    for index, route in enumerate(routes):
        yield (*path, index, "notifiers"), route.notifiers or ()
        for number, step in enumerate(route.escalate or ()):
            yield (*path, index, "escalate", number, "notifiers"), step.notifiers
        yield from _of_routes(route.routes, (*path, index, "routes"))


def _twice(section: str, names: Sequence[str]) -> Iterator[Fault]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Fault((section, index, "name"), f'the name "{name}" is used twice')


def _unknown(path: KeyPath, given: Sequence[str], known: Sequence[str], what: str) -> Iterator[Fault]:
    for name in given:
        if name not in known:
            others = f"; there are: {', '.join(known)}" if known else f"; no {what} is configured"
            yield Fault(path, f'there is no {what} "{name}"{nearest(name, known) or others}')
