"""Services: what belongs together on a board, by a group check, by the label `service`, by dependencies or by layer. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tui_monitor.board.values import AlertView, Board, CheckView, RequestTable
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus

GROUP, LABEL, DEPENDENTS, LAYER = "group", "label", "dependents", "layer"
"""What makes a service: a check of type group, the label `service`, a check that others depend on, a category."""
_GRAVITY = (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY)


@frozen
class ServiceView:
    """One service. ``checks``: the head (the group, or what the others depend on) first, then the gravest."""

    name: str
    kind: str
    checks: tuple[CheckView, ...]
    alerts: tuple[AlertView, ...] = ()
    requests: tuple[RequestTable, ...] = ()

    @property
    def key(self) -> str:
        """What tells services of one name apart."""
        return f"{self.kind}:{self.name}"

    @property
    def status(self) -> HealthStatus:
        """The head's own status of a group, else the gravest of its checks."""
        if self.kind == GROUP:
            return self.checks[0].status
        return min((check.status for check in self.checks), key=_GRAVITY.index)

    @property
    def members(self) -> tuple[CheckView, ...]:
        """The checks without the group check that only sums them up."""
        return self.checks[1:] if self.kind == GROUP else self.checks

    @property
    def firing(self) -> int:
        """Number of firing alerts that are neither acknowledged nor muted."""
        return sum(alert.open for alert in self.alerts)

    @property
    def reason(self) -> str:
        """Why the gravest check is not well."""
        gravest = min(self.members or self.checks, key=lambda check: _GRAVITY.index(check.status))
        return "" if gravest.status is HealthStatus.HEALTHY else f"{gravest.name}: {gravest.reason}"


def services_of(board: Board) -> list[ServiceView]:
    """All services: groups, then labels, then what others depend on, then layers; those of one kind in the order of the configuration."""
    known = {check.name: check for check in board.checks}
    found = [_service(board, check.name, GROUP, check, _members(check, known)) for check in board.checks if check.members]
    for name, checks in _by(board.checks, lambda check: check.labels.get("service", "")):
        found.append(_service(board, name, LABEL, None, checks))
    for check in board.checks:
        if dependents := _dependents(check.name, board.checks):
            found.append(_service(board, check.name, DEPENDENTS, check, dependents))
    for name, checks in _by(board.checks, lambda check: check.category):
        found.append(_service(board, name, LAYER, None, checks))
    return found


def service_at(board: Board, key: str) -> ServiceView | None:
    """The service with this key, where the board still has it."""
    return next((service for service in services_of(board) if service.key == key), None)


def service_headed_by(board: Board, check: CheckView) -> ServiceView | None:
    """The service that a check is the head of: a group, or a check that others depend on."""
    known = {one.name: one for one in board.checks}
    if check.members:
        return _service(board, check.name, GROUP, check, _members(check, known))
    dependents = _dependents(check.name, board.checks)
    return _service(board, check.name, DEPENDENTS, check, dependents) if dependents else None


def _service(board: Board, name: str, kind: str, head: CheckView | None, others: Iterable[CheckView]) -> ServiceView:
    rest = sorted(others, key=lambda check: _GRAVITY.index(check.status))
    checks = ((head,) if head is not None else ()) + tuple(rest)
    names = {check.name for check in checks}
    alerts = tuple(one for one in board.alerts if one.labels.get("check") in names or _is_named(one, name, kind))
    requests = tuple(table for table in board.requests if table.check in names or (kind == LABEL and table.check == name))
    return ServiceView(name, kind, checks, alerts, requests)


def _is_named(alert: AlertView, name: str, kind: str) -> bool:
    return kind == LABEL and alert.labels.get("service") == name


def _members(group: CheckView, known: dict[str, CheckView]) -> list[CheckView]:
    """The members of a group and of the groups among them, each once."""
    found: dict[str, CheckView] = {}
    waiting = [member.name for member in group.members]
    while waiting:
        check = known.get(waiting.pop(0))
        if check is not None and check.name not in found and check.name != group.name:
            found[check.name] = check
            waiting += [member.name for member in check.members]
    return list(found.values())


def _dependents(name: str, checks: Sequence[CheckView]) -> list[CheckView]:
    """The checks that depend on a check, also through others."""
    found: dict[str, CheckView] = {}
    reached = {name}
    while more := [one for one in checks if one.name not in found and one.name != name and reached & set(one.depends_on)]:
        found |= {one.name: one for one in more}
        reached = {one.name for one in more}
    return list(found.values())


def _by(checks: Iterable[CheckView], name_of: Callable[[CheckView], str]) -> list[tuple[str, list[CheckView]]]:
    found: dict[str, list[CheckView]] = {}
    for check in checks:
        if name := name_of(check):
            found.setdefault(name, []).append(check)
    return list(found.items())
