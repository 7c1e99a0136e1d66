"""The pane of log lines: draws the part of the log that its window holds."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from tui_monitor.board.log_pages import LogSource, PlacedLine
from tui_monitor.core import humanize as f
from tui_monitor.core.kept import Kept
from tui_monitor.widgets.advice_pane import advice_lines
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, data_style, title_line
from tui_monitor.widgets.list_panes import prose
from tui_monitor.widgets.log_lines import LogColumns, log_row, mark_row, source_at, source_tabs
from tui_monitor.widgets.log_window import KEPT, AlertMark, Entry, LogWindow, in_order, with_marks
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.styles import TextStyles

NEAR = 100
"""Rows before the window's end at which further lines are asked for: some pages of a large terminal."""
SHIFT = 16


class LogPane(Pane):
    """Rows of a `LogWindow`; a row's key is its position, or the time of an alert."""

    class Moved(Message):
        """Another row was selected; ``at_end``: the newest one that is kept."""

        def __init__(self, at_end: bool) -> None:
            super().__init__()
            self.at_end = at_end

    class SourceClicked(Message):
        """A source was clicked: its number among the sources, 0 for all."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles)
        self.window = LogWindow()
        self.entries: Sequence[Entry] = ()
        self.sources: Sequence[LogSource] = ()
        self.search = ""
        self.chosen = self.status = self.words = ""
        self.advice: Sequence[str] = ()
        self.now = 0
        self.shift = 0
        self._keys: list[str] = []
        self._ordered: Kept[list[PlacedLine]] = Kept()
        self._named: Kept[list[str]] = Kept()
        self._drawn_as: tuple[int, str, LogColumns] | None = None
        self._drawn: dict[str, Line] = {}
        self._with_date = self._is_centred = False

    # --- content ------------------------------------------------------------------------------------------------------

    def show_window(self, marks: Sequence[AlertMark], now: int, *, until: int = 0) -> None:
        """Show the lines that the window has now; ``until``: marks behind the last line are shown up to there."""
        key = self.key_at(self.cursor)
        shift = self.cursor - self.top
        self.now = now
        lines = tuple(self.window.lines)
        self.entries = with_marks(self._ordered.of("", lines, lambda: in_order(lines)), marks, until if self.window.at_end else 0)
        self._keys = self._named.of("", tuple(self.entries), lambda: [_key(entry) for entry in self.entries])
        if len(self._drawn) > KEPT:
            self._drawn.clear()
        day = f.stamp(now, now, self.look.zone)
        ends = [one.line.at for one in (self.window.lines[:1] + self.window.lines[-1:])]
        self._with_date = any(len(f.stamp(at, now, self.look.zone)) > len(day) for at in ends)
        place = self._keys.index(key) if key in self._keys else None
        if place is not None:
            self.cursor, self._key = place, key
            self.top = max(0, place - shift)
        else:
            self._key = None
        self.rebuild()

    def wait(self, status: str) -> None:
        """Say that an answer is on its way, and nothing about lines that are not there yet."""
        self.status, self.advice = status, ()
        self.rebuild()

    def go_to(self, index: int, *, centred: bool = False) -> None:
        """Select a row; ``centred``: with the lines around it."""
        self.cursor = max(0, min(index, len(self.entries) - 1))
        self._key = self.key_at(self.cursor)
        self._is_centred = centred
        self.rebuild()

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """As every pane; a row that was jumped to stands in the upper third."""
        if self._is_centred:
            self._is_centred, self.top = False, max(0, self.cursor - height // 3)
        return super().build(width, height)

    def key_at(self, index: int) -> str:
        """The key of a row, "" where there is none."""
        return self._keys[index] if 0 <= index < len(self._keys) else ""

    @property
    def line(self) -> PlacedLine | None:
        """The selected line, else None."""
        entry = self.entries[self.cursor] if 0 <= self.cursor < len(self.entries) else None
        return entry if isinstance(entry, PlacedLine) else None

    @property
    def selected_at(self) -> int:
        """The moment of the selected row (UTC ms), 0 where there is none."""
        entry = self.entries[self.cursor] if 0 <= self.cursor < len(self.entries) else None
        return entry.line.at if isinstance(entry, PlacedLine) else entry.at if entry else 0

    def go_to_line(self, line: PlacedLine | None) -> None:
        """Select a line with those around it, or the alert that began just before it."""
        place = next((index for index, entry in enumerate(self.entries) if entry is line), 0)
        if place and isinstance(self.entries[place - 1], AlertMark):
            place -= 1
        self.go_to(place, centred=True)

    # --- rows ---------------------------------------------------------------------------------------------------------

    def keys(self) -> Sequence[str]:
        """The rows by key."""
        return self._keys

    def draw(self, index: int, width: int, *, selected: bool) -> Line:
        """One row; drawn once as long as it looks the same, since scrolling by a line shows all others again."""
        entry = self.entries[index]
        if isinstance(entry, AlertMark):
            return mark_row(entry, self.now, width, self.look)
        named = 0 if self.chosen else max((min(16, f.cells(source.name)) for source in self.sources), default=0)
        columns = LogColumns(self._with_date, named, self.shift)
        if self._drawn_as != (width, self.search, columns):
            self._drawn_as, self._drawn = (width, self.search, columns), {}
        key = self._keys[index]
        if key not in self._drawn:
            self._drawn[key] = log_row(entry.line, self.search, columns, self.now, width, self.look)
        return self._drawn[key]

    def title(self, width: int) -> Line:
        """Title, filter, state."""
        parts = [part for part in (self.words, f"search: {self.search}" if self.search else "") if part]
        return title_line("Logs", width, self.look, focused=self.has_focus, remark="   ".join(parts), right=self.status)

    def heads(self, width: int) -> Sequence[Line]:
        """The sources."""
        return [source_tabs(self.sources, self.chosen, width, self.look)] if self.sources else ()

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """The reason, with what to do."""
        return [*self.heads(width), *advice_lines(self.advice, width, self.look)]

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """The selected message in full, where the row cuts it and there is room."""
        line = self.line
        if line is None or height < 16 or f.cells(line.line.message) < width - 34:
            return ()
        return [LineBuilder(width, self.look).append(self.look.glyphs.rule * width, "faint").line(),
                *prose(line.line.message, width, data_style(self.look), "text")]  # fmt: skip

    def on_click(self, event: events.Click) -> None:
        """A click on a source chooses it; Textual calls `Pane.on_click` too, for the rows."""
        number = source_at(event.x, self.sources, self.chosen, self.size.width, self.look) if event.y == 1 and self.sources else None
        if number is not None:
            self.post_message(self.SourceClicked(number))

    def move_to(self, index: int) -> None:
        """Select a row, and say so."""
        super().move_to(index)
        self.post_message(self.Moved(self.window.at_end and self.cursor >= len(self.entries) - 1))

    def shift_by(self, step: int) -> None:
        """Shift the messages sideways."""
        self.shift = max(0, self.shift + step * SHIFT)
        self.rebuild()


def lacks_lines(pane: LogPane, *, older: bool) -> bool:
    """Whether further lines are needed near the selected one, and there may be any."""
    if older:
        return pane.cursor < NEAR and pane.window.older is not None
    return pane.cursor > len(pane.entries) - NEAR and not pane.window.at_end


def _key(entry: Entry) -> str:
    if isinstance(entry, AlertMark):
        return f"alert {entry.at}"
    return f"{entry.position[0]}.{entry.position[1]}"
