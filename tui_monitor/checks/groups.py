"""Groups of checks: their members, their verdicts, and the faults of their configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tui_monitor.checks.health import check_labels
from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.faults import Fault
from tui_monitor.core.values import CheckResult, HealthStatus, ProbeResult
from tui_monitor.dispatch.matchers import matches_all, parse_matchers
from tui_monitor.sources.group.probe import judge_members
from tui_monitor.sources.group.settings import GroupCheck


class Groups:
    """The groups of one configuration."""

    def __init__(self, checks: Sequence[CheckSettings]) -> None:
        self._groups = {check.name: check for check in checks if isinstance(check, GroupCheck)}
        self._members = {name: _members_of(group, checks) for name, group in self._groups.items()}

    def __contains__(self, name: object) -> bool:
        """Whether a check of this name is a group."""
        return name in self._groups

    def of(self, name: str) -> list[str]:
        """The groups of which a check is a member."""
        return [group for group, members in self._members.items() if name in members]

    def members(self, name: str) -> tuple[str, ...]:
        """The members of a group, () for a check that is none."""
        return self._members.get(name, ())

    def probed(self, name: str) -> list[str]:
        """The checks that are probed to judge this one: itself, or a group's members, theirs where they are groups too."""
        return list(dict.fromkeys(self._probed(name, ())))

    def _probed(self, name: str, above: tuple[str, ...]) -> Iterator[str]:
        if name not in self._groups:
            yield name
        elif name not in above:
            for member in self._members[name]:
                yield from self._probed(member, (*above, name))

    def innermost_first(self) -> list[str]:
        """The groups, each after the groups among its members."""
        order: list[str] = []
        for name in self._groups:
            self._append(name, order, ())
        return order

    def _append(self, name: str, order: list[str], above: tuple[str, ...]) -> None:
        if name in order or name in above:
            return
        for member in self._members[name]:
            if member in self._groups:
                self._append(member, order, (*above, name))
        order.append(name)

    def verdict(self, name: str, statuses: Mapping[str, HealthStatus]) -> ProbeResult | None:
        """A group's verdict; None while one of its members has no status yet, as after a start, so that the first answers do not decide."""
        members = self._members[name]
        if any(member not in statuses for member in members):
            return None
        return judge_members(self._groups[name], {member: statuses[member] for member in members})

    def circle(self, name: str) -> list[str]:
        """The circle of groups through this one, [] for none."""
        return next((path for path in self._paths(name, (name,))), [])

    def _paths(self, name: str, path: tuple[str, ...]) -> Iterator[list[str]]:
        for member in self._members.get(name, ()):
            if member == path[0]:
                yield [*path, member]
            elif member in self._groups and member not in path:
                yield from self._paths(member, (*path, member))


def statuses_of(results: Mapping[str, CheckResult]) -> dict[str, HealthStatus]:
    """The status of each check after thresholds."""
    return {name: result.status for name, result in results.items()}


def _members_of(group: GroupCheck, checks: Iterable[CheckSettings]) -> tuple[str, ...]:
    """The members of a group: those named, then those selected in the file's order; an invalid matcher selects none."""
    try:
        matchers = parse_matchers(group.select)
    except ValueError:
        matchers = ()
    found = [
        check.name for check in checks if matchers and not isinstance(check, GroupCheck) and matches_all(matchers, check_labels(check))
    ]
    return tuple(dict.fromkeys([*group.members, *found]))


def group_faults(checks: Sequence[CheckSettings]) -> Iterator[Fault]:
    """Faults of groups: circles, matchers that are invalid or match nothing, names of checks that are not members."""
    groups = Groups(checks)
    for index, check in enumerate(checks):
        if isinstance(check, GroupCheck):
            for key, text in _faults_of(check, groups):
                yield Fault(("checks", index, key), text)


def _faults_of(group: GroupCheck, groups: Groups) -> Iterator[tuple[str, str]]:
    members = groups._members[group.name]
    try:
        parse_matchers(group.select)
    except ValueError as error:
        yield "select", str(error)
    else:
        if group.select and not set(members).difference(group.members):
            yield "select", "matches no check; its labels are check, type, category and its own"
    for key in ("required", "weights"):
        for name in getattr(group, key):
            if name not in members:
                yield key, f'"{name}" is no member of this group'
    if circle := groups.circle(group.name):
        yield "members", f"the group contains itself: {' → '.join(circle)}"
