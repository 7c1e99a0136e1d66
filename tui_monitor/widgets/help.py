"""The help page: every key, and what the shapes mean. Pure."""

from __future__ import annotations

from tui_monitor.model import HealthStatus
from tui_monitor.widgets.line import HEALTH_STYLES, Line, Look, Row
from tui_monitor.widgets.pages import heading

HELP = (
    (
        "Alerts",
        (
            ("a", "acknowledge the selected alert, else the first, with a note"),
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
            ("Ctrl+S", "in trend and explore: keep the query as a panel"),
            ("+", "in trend: draw another series too"),
            ("/", "filter rows; n N next and previous"),
            ("o", "change the sort order"),
            ("p", "pause the picture; monitoring goes on"),
        ),
    ),
    (
        "Time",
        (
            ("[ ]", "a minute back, forth; forth at the end is live again"),
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
            ("5", "silences"),
            ("6", "panels: kept queries; x takes one away"),
            ("7", "backtest: what each rule would have done; Enter tries a change"),
            ("Ctrl+P", "all commands"),
        ),
    ),
    ("Monitor", (("R", "reload the configuration"), ("?", "this page"), ("q", "quit; never ends the daemon"))),
)


def help_lines(width: int, look: Look) -> list[Line]:
    """All keys, and what the shapes mean."""
    lines: list[Line] = []
    for title, keys in HELP:
        lines += heading(title, width, look)
        for key, does in keys:
            lines.append(Row(width, look).gap(3).put(key, "accent", 9).gap().put(does, "text").line())
    lines += heading("Shapes", width, look)
    row = Row(width, look).gap(3)
    for status in HealthStatus:
        row.put(look.glyphs.health(status), HEALTH_STYLES[status]).gap().put(status.value, "text").gap(3)
    return [*lines, row.line()]
