"""The panes of all screens but the main one: scrolling text and lists, with their text layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import events

from tui_monitor.core.humanize import cells, cut, wrap
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.cell_line import Hints, Line, LineBuilder, RenderStyle, hint_line, note, title_line
from tui_monitor.widgets.key_clicks import hint_at, press
from tui_monitor.widgets.line_widget import LineWidget
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.styles import TextStyles

Draw = Callable[[int, RenderStyle], Sequence[Line]]
"""The lines of a page for a width in cells."""
FOOT_FROM_HEIGHT = 8


class ListRow(NamedTuple):
    """One row of a list."""

    key: str
    search: str
    """The text that filters are matched against."""
    draw: Callable[[int, RenderStyle, bool], Line]
    """The line for a width in cells; the bool says whether the row is selected."""
    full: str = ""
    """The row's full text, shown at the foot while it is selected, since columns may cut it."""


class HintBar(LineWidget):
    """A line with the keys of a screen."""

    def __init__(self, hints: Hints, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles, classes="hints")
        self.hints = hints

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The hints that fit."""
        return [hint_line(self.hints, width, self.look)], -1

    def on_click(self, event: events.Click) -> None:
        """A click on a key presses it."""
        press(self, hint_at(self._lines[0] if self._lines else (), event.x))


class TextPane(Pane):
    """A scrolling page of lines."""

    def __init__(self, title: str, draw: Draw, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles)
        self.heading, self.body, self.note = title, draw, ""
        self._count = 0

    def change(self, title: str, draw: Draw) -> None:
        """Replace the text and keep the scroll position."""
        self.heading, self.body = title, draw
        self.rebuild()

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """Head and the lines from the scroll position on."""
        lines = list(self.body(width, self.look))
        if self.needle:
            lines = [line for line in lines if self.needle.casefold() in "".join(text for text, _ in line).casefold()]
        self._count = len(lines)
        self.top = max(0, min(self.top, self._count - height + 1))
        rest = self._count - self.top - height + 1
        more = f"{rest} more below" if rest > 0 else ""
        remark = f"filter: {self.needle}" if self.needle else self.note
        # a long name is cut before the position: that more lines follow matters more
        name = cut(clean(self.heading), width - cells(more) - 4, self.look.glyphs.cut) if more else self.heading
        head = title_line(name, width, self.look, focused=self.has_focus, right=more, remark=remark)
        return [head, *lines[self.top : self.top + height - 1]], -1

    def move_to(self, index: int) -> None:
        """Scroll so that this line is the first."""
        self.top = max(0, min(index, self._count - 1))
        self.rebuild()

    def move(self, step: int) -> None:
        """Scroll."""
        self.move_to(self.top + step)

    def keys(self) -> Sequence[str]:
        """One empty key a line, so that moving to the end works."""
        return ("",) * self._count


class ListPane(Pane):
    """A list of rows, set by `fill`."""

    def __init__(self, title: str, empty: str, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles)
        self.heading = title
        self._empty_text, self._remark = empty, ""
        self._all: Sequence[ListRow] = ()
        self._rows: Sequence[ListRow] = ()
        self._columns: Draw | None = None

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """The selected row in full, where there is room."""
        text = next((row.full for row in self._rows if row.key == self.selection), "")
        return prose(text, width, self.look, "text") if text and height >= FOOT_FROM_HEIGHT else ()

    def heads(self, width: int) -> Sequence[Line]:
        """Names of the columns, which stay when rows scroll."""
        return self._columns(width, self.look) if self._columns is not None and self._rows else ()

    def fill(self, rows: Sequence[ListRow], remark: str = "", *, columns: Draw | None = None, empty: str | None = None) -> None:
        """Show these rows; ``columns`` and ``empty`` (the sentence for no rows) stay as they are where they are not given."""
        self._all, self._remark = rows, remark
        self._columns = columns or self._columns
        self._empty_text = self._empty_text if empty is None else empty
        self.filter(self.needle)

    def show_progress(self, text: str) -> None:
        """Show a progress text in place of rows."""
        self.fill([], empty=text)

    def show_remark(self, remark: str) -> None:
        """Change the remark in the head."""
        self._remark = remark
        self.rebuild()

    def filter(self, needle: str) -> None:
        """Show only rows whose text contains this."""
        self.needle = needle
        self._rows = [row for row in self._all if needle.casefold() in row.search.casefold()] if needle else self._all
        self.rebuild()

    def title(self, width: int) -> Line:
        """The heading with its remark or filter."""
        remark = self.marks_text() + (f"filter: {self.needle}" if self.needle else self._remark)
        return title_line(self.heading, width, self.look, focused=self.has_focus, remark=remark, right=self.position_text())

    def keys(self) -> Sequence[str]:
        """The rows' keys."""
        return [row.key for row in self._rows]

    def draw(self, index: int, width: int, *, selected: bool) -> Line:
        """One row."""
        return self._rows[index].draw(width, self.look, selected)

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """The sentence for no rows."""
        text = "Nothing matches the filter. Esc clears it." if self.needle else self._empty_text
        return [
            LineBuilder(width, self.look).line(),
            *(note(line, width, self.look) for line in wrap(self.look.words.say(text), width - 3)),
        ]


def prose(text: str, width: int, look: RenderStyle, style: str = "dim") -> list[Line]:
    """Prose wrapped into up to three lines."""
    return [note(line, width, look, style) for line in wrap(look.words.say(clean(text)), width - 3, 3)]


def said(text: str, style: str, width: int, look: RenderStyle) -> Line:
    """One line of text, indented by one cell."""
    return LineBuilder(width, look).gap().say(text, style).line()


def wrapped(text: str, style: str, width: int, look: RenderStyle, most: int) -> list[Line]:
    """A text in up to ``most`` such lines; none for an empty one."""
    return [said(part, style, width, look) for part in wrap(look.words.say(clean(text)), width - 2, most)] if text else []


def heading(text: str, width: int, look: RenderStyle) -> list[Line]:
    """A blank line and a heading."""
    return [LineBuilder(width, look).line(), LineBuilder(width, look).gap(1).append(text, "heading").line()]


def fact(name: str, text: str, width: int, look: RenderStyle, style: str = "text", name_width: int = 14) -> list[Line]:
    """A name and its wrapped text; no line for an empty text."""
    if not text:
        return []
    room = max(8, width - name_width - 3)
    lines = []
    for index, part in enumerate(wrap(look.words.say(clean(text, newlines=True)), room, 40)):
        row = LineBuilder(width, look).gap(1).append(name if index == 0 else "", "dim", name_width).gap()
        lines.append(row.append(part, style).line())
    return lines


def table(rows: Sequence[Sequence[tuple[str, str]]], width: int, look: RenderStyle) -> list[Line]:
    """Rows of (text, style), each column as wide as its widest text; the last takes what is left."""
    if not rows:
        return []
    columns = max(len(row) for row in rows)
    widths = [max((min(40, cells(clean(row[i][0]))) for row in rows if i < len(row)), default=0) for i in range(columns)]
    lines = []
    for cells_of_row in rows:
        row = LineBuilder(width, look).gap(1)
        for index, (text, style) in enumerate(cells_of_row):
            row.append(text, style, None if index == columns - 1 else widths[index]).gap(2)
        lines.append(row.line())
    return lines
