"""Layout of a message as lines within a channel's limit, before markup is added. Pure."""

from __future__ import annotations

from collections.abc import Callable

from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.dispatch.message import Message

MARKS = {"critical": "🚨", "error": "❌", "warning": "⚠️", "info": "ℹ️", "resolved": "✅"}
"""A picture for each severity; they differ in shape, not only in colour."""
COLOURS = {"critical": "#c62828", "error": "#c62828", "warning": "#f59e0b", "info": "#2e7d32", "resolved": "#2e7d32"}
"""Info and resolved green, warning orange, all else red."""
_TITLE = 300
_LINE = 1000


@frozen
class Line:
    """One line of plain, cleaned text."""

    text: str
    title: bool = False
    footer: bool = False


def mark_of(message: Message) -> str:
    """The symbol of a message: its severity's, or the one for resolved."""
    return MARKS["resolved"] if message.kind == "resolved" else MARKS.get(message.severity, MARKS["info"])


def colour_of(message: Message) -> str:
    """The colour of a message, as #rrggbb: its severity's, or the one for "over"."""
    return COLOURS["resolved"] if message.kind == "resolved" else COLOURS.get(message.severity, COLOURS["critical"])


def headline(message: Message, possible_repeat: bool) -> str:
    """The title in one line, with the mark of a possible repeat."""
    title = clip(clean(message.title).strip() or message.kind, _TITLE)
    return f"{title} {phrases(message.language).possible_repeat}" if possible_repeat else title


def lines_of(message: Message, note: str = "", possible_repeat: bool = False, mark: str = "", *, footer: bool = True) -> list[Line]:
    """Title, note on late delivery, the text's lines, then the footer; ``footer`` False: for channels with a separate place for it."""
    title = " ".join(filter(None, (mark, headline(message, possible_repeat))))
    body = [line.rstrip() for line in clean(message.text, newlines=True).splitlines()]
    shown = [clean(note), *body] if note or message.note == "" else [clean(message.note), *body]
    last = [Line(text, footer=True)] if footer and (text := clean(message.footer).strip()) else []
    return [Line(title, title=True), *(Line(clip(line, _LINE)) for line in shown if line.strip()), *last]


def fit(lines: list[Line], budget: int, size: Callable[[str], int] = len) -> list[Line]:
    """The first lines within the budget (line breaks included) and the footer; a cut text ends with an ellipsis line."""
    kept: list[Line] = []
    last = [line for line in lines if line.footer]
    used = size("…") + 1 + sum(size(line.text) + 1 for line in last)
    for line in (line for line in lines if not line.footer):
        used += size(line.text) + 1
        if used > budget:
            return [*kept, Line("…"), *last]
        kept.append(line)
    return [*kept, *last]


def plain(lines: list[Line]) -> str:
    """The lines as text."""
    return "\n".join(line.text for line in lines)


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts: characters beyond the BMP count twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf8_length(text: str) -> int:
    """Length in bytes of UTF-8."""
    return len(text.encode())
