"""Verdict of a group from its members' statuses. Pure: members are probed on their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tui_monitor.core.humanize import percent
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.group.settings import GroupCheck

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
_RATIO = labels_of("group_healthy_ratio")
_MEMBERS = {status: labels_of("group_members", status=str(status)) for status in HealthStatus}
_WORST_FIRST = (UNHEALTHY, DEGRADED, UNKNOWN, HEALTHY)
_NAMED = 10
"""Members that a reason or fact names; of the others it says how many they are."""


class GroupProbe:
    """The group's verdict, computed from its members' results without a probe."""

    stage = ""

    def __init__(self, settings: GroupCheck) -> None:
        self._settings = settings

    def verdict(self, statuses: Mapping[str, HealthStatus]) -> ProbeResult:
        """The group's verdict for these statuses of its members."""
        return judge_members(self._settings, statuses)

    async def probe(self) -> ProbeResult:
        """Not supported: a group needs its members' results."""
        raise OwnTrouble("a group is judged by its members; there are no results of theirs here")

    async def close(self) -> None:
        """Nothing to close."""


def judge_members(group: GroupCheck, statuses: Mapping[str, HealthStatus]) -> ProbeResult:
    """Healthy, degraded or unhealthy by the weighted shares of members with a known status; unknown without any.

    ``statuses`` contains every member. A required member limits the group to its own status. Unknown members are left out of the
    denominator; an unknown required member makes the group unknown at best.
    """
    well, up = (_share(group, statuses, good) for good in ((HEALTHY,), (HEALTHY, DEGRADED)))
    status, reason = _verdict(group, well, up)
    for name in group.required:
        if (other := statuses.get(name, UNKNOWN)) is not HEALTHY and _WORST_FIRST.index(other) < _WORST_FIRST.index(status):
            status, reason = other, f"{name}, which is required, is {other}"
    if status is not HEALTHY and (named := _named(statuses)):
        reason = f"{reason}: {named}"
    return ProbeResult(status, reason, samples=_samples(statuses, well), facts=_facts(statuses))


def _share(group: GroupCheck, statuses: Mapping[str, HealthStatus], good: Iterable[HealthStatus]) -> float | None:
    weights = {name: group.weights.get(name, 1.0) for name, status in statuses.items() if status is not UNKNOWN}
    whole = sum(weights.values())
    return sum(weight for name, weight in weights.items() if statuses[name] in good) / whole if whole else None


def _verdict(group: GroupCheck, well: float | None, up: float | None) -> tuple[HealthStatus, str]:
    if well is None or up is None:
        return UNKNOWN, "no member has a known status"
    if _reaches(well, group.healthy):
        return HEALTHY, ""
    if _reaches(up, group.degraded):
        return DEGRADED, f"{percent(well)} healthy, {percent(group.healthy)} wanted"
    return UNHEALTHY, f"{percent(up)} up, {percent(group.degraded)} wanted"


def _reaches(share: float, limit: float) -> bool:
    """Whether the share reaches the limit, within rounding errors of weight sums."""
    return share >= limit - 1e-9


def _named(statuses: Mapping[str, HealthStatus]) -> str:
    """Members that are not healthy, the worst first."""
    return "; ".join(f"{status}: {_few(names)}" for status in _WORST_FIRST[:3] if (names := _of(statuses, status)))


def _of(statuses: Mapping[str, HealthStatus], status: HealthStatus) -> list[str]:
    return [name for name, found in statuses.items() if found is status]


def _few(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _samples(statuses: Mapping[str, HealthStatus], well: float | None) -> tuple[Sample, ...]:
    counts = tuple(Sample(labels, float(len(_of(statuses, status)))) for status, labels in _MEMBERS.items())
    return counts if well is None else (Sample(_RATIO, well), *counts)


def _facts(statuses: Mapping[str, HealthStatus]) -> dict[str, str]:
    return {"members": f"{len(statuses)}", **{str(status): _few(names) for status in _WORST_FIRST if (names := _of(statuses, status))}}
