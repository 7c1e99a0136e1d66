"""`status --oneline`: what is wrong, since when and whom it affects, in one line for tmux, prompts and motd. Pure."""

from __future__ import annotations

from collections.abc import Callable

from tui_monitor.board.not_healthy import not_healthy_names
from tui_monitor.board.values import AlertView, Board, CheckView
from tui_monitor.core.humanize import age
from tui_monitor.core.subjects import subject_of
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.alerts import CHECK_RULE, is_open, own_fault
from tui_monitor.widgets.glyphs import Glyphs
from tui_monitor.widgets.incidents import grouped

Say = Callable[[str], str]
GRAVE = ("critical", "error")


def one_line(status: HealthStatus, reason: str, board: Board | None, now: int, glyphs: Glyphs, say: Say = str) -> str:
    """The line: "✗ db 3m → 3 affected +1", "✓ 20 healthy", "? no monitor runs"; without a final newline. ``say`` translates its texts."""
    if board is None or reason:
        return f"{glyphs.health(status.value)} {say(reason or 'nothing is measured yet')}"
    incidents = grouped([alert for alert in board.alerts if is_open(alert)])
    if incidents:
        return _incident(incidents[0], len(incidents) - 1, now, glyphs, say)
    if failing := [check for check in board.checks if check.status in (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED)]:
        return _failing(failing, board, now, glyphs, say)
    healthy = sum(check.status is HealthStatus.HEALTHY for check in board.checks)
    if healthy == len(board.checks):
        return f"{glyphs.health(status.value)} {say(f'{healthy} healthy' if healthy else 'this machine')}"
    return f"{glyphs.health(status.value)} {not_healthy_names(board)} ({say(f'{healthy} of {len(board.checks)} healthy')})"


def _incident(first: AlertView, more: int, now: int, glyphs: Glyphs, say: Say) -> str:
    shape = glyphs.unhealthy if first.severity in GRAVE else glyphs.degraded
    about = subject_of(first.labels)
    name = own_fault(first) or (about if first.name == CHECK_RULE else f"{first.name} {about}".strip())
    affected = f"{glyphs.arrow} {say(f'{first.affected} affected')}" if first.affected else ""
    return _joined(shape, name or first.name, say(age(first.starts_at or first.active_at, now)), affected, f"+{more}" if more > 0 else "")


def _failing(failing: list[CheckView], board: Board, now: int, glyphs: Glyphs, say: Say) -> str:
    """Checks that fail without an open alert: acknowledged, silenced, or watched by no rule."""
    first = sorted(failing, key=lambda check: -check.status.exit_code)[0]
    known = f"({say(f'{board.acknowledged} acknowledged')})" if board.acknowledged else ""
    more = f"+{len(failing) - 1}" if len(failing) > 1 else ""
    return _joined(glyphs.health(first.status.value), first.name, say(age(first.since, now)) if first.since else "", more, known)


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
