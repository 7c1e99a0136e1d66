"""The names of the checks that are not healthy, for the sentences that say how many are. Pure."""

from __future__ import annotations

from tui_monitor.board.values import Board
from tui_monitor.core.sanitize import clean
from tui_monitor.core.values import HealthStatus

MOST = 2


def not_healthy_names(board: Board) -> str:
    """The gravest two and the number of others: "db, backup +3"; "" where all are healthy."""
    found = sorted((check for check in board.checks if check.status is not HealthStatus.HEALTHY), key=lambda one: -one.status.exit_code)
    more = f" +{len(found) - MOST}" if len(found) > MOST else ""
    return ", ".join(clean(check.name) for check in found[:MOST]) + more
