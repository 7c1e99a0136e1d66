"""The verdict of a log check as a pure function of its state."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.core.frozen import frozen
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.log.matches import MatchLimit

UNMATCHED_RATIO = 0.01
UNMATCHED_LINES = 120
"""Of at least so many lines in a minute more than 1 % unmatched: the format is wrong (netdata's rule for web logs)."""


@frozen
class MatchSeen:
    """One rule's limits with the number of matches in each window, and the last matching line."""

    name: str
    unhealthy: MatchLimit | None = None
    unhealthy_count: int = 0
    degraded: MatchLimit | None = None
    degraded_count: int = 0
    line: str = ""


@frozen
class LogState:
    """State of a log. ``minute_lines`` and ``minute_unmatched`` of the last 60 s; ``wait``: a missing file is not a fault."""

    files: int = 0
    missing: tuple[str, ...] = ()
    wait: bool = True
    troubles: tuple[str, ...] = ()
    matches: tuple[MatchSeen, ...] = ()
    minute_lines: int = 0
    minute_unmatched: int = 0
    format: str = "auto"
    sample: str = ""


def verdict(state: LogState) -> tuple[HealthStatus, str]:
    """Status and reason: unhealthy by a match or a missing file, else unknown by own trouble (which hides lines), else degraded."""
    if found := _over([(each, each.unhealthy, each.unhealthy_count) for each in state.matches]):
        return HealthStatus.UNHEALTHY, found
    if state.missing and not state.wait:
        return HealthStatus.UNHEALTHY, f'no file at {", ".join(state.missing)}: start its writer, correct path, or set missing = "wait"'
    if state.troubles:
        more = f" (and {len(state.troubles) - 1} more)" if len(state.troubles) > 1 else ""
        return HealthStatus.UNKNOWN, state.troubles[0] + more
    if found := _over([(each, each.degraded, each.degraded_count) for each in state.matches]):
        return HealthStatus.DEGRADED, found
    if state.minute_lines >= UNMATCHED_LINES and state.minute_unmatched > UNMATCHED_RATIO * state.minute_lines:
        share = f"{100 * state.minute_unmatched / state.minute_lines:.0f}%"
        sample = f", such as: {state.sample}" if state.sample else ""
        return HealthStatus.DEGRADED, f"{share} of the last minute's lines are not of format {state.format}: correct format{sample}"
    if state.missing:
        return HealthStatus.HEALTHY, f"waits for {', '.join(state.missing)}"
    return HealthStatus.HEALTHY, ""


def _over(found: Sequence[tuple[MatchSeen, MatchLimit | None, int]]) -> str:
    """The reasons of all rules with a reached limit."""
    reasons = [
        f"{match.name}: {count} lines in {format_duration(limit.window)}, limit {limit.count}" + (f" ({match.line})" if match.line else "")
        for match, limit, count in found
        if limit is not None and count >= limit.count
    ]
    return "; ".join(reasons)
