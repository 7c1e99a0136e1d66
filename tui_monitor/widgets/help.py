"""The help page: every key, what the shapes and words mean. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import HEALTH_STYLES, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.list_panes import heading

TWO_COLUMNS = 118
HELP = (
    (
        "Alerts",
        (
            ("a", "acknowledge the selected alert, else the first"),
            ("A", "acknowledge all that fire"),
            ("u", "take the acknowledgement back"),
            ("s", "silence: matchers, how long, # why"),
            ("m", "go back to the moment of the alert"),
        ),
    ),
    (
        "Look",
        (
            ("Enter", "details of the selection"),
            ("Esc", "back; never quits"),
            ("t", "trend of the selection"),
            ("e", "explore: any PromQL; a ; b draws two"),
            ("Ctrl+S", "in trend and explore: keep it as a panel"),
            ("+", "in trend: draw another series too"),
            ("/", "filter rows; n N next and previous"),
            ("o", "change the sort order"),
            ("p", "pause the picture; monitoring goes on"),
        ),
    ),
    (
        "Time",
        (
            ("[ ]", "a minute back, forth; the newest is live again"),
            ("{ }", "a quarter of an hour"),
            ("@", "go to a time: 03:10, 2026-11-20 03:10, -2h"),
            ("M", "mark the moment shown, on every chart"),
        ),
    ),
    (
        "Move",
        (
            ("Tab", "next pane; Shift+Tab the one before"),
            ("arrows", "also h j k l; g first, G last; the mouse works"),
            ("1", "overview"),
            ("2", "alerts and their history"),
            ("3", "notifications"),
            ("4", "processes"),
            ("5", "silences; Enter ends one, + extends it"),
            ("6", "panels: kept queries; x takes one away"),
            ("7", "backtest of the rules; Enter tries a change"),
            ("8", "noise: which alerts disturbed, and what to try"),
            ("9", "audit: who did what"),
            ("Ctrl+P", "all commands"),
        ),
    ),
    ("Monitor", (("R", "reload the configuration"), ("?", "this page"), ("q", "quit; never ends the daemon"))),
)
WORDS = (
    ("leader", "polls and notifies; viewers only look on"),
    ("muted", "kept quiet by a silence, window or parent"),
    ("p95", "95 % of the last hour's answers took no longer"),
    ("cert", "days until the certificate ends"),
    ("pressure", "share of time in which work waited for this"),
    ("own", "what the monitor itself uses"),
)


def help_lines(width: int, look: RenderStyle) -> list[Line]:
    """All keys, what the shapes and words mean; in two columns where there is room, so that they are seen at a glance."""
    if width < TWO_COLUMNS:
        return [line for title, keys in HELP for line in _section(title, keys, width, look)] + _legend(width, look)
    half = width // 2
    left = [line for title, keys in HELP[:3] for line in _section(title, keys, half, look)]
    right = [line for title, keys in HELP[3:] for line in _section(title, keys, width - half, look)] + _legend(width - half, look)
    return [
        (*(one or LineBuilder(half, look).line()), *(other or LineBuilder(width - half, look).line()))
        for one, other in zip_longest(left, right)
    ]


def _section(title: str, keys: Sequence[tuple[str, str]], width: int, look: RenderStyle) -> list[Line]:
    rows = [LineBuilder(width, look).gap(3).append(key, "accent", 9).gap().append(does, "text").line() for key, does in keys]
    return [*heading(title, width, look), *rows]


def _legend(width: int, look: RenderStyle) -> list[Line]:
    row = LineBuilder(width, look).gap(3)
    for status in HealthStatus:
        row.append(look.glyphs.health(status), HEALTH_STYLES[status]).gap().append(status.value, "text").gap(3)
    words = [LineBuilder(width, look).gap(3).append(word, "strong", 9).gap().append(told, "text").line() for word, told in WORDS]
    return [*heading("Shapes", width, look), row.line(), *heading("Words", width, look), *words]
