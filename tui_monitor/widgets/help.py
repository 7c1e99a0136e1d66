"""The lines of the help page: keys, shapes, words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import HEALTH_STYLES, HelpSection, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.list_panes import heading

TWO_COLUMNS = 118
WORDS = (
    ("leader", "polls and notifies; viewers show its board"),
    ("muted", "held back by a silence, window or parent"),
    ("p95", "95 % of the last hour's answers took no longer"),
    ("cert", "days until the certificate ends"),
    ("pressure", "share of time in which work waited for this"),
    ("own", "what the monitor itself uses"),
)


def help_lines(sections: Sequence[HelpSection], width: int, look: RenderStyle) -> list[Line]:
    """The sections, then the meaning of shapes and words; wide terminals show two columns, the first three sections on the left."""
    if width < TWO_COLUMNS:
        return [line for title, keys in sections for line in _section(title, keys, width, look)] + _legend(width, look)
    half = width // 2
    left = [line for title, keys in sections[:3] for line in _section(title, keys, half, look)]
    right = [line for title, keys in sections[3:] for line in _section(title, keys, width - half, look)] + _legend(width - half, look)
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
