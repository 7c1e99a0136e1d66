"""The base class of all panes: a head line above rows, one of them selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.message import Message

from tui_monitor.core.kept import Kept
from tui_monitor.widgets.cell_line import Line, RenderStyle, title_line, with_cursor, with_mark
from tui_monitor.widgets.line_widget import LineWidget
from tui_monitor.widgets.styles import TextStyles


class Pane(LineWidget, can_focus=True):
    """A head line and rows, one of them selected. Subclasses define the rows' keys and draw them."""

    TITLE: ClassVar[str] = ""

    class Opened(Message):
        """Message on a double click: open the selected row."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(look=look, text_styles=text_styles, id=id, classes=classes)
        self.needle = ""
        self.marked: set[str] = set()
        """Keys of the rows that the user has marked."""
        self.cursor = 0
        self.top = 0
        self.shown = range(0)
        self._above = 1
        self._key: str | None = None
        self.kept: Kept[Line] = Kept()

    # Defined by subclasses.

    def keys(self) -> Sequence[str]:
        """The rows by key, from the top; "" is a row that cannot be selected."""
        return ()

    def draw(self, index: int, width: int, *, selected: bool) -> Line:
        """One row."""
        raise NotImplementedError

    def forget(self) -> None:
        """Draw every row anew."""
        self.kept.clear()

    def made_of(self, index: int) -> tuple[object, ...] | None:
        """All that a row shows, by which it is drawn again only when one of it changes; None: it is drawn each time."""
        return None

    def title(self, width: int) -> Line:
        """The head line."""
        remark = self.marks_text() + (f"filter: {self.needle}" if self.needle else self.remark())
        return title_line(self.TITLE, width, self.look, focused=self.has_focus, remark=remark, right=self.position_text())

    def position_text(self) -> str:
        """The range of visible rows, where not all fit: "8-22 of 120"."""
        keys = self.keys()
        if not 0 < len(self.shown) < len(keys):
            return ""
        before = sum(map(bool, keys[: self.shown.start]))
        return f"{before + 1}-{before + sum(map(bool, keys[self.shown.start : self.shown.stop]))} of {sum(map(bool, keys))}"

    def heads(self, width: int) -> Sequence[Line]:
        """Lines between head and rows that stay when the rows scroll."""
        return ()

    def remark(self) -> str:
        """The text after the title."""
        return ""

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """The lines in place of rows where there are none."""
        return ()

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """Lines about the selected row, at the bottom."""
        return ()

    # Shared.

    @property
    def selection(self) -> str:
        """The key of the selected row, "" where there is none."""
        keys = self.keys()
        return keys[self.cursor] if 0 <= self.cursor < len(keys) else ""

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """Head, the visible rows (the selected one always among them), foot."""
        keys = self.keys()
        self._follow(keys)
        if not keys:
            self.shown = range(0)
            return [self.title(width), *self.empty(width, height - 1)], -1
        foot, heads = self.foot(width, height), self.heads(width)
        self._above = 1 + len(heads)
        room = max(1, height - self._above - len(foot))
        self.top = max(0, min(self.top, self.cursor, len(keys) - room), self.cursor - room + 1)
        self.shown = shown = range(self.top, min(len(keys), self.top + room))
        marked = self.cursor if self.has_focus and keys[self.cursor] else -1
        rows = [self._row(keys[index], index, width, selected=index == marked) for index in shown]
        place = marked - self.top
        if marked in shown:
            rows[place] = with_cursor(rows[place], self.look)
        if self.marked:
            rows = [with_mark(row) if keys[index] in self.marked else row for index, row in zip(shown, rows, strict=True)]
        lines = [self.title(width), *heads, *rows]
        if foot:
            lines += [()] * (height - len(lines) - len(foot))
            lines += foot
        return lines, place + self._above if marked in shown else -1

    def _row(self, key: str, index: int, width: int, *, selected: bool) -> Line:
        inputs = self.made_of(index)
        if inputs is None:
            return self.draw(index, width, selected=selected)
        return self.kept.of(key, (width, selected, self.look.words.language, *inputs), lambda: self.draw(index, width, selected=selected))

    def _follow(self, keys: Sequence[str]) -> None:
        """Keep the selected row when rows are added, removed or moved; the first row until the user has moved."""
        if self._key is not None and self._key in keys:
            self.cursor = keys.index(self._key)
        self.cursor = max(0, min(self.cursor, len(keys) - 1))
        while self.cursor < len(keys) - 1 and not keys[self.cursor]:
            self.cursor += 1

    def move_to(self, index: int) -> None:
        """Select a row by index; unselectable rows are skipped."""
        keys = self.keys()
        if not keys:
            return
        step = 1 if index >= self.cursor else -1
        index = max(0, min(index, len(keys) - 1))
        while 0 <= index < len(keys) and not keys[index]:
            index += step
        if 0 <= index < len(keys):
            self.cursor, self._key = index, keys[index]
            self.rebuild()

    def pin(self) -> None:
        """Keep the selected row selected as after a move, so that an opened row is still selected on return."""
        self._key = self.selection or self._key

    def move(self, step: int) -> None:
        """Select the row ``step`` rows further."""
        self.move_to(self.cursor + step)

    def select(self, key: str) -> None:
        """Select a row by key."""
        if key in self.keys():
            self.move_to(list(self.keys()).index(key))

    def toggle_mark(self) -> None:
        """Mark the selected row, or take its mark away, and go to the next."""
        if self.selection:
            self.marked ^= {self.selection}
            self.pin()
            if self.cursor < len(self.keys()) - 1:
                self.move(1)
            self.rebuild()

    def unmark(self) -> None:
        """Take all marks away."""
        self.marked.clear()
        self.rebuild()

    def marks_text(self) -> str:
        """How many rows are marked, for the head."""
        return f"{len(self.marked)} marked  " if self.marked else ""

    def page(self) -> int:
        """The number of rows in a page."""
        return max(1, len(self.shown) - 1)

    def filter(self, needle: str) -> None:
        """Show only rows that contain this text."""
        self.needle = needle
        self.rebuild()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Mark the focused pane's head; `on_focus` runs before `has_focus` is set."""
        super().watch_has_focus(has_focus)
        self.rebuild()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the selection."""
        event.stop()
        self.move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the selection."""
        event.stop()
        self.move(-1)

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click opens."""
        index = self.top + event.y - self._above
        if event.y >= self._above and index in self.shown:
            self.move_to(index)
            if event.chain == 2:
                self.post_message(self.Opened(self))
