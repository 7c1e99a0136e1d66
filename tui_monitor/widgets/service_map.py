"""The map of services: trees of dependencies with root causes first, and dependencies that the alerts suggest. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from tui_monitor.board.values import AlertView, CheckView
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.alerts import CHECK_RULE
from tui_monitor.widgets.cell_line import RenderStyle
from tui_monitor.widgets.services import TreeRow, tree

TOGETHER_MS = 10_000
LEAST_TIMES, LEAST_SHARE = 3, 0.8
"""How often, and in which share of its failures, a check has to fail just after another for a dependency to be suggested."""
MOST_SUGGESTIONS = 5


@frozen
class LikelyEdge:
    """A dependency that is not configured: ``check`` failed within ten seconds of ``cause``, ``times`` of ``of`` failures."""

    check: str
    cause: str
    times: int
    of: int


def linked_rows(checks: Sequence[CheckView], look: RenderStyle) -> tuple[list[TreeRow], list[CheckView]]:
    """The trees of the checks that depend on others or are depended on, the gravest first; and the checks that are alone."""
    names = {check.name for check in checks}
    linked = {name for check in checks for name in check.depends_on if name in names}
    linked |= {check.name for check in checks if any(name in names for name in check.depends_on)}
    return tree([check for check in checks if check.name in linked], "status", look), [one for one in checks if one.name not in linked]


def dependents_of(name: str, checks: Sequence[CheckView]) -> list[str]:
    """The checks that depend on a check, directly or through others, in their order."""
    found: list[str] = []
    wanted = [name]
    while wanted:
        cause = wanted.pop()
        for check in checks:
            if cause in check.depends_on and check.name not in found and check.name != name:
                found.append(check.name)
                wanted.append(check.name)
    return [check.name for check in checks if check.name in found]


def explanation(check: CheckView, checks: Sequence[CheckView]) -> str:
    """What a check's state means for the others: whom its failure explains, what explains its own, what it needs and carries."""
    by_name = {one.name: one for one in checks}
    below = dependents_of(check.name, checks)
    if check.status is HealthStatus.HEALTHY:
        needs = f"needs {', '.join(check.depends_on)}" if check.depends_on else ""
        return "; ".join(filter(None, (needs, f"carries {', '.join(below)}" if below else ""))) or "nothing depends on it"
    causes = [name for name in check.depends_on if name in by_name and by_name[name].status is HealthStatus.UNHEALTHY]
    if causes:
        return f"{check.reason}: {', '.join(causes)} explains it"
    hit = [name for name in below if by_name[name].status is not HealthStatus.HEALTHY]
    return check.reason + (f": root cause of {', '.join(hit)}" if hit else ": nothing else is hit")


def likely_edges(history: Sequence[AlertView], checks: Sequence[CheckView]) -> list[LikelyEdge]:
    """Dependencies that are not configured though a check keeps failing just after another, the most frequent first."""
    begins: dict[str, list[int]] = {}
    known = {check.name for check in checks}
    for alert in history:
        if alert.name == CHECK_RULE and alert.starts_at and alert.labels.get("check", "") in known:
            begins.setdefault(alert.labels["check"], []).append(alert.starts_at)
    sorted_begins = {name: sorted(times) for name, times in begins.items() if len(times) >= LEAST_TIMES}
    found = [
        LikelyEdge(name, cause, times, len(sorted_begins[name]))
        for name in sorted_begins
        for cause in sorted_begins
        if name != cause
        and cause not in dependents_of(name, checks)
        and name not in dependents_of(cause, checks)
        and (times := _after(sorted_begins[name], sorted_begins[cause])) >= LEAST_TIMES
        and times >= LEAST_SHARE * len(sorted_begins[name])
    ]
    return _one_way(sorted(found, key=lambda edge: (-edge.times, edge.check, edge.cause)))[:MOST_SUGGESTIONS]


def _after(times: Sequence[int], causes: Sequence[int]) -> int:
    """How many of the times have a cause within the ten seconds before."""
    count = 0
    for at in times:
        place = bisect_left(causes, at - TOGETHER_MS)
        count += place < len(causes) and causes[place] < at
    return count


def _one_way(edges: Sequence[LikelyEdge]) -> list[LikelyEdge]:
    """Of two checks that each fail after the other only the more frequent direction."""
    best: Mapping[frozenset[str], LikelyEdge] = {frozenset((edge.check, edge.cause)): edge for edge in reversed(edges)}
    return [edge for edge in edges if best[frozenset((edge.check, edge.cause))] is edge]
