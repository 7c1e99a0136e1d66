"""The terminal's window title (OSC 2) and its desktop notice (OSC 9): what is wrong, seen without looking at the dashboard."""

from __future__ import annotations

from tui_monitor.board.not_healthy import not_healthy_names
from tui_monitor.board.values import Board
from tui_monitor.core.sanitize import clean
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.alerts import is_open
from tui_monitor.widgets.glyphs import Glyphs

SAVE = "\x1b[22;2t"
"""xterm's push of the window title (XTWINOPS 22;2); terminals without a stack of titles ignore it."""
RESTORE = "\x1b]2;\x07\x1b[23;2t"
"""An empty title, which is the default one where there is no stack, then xterm's pop."""
MOST = 80


def title_text(board: Board, glyphs: Glyphs) -> str:
    """The title: "✗2 web-1" for two open alerts, "? backup web-1" without one, "✓ web-1" where all is well.

    The host alone while the first board is loading.
    """
    if board.loading or not board.host:
        return board.host or "tui-monitor"
    open_ = sum(map(is_open, board.alerts))
    shape = glyphs.health(board.status.value)
    if open_ and board.status is HealthStatus.HEALTHY:
        shape = glyphs.degraded
    names = "" if open_ or board.status is HealthStatus.HEALTHY else f" {not_healthy_names(board)}".rstrip()
    return f"{shape}{open_ or ''}{names} {board.host}"


def title_sequence(text: str) -> str:
    """OSC 2 with the text, which holds no control characters any more."""
    return f"\x1b]2;{clean(text)[:MOST]}\x07"


def notice_sequence(text: str) -> str:
    """OSC 9: a desktop notice in the terminals that know it (iTerm2, kitty, WezTerm, foot, ghostty, Windows Terminal)."""
    return f"\x1b]9;{clean(text)[:200]}\x07"
