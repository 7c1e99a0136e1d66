"""The lines of the help page: keys, shapes, words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

from tui_monitor.core.humanize import wrap
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import HEALTH_STYLES, HelpSection, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.list_panes import heading

TWO_COLUMNS = 118
WORDS = (
    ("daemon", "polls and notifies; dashboards show its board"),
    ("muted", "held back by a silence, window or parent"),
    ("p95", "95% of the last hour's answers took no longer"),
    ("pressure", "share of time in which work waited for this"),
)


def help_lines(sections: Sequence[HelpSection], width: int, look: RenderStyle) -> list[Line]:
    """The sections, then the meaning of shapes and words; wide terminals show two columns of about one height."""
    if width < TWO_COLUMNS:
        return [line for title, keys in sections for line in _section(title, keys, width, look)] + _legend(width, look)
    half = width // 2
    blocks = [_section(title, keys, half, look) for title, keys in sections]
    blocks.append(_legend(half, look))
    splits = (([*chain(*blocks[:at])], [*chain(*blocks[at:])]) for at in range(1, len(blocks)))
    left, right = min(splits, key=lambda columns: max(map(len, columns)))
    return [
        (*(one or LineBuilder(half, look).line()), *(other or LineBuilder(half, look).line()), *LineBuilder(width % 2, look).line())
        for one, other in zip_longest(left, right)
    ]


def _section(title: str, keys: Sequence[tuple[str, str]], width: int, look: RenderStyle) -> list[Line]:
    return [*heading(title, width, look), *(line for key, does in keys for line in _entry(key, "accent", does, width, look))]


def _entry(word: str, style: str, text: str, width: int, look: RenderStyle) -> list[Line]:
    """A key or word and its text, which wraps beside it: cut texts explain nothing."""
    indent = 3 if width >= 60 else 1
    parts = wrap(look.words.say(text), max(8, width - indent - 10))
    return [
        LineBuilder(width, look).gap(indent).append("" if number else word, style, 9).gap().append(part, "text").line()
        for number, part in enumerate(parts)
    ]


def _legend(width: int, look: RenderStyle) -> list[Line]:
    row = LineBuilder(width, look).gap(3)
    for status in HealthStatus:
        row.append(look.glyphs.health(status), HEALTH_STYLES[status]).gap().append(status.value, "text").gap(3)
    words = [line for word, told in WORDS for line in _entry(word, "strong", told, width, look)]
    return [*heading("Shapes", width, look), row.line(), *heading("Words", width, look), *words]
