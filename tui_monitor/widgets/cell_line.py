"""Lines as plain data: runs of text with style names, so that drawing is pure and tested without a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from tui_monitor.core.catalogue.translation import Translator
from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import cells, cut, fit
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.glyphs import UNICODE, Glyphs

Run = tuple[str, str]
"""(text, style name); the style names are those of `styles.RECIPES`."""
Line = tuple[Run, ...]
Hints = Sequence[tuple[str, str]]
"""(key, what it does) in the order of a footer."""
HelpSection = tuple[str, Hints]
"""A title of the help page and its keys."""

ENGLISH = Translator()
SEVERITY_WORDS = {"critical": "CRIT", "error": "ERR", "warning": "WARN", "info": "INFO"}
HEALTH_STYLES = {"healthy": "ok", "degraded": "warning", "unhealthy": "critical", "unknown": "unknown"}


@frozen
class RenderStyle:
    """Rendering options of one terminal: its glyphs, the time zone (None: the machine's), and the language."""

    glyphs: Glyphs = UNICODE
    zone: tzinfo | None = None
    words: Translator = ENGLISH
    """The texts of the language in use."""


def data_style(look: RenderStyle) -> RenderStyle:
    """The options for lines of data, as log lines: no word in them is translated."""
    return RenderStyle(look.glyphs, look.zone)


class LineBuilder:
    """Builder of one line from left to right. It cleans every text, so that no pane can forget to."""

    def __init__(self, width: int, look: RenderStyle) -> None:
        self.width = width
        self.used = 0
        self._mark = look.glyphs.cut
        self._words = look.words
        self._runs: list[list[str]] = []

    @property
    def room(self) -> int:
        """Number of cells left."""
        return max(0, self.width - self.used)

    def append(self, text: str, style: str = "text", width: int | None = None, *, right: bool = False) -> LineBuilder:
        """Append a text, in exactly ``width`` cells where given, never beyond the line's end."""
        text = self._words.exact(clean(text)) if width is None else self._words.within(clean(text), width)
        return self.name(text, style, width, right=right)

    def name(self, text: str, style: str = "text", width: int | None = None, *, right: bool = False) -> LineBuilder:
        """Append a name or other data as it is: a check called "search" is called so in every language."""
        text = clean(text)
        text = fit(text, min(width, self.room), self._mark, right=right) if width is not None else cut(text, self.room, self._mark)
        if text:
            self._append(text, style)
        return self

    def say(self, text: str, style: str = "text", width: int | None = None, *, right: bool = False) -> LineBuilder:
        """Append a text of the program that may hold values ("3 affected"), in the language in use."""
        return self.append(self._words.say(text), style, width, right=right)

    def gap(self, width: int = 1) -> LineBuilder:
        """Append spaces to the preceding run, which saves a change of colour."""
        width = min(width, self.room)
        if width:
            plain = not self._runs or self._runs[-1][1].startswith(("chip", "verdict", "band", "alarm", "wrong"))
            self._append(" " * width, "text" if plain else self._runs[-1][1])
        return self

    def align(self, width: int) -> LineBuilder:
        """Append spaces up to ``width`` cells before the line's end."""
        return self.gap(self.room - width)

    def line(self) -> Line:
        """The line, padded to its width."""
        self.gap(self.room)
        return tuple((text, style) for text, style in self._runs)

    def _append(self, text: str, style: str) -> None:
        self.used += cells(text)
        if self._runs and self._runs[-1][1] == style:
            self._runs[-1][0] += text
        else:
            self._runs.append([text, style])


def text_of(lines: Iterable[Line]) -> str:
    """The text of lines without styles."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


def note(text: str, width: int, look: RenderStyle, style: str = "dim") -> Line:
    """One line of prose, indented by two cells."""
    return LineBuilder(width, look).gap(2).say(text, style).line()


def with_cursor(line: Line, look: RenderStyle) -> Line:
    """The line with a cursor shape in its first cell if that is free, since colour alone does not suffice."""
    if not line or not line[0][0].startswith(" "):
        return line
    text, style = line[0]
    rest: Line = ((text[1:], style),) if text[1:] else ()
    return ((look.glyphs.selected, "accent"), *rest, *line[1:])


def with_mark(line: Line) -> Line:
    """The line of a row that a person has marked: a star in its second cell, or in the first where the second is taken."""
    if not line:
        return line
    runs = list(line)
    number, at = (0, 1) if len(runs[0][0]) > 1 else (1, 0)
    if number >= len(runs) or runs[number][0][at] != " ":
        number, at = 0, 0
    text, style = runs[number]
    runs[number] = (f"{text[:at]}*{text[at + 1 :]}", style)
    return tuple(runs)


def title_line(title: str, width: int, look: RenderStyle, *, focused: bool = False, remark: str = "", right: str = "") -> Line:
    """A pane's head: title on a band, remark after it, ``right`` at the end."""
    style = "band-focus" if focused else "band"
    row = LineBuilder(width, look)
    row.append(f"{look.glyphs.selected if focused else ' '}", style).append(title, f"{style}-title")
    remark, right = look.words.say(remark), look.words.say(right)
    remark = cut(clean(remark), row.room - (cells(right) + 5 if right else 2), look.glyphs.cut)
    row.append("  " + remark if remark else "", f"{style}-dim")
    right = cut(clean(right), max(0, row.room - 2), look.glyphs.cut)
    row.append(" " * max(0, row.room - cells(right) - 1), f"{style}-dim").append(right, f"{style}-dim").append(
        " " * row.room, f"{style}-dim"
    )
    return row.line()


def hint_line(hints: Hints, width: int, look: RenderStyle, tail: str = "", last: int = 1) -> Line:
    """A line of keys with labels, as many as fit, the ``last`` ones always; ``tail`` at the right."""
    hints = [(key, look.words.say(does)) for key, does in hints]
    tail = look.words.say(tail)
    ends = sum(cells(key) + cells(does) + 3 for key, does in hints[-last:])
    row, limit = LineBuilder(width, look), width - (cells(tail) + 2 if tail else 0)
    for index, (key, does) in enumerate(hints):
        kept = 0 if index >= len(hints) - last else ends
        if row.used + cells(key) + cells(does) + 3 + kept <= limit:
            row.append(f" {key}", "accent").append(f" {does} ", "dim")
    return row.append(" " * max(0, width - cells(tail) - 1 - row.used), "dim").append(tail, "faint").line()
