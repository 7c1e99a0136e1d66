"""A list with columns, sorted by one of them: by `o`, or by a click on a column's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import events

from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.table_heads import table_head
from tui_monitor.core.frozen import frozen
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, data_style, note, title_line
from tui_monitor.widgets.list_panes import FOOT_FROM_HEIGHT, prose
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.styles import TextStyles

T = TypeVar("T")


@frozen
class Column(Generic[T]):
    """One column. ``text`` gives a row's text and style, ``sort`` what it is sorted by (None: last); ``falling``: the largest first.

    ``width`` 0 takes what is left (one column, the last). ``from_width``: shown from this width of the table on.
    """

    title: str
    width: int
    text: Callable[[T], tuple[str, str]]
    sort: Callable[[T], Any]
    falling: bool = False
    right: bool = False
    from_width: int = 0
    is_word: bool = False
    """Whether its texts are words of the program or lengths of time, and no data."""


class TablePane(Pane, Generic[T]):
    """Rows of one kind in columns. Subclasses say the columns and what identifies, finds and describes a row."""

    COLUMNS: ClassVar[Sequence[Column[Any]]] = ()
    EMPTY_TEXT: ClassVar[str] = ""
    FULL_IS_DATA: ClassVar[bool] = False
    """Whether `full_of` gives names and commands, which are not translated."""

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles)
        self.order = 0
        self.rising = False
        """Whether the order of the column is turned round."""
        self.rows: list[T] = []
        self.instead = ""
        """The sentence in place of rows, where there is another than `EMPTY_TEXT`."""
        self._all: Sequence[T] = ()

    # Defined by subclasses.

    def key_of(self, row: T) -> str:
        """What identifies a row."""
        raise NotImplementedError

    def search_of(self, row: T) -> str:
        """The text that filters are matched against."""
        raise NotImplementedError

    def full_of(self, row: T) -> str:
        """The text about the selected row at the foot."""
        return ""

    def count_text(self) -> str:
        """How many rows there are, for the head."""
        return f"{len(self._all)} in all"

    # Rows.

    def fill(self, rows: Sequence[T], instead: str = "") -> None:
        """Show these rows; ``instead``: the sentence where there are none."""
        self._all, self.instead = rows, instead
        self.select_rows()
        self.rebuild()

    def select_rows(self) -> None:
        """The rows that the filter leaves, in order; those without a value last."""
        needle = self.needle.casefold()
        found = [row for row in self._all if needle in self.search_of(row).casefold()] if needle else self._all
        self.rows = self.arranged(found)

    def arranged(self, rows: Sequence[T]) -> list[T]:
        """The rows in the order of the chosen column."""
        column = self.COLUMNS[self.order]
        known = [row for row in rows if column.sort(row) is not None]
        missing = [row for row in rows if column.sort(row) is None]
        return sorted(known, key=column.sort, reverse=column.falling != self.rising) + missing

    @property
    def chosen(self) -> T | None:
        """The selected row."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def sort_by(self, index: int) -> None:
        """Sort by a column; by the same one again turns the order round."""
        self.rising = not self.rising if index == self.order else False
        self.order = index
        self.select_rows()
        self.rebuild()

    def next_order(self) -> None:
        """Sort by the next column that is shown."""
        shown = [index for index, _, _ in self._layout(self.size.width)]
        later = [index for index in shown if index > self.order]
        self.order, self.rising = (later or shown)[0], False
        self.select_rows()
        self.rebuild()

    def filter(self, needle: str) -> None:
        """Show only rows whose text contains this."""
        self.needle = needle
        self.select_rows()
        self.rebuild()

    def on_click(self, event: events.Click) -> None:
        """A click on a column's name sorts by it; Textual calls `Pane.on_click` too, for the rows."""
        if event.y == 1 and self.rows:
            for index, begin, wide in self._layout(self.size.width):
                if begin <= event.x <= begin + wide:
                    self.sort_by(index)

    # Drawing.

    def _layout(self, width: int) -> list[tuple[int, int, int]]:
        """(index, first cell, width) of the columns that are shown."""
        places, at = [], 1
        for index, column in enumerate(self.COLUMNS):
            if width >= column.from_width:
                wide = min(column.width, width // 2) or max(1, width - at)
                places.append((index, at, wide))
                at += wide + 1
        return places

    def keys(self) -> Sequence[str]:
        """The rows' keys."""
        return [self.key_of(row) for row in self.rows]

    def title(self, width: int) -> Line:
        """The title with the number of rows and the order, or the filter."""
        title = table_head(self.COLUMNS[self.order].title, self.look.words.language)
        order = f"by {title}{', turned round' if self.rising else ''}"
        remark = f"filter: {self.needle}" if self.needle else ", ".join(filter(None, (self.count_text(), order)))
        return title_line(self.TITLE, width, self.look, focused=self.has_focus, remark=remark, right=self.position_text())

    def heads(self, width: int) -> Sequence[Line]:
        """The columns' names; an arrow stands at the one that is sorted by."""
        row = LineBuilder(width, self.look).gap(1)
        for index, _, wide in self._layout(width):
            column = self.COLUMNS[index]
            falls = column.falling != self.rising
            arrow = (self.look.glyphs.down if falls else self.look.glyphs.up) if index == self.order else ""
            name = table_head(column.title, self.look.words.language)
            text = arrow if wide < 2 else arrow + name if column.right else name + arrow
            row.name(text, "strong" if index == self.order else "faint", wide, right=column.right).gap(1)
        return [row.line()]

    def draw(self, index: int, width: int, *, selected: bool) -> Line:
        """One row."""
        item, row = self.rows[index], LineBuilder(width, self.look).gap(1)
        for number, _, wide in self._layout(width):
            column = self.COLUMNS[number]
            text, style = self.cell(number, item)
            (row.append if column.is_word else row.name)(text, style, wide, right=column.right).gap(1)
        return row.line()

    def cell(self, number: int, item: T) -> tuple[str, str]:
        """Text and style of one cell."""
        return self.COLUMNS[number].text(item)

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """The selected row in full, where there is room."""
        chosen = self.chosen
        text = self.full_of(chosen) if chosen is not None and height >= FOOT_FROM_HEIGHT else ""
        return prose(text, width, data_style(self.look) if self.FULL_IS_DATA else self.look, "text") if text else ()

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """The sentences for no rows."""
        text = "Nothing matches the filter. Esc clears it." if self.needle and self._all else self.instead or self.EMPTY_TEXT
        return [
            LineBuilder(width, self.look).line(),
            *(note(line, width, self.look) for line in f.wrap(self.look.words.say(text), width - 3)),
        ]
