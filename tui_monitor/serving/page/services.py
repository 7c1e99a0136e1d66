"""The list of services: the worst first, what depends on a failed one below it, healthy ones beyond a limit as names only."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.values import CheckView
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus

MOST_HEALTHY = 25
"""Rows of healthy services; a page of 200 strips takes a second to draw on a phone."""
_ORDER = (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY)


@frozen
class PageService:
    """One service; ``below``: the failed service that explains it, "" for none."""

    check: CheckView
    below: str = ""


def ordered(checks: Sequence[CheckView]) -> list[PageService]:
    """The rows in order. Checks that depend on each other in a circle are listed too, once."""
    by_status = sorted(checks, key=lambda check: _ORDER.index(check.status))
    down = {check.name for check in checks if check.status is HealthStatus.UNHEALTHY}
    rows: list[PageService] = []
    listed: set[str] = set()

    def add(check: CheckView, below: str) -> None:
        if check.name in listed:
            return
        listed.add(check.name)
        rows.append(PageService(check, below))
        if check.name in down:
            for child in by_status:
                if check.name in child.depends_on and child.status is not HealthStatus.HEALTHY:
                    add(child, check.name)

    for check in by_status:
        explained = check.status is not HealthStatus.HEALTHY and down & set(check.depends_on)
        if not explained:
            add(check, "")
    for check in by_status:
        add(check, "")
    return rows


def split(rows: Sequence[PageService], most: int = MOST_HEALTHY) -> tuple[list[PageService], list[PageService]]:
    """The rows that are shown with a strip, and those that are named only."""
    shown: list[PageService] = []
    named: list[PageService] = []
    healthy = 0
    for row in rows:
        healthy += row.check.status is HealthStatus.HEALTHY
        (named if row.check.status is HealthStatus.HEALTHY and healthy > most else shown).append(row)
    return (shown, named) if len(named) > 3 else ([*shown, *named], [])
