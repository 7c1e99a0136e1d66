"""The screen of logs: kept lines of all checks and services, live or at a moment of the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.log_pages import NEWEST, LogSource, PlacedLine
from tui_monitor.board.values import AlertView, Board
from tui_monitor.core import humanize
from tui_monitor.promql.values import selection
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.log_reading import MOST_NEW, LogReading
from tui_monitor.tui.screens.base import LogFocus
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.tui.screens.prompt import ask_until_valid
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.log_filter import LogChoice, parse_choice
from tui_monitor.widgets.log_pane import LogPane, lacks_lines
from tui_monitor.widgets.log_texts import FILTER_EXAMPLE, NO_LINES, NOTHING_KEPT
from tui_monitor.widgets.log_window import AlertMark
from tui_monitor.widgets.status_bars import ViewMode

WINDOWS = (0, 900_000, 3_600_000, 86_400_000)
"""Windows of time that `w` goes through, in ms; 0: all."""
MARKED_ALERTS = 200
RELOAD_EVERY = 10
"""Boards after which sources and ended alerts are read again."""


class LogsScreen(PaneScreen):
    """A view of the log that follows its end until one moves away from it; only lines near the selection are held."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("logs")
    HINTS: ClassVar[Hints] = hints(
        ("open", "fields"), "follow", "search", "log_filter", "log_level", "log_source", "log_window", "alert_moment", "trace_of_line",
        "back",
    )  # fmt: skip

    def __init__(self, context: ScreenContext, choice: LogChoice | None = None, at: int = 0, remark: str = "") -> None:
        """``at``: the moment to begin with (UTC ms), 0: the newest lines. ``remark``: beside the title until a filter is chosen."""
        self.lines = LogPane(look=context.look, text_styles=context.text_styles)
        super().__init__(context, self.lines)
        self.reading = LogReading(context.backend, self.lines.window, self, context.now, choice or LogChoice())
        self.reading.past_at = context.view.past_at
        self._at, self._remark = at, remark
        self._ended: Sequence[AlertView] = ()

    async def load(self) -> None:
        """Read the sources, the alerts, and the first lines."""
        await self._load_around()
        await (self.reading.show_from(at=self._at) if self._at else self.reading.show_end())

    async def _load_around(self) -> None:
        self.lines.sources = await self.context.backend.log_sources()
        self._ended = await self.context.backend.alert_history(MARKED_ALERTS)

    @property
    def choice(self) -> LogChoice:
        """Which lines are shown."""
        return self.reading.choice

    # --- what the reading tells ---------------------------------------------------------------------------------------

    def lines_changed(self, *, last: bool = False, searched: int = 0) -> None:
        """Show the lines that the window has now."""
        pane = self.lines
        pane.chosen, pane.words = self.choice.source, self.choice.words() or self._remark
        pane.status = self._status(searched)
        pane.advice = NO_LINES if pane.sources else NOTHING_KEPT
        pane.show_window(self._marks(), self.context.now(), until=self.reading.past_at or self.context.now())
        if last:
            pane.go_to(len(pane.entries) - 1)

    def select_line(self, line: PlacedLine | None) -> None:
        """Select a line, or the alert that began just before it."""
        self.lines.go_to_line(line)

    def lacks(self, *, older: bool) -> bool:
        """Whether further lines are needed near the selection."""
        return lacks_lines(self.lines, older=older)

    def _status(self, searched: int) -> str:
        if searched:
            return f"searched back to {self._when(searched)}"
        if self.reading.past_at:
            return f"until {self._when(self.reading.past_at)}"
        new = self.reading.new
        return "live" if self.reading.following else f"paused  {new}{'+' * (new >= MOST_NEW)} new" if new else "paused"

    def _when(self, at: int) -> str:
        return humanize.stamp(at, self.context.now(), self.context.look.zone, seconds=True)

    def _marks(self) -> list[AlertMark]:
        """Starts of the alerts about what is shown."""
        return [
            AlertMark(alert.starts_at or alert.active_at, f"{alert.name} {alert.labels.get('check', '')}".rstrip(), alert.severity)
            for alert in (*self.context.shown.alerts, *self._ended)
            if alert.state != "pending" and self._is_about(alert)
        ]

    def _is_about(self, alert: AlertView) -> bool:
        source = self.choice.source
        return not source or source in (alert.labels.get("check"), alert.labels.get("service"), alert.labels.get("job"))

    # --- time ---------------------------------------------------------------------------------------------------------

    def show(self, board: Board, view: ViewMode) -> None:
        """Read what has come since the last board; another moment of the past shows the lines up to it."""
        if view.past_at != self.reading.past_at:
            self.reading.past_at = view.past_at
            self.context.start(self.reading.show_end())
        super().show(board, view)

    def show_board(self, board: Board) -> None:
        """Read what has come since the last board."""
        if self._boards % RELOAD_EVERY == RELOAD_EVERY - 1:
            self.context.start(self._load_around())
        if not self.reading.is_busy and not self.reading.past_at and self.reading.new < MOST_NEW:
            self.context.start(self.reading.read_new())

    def action_follow(self) -> None:
        """Pause at the lines shown, or show the newest ones and follow them."""
        if self.reading.following:
            self.reading.pause()
            self.lines_changed()
        else:
            self.action_move_to_end(1)

    def action_alert_moment(self) -> None:
        """Go to the start of the alert before the selected line; from the first one to the newest."""
        starts = sorted({mark.at for mark in self._marks()}, reverse=True)
        if not starts:
            return self.context.inform("No alert has fired about this source.")
        here = self.lines.selected_at or self.context.now()
        self.context.start(self.reading.show_from(at=next((at for at in starts if at < here), starts[0])))
        return None

    # --- moving -------------------------------------------------------------------------------------------------------

    def on_log_pane_moved(self, event: LogPane.Moved) -> None:
        """Pause away from the end, follow again at it, and read further lines."""
        event.stop()
        reading = self.reading
        if not reading.past_at and event.at_end != reading.following:
            reading.resume() if event.at_end else reading.pause()
            self.lines_changed()
        for older in (True, False):
            if not reading.is_busy and self.lacks(older=older):
                self.context.start(reading.read_near(older=older))

    def action_move_to_end(self, step: int) -> None:
        """Show the oldest line, or the newest and what comes."""
        self.context.start(self.reading.show_from() if step < 0 else self.reading.show_end())

    def action_shift(self, step: int) -> None:
        """Shift the messages sideways."""
        self.lines.shift_by(step)

    # --- choosing -----------------------------------------------------------------------------------------------------

    def choose(self, choice: LogChoice) -> None:
        """Show other lines, near the same moment; at the end where it was followed."""
        at = 0 if self.reading.following else self.lines.selected_at
        self._remark = ""
        self.reading.choose(choice)
        self.lines_changed()
        self.lines.wait("reading ...")
        self.context.start(self.reading.show_from(at=at) if at else self.reading.show_end())

    def action_filter_lines(self) -> None:
        """Ask for a filter."""
        ask_until_valid(
            self.context, "Lines with", parse_choice, self.choose,
            value=self.choice.line(), placeholder=FILTER_EXAMPLE, hint="Enter filters   Esc cancel",
        )  # fmt: skip

    def action_level(self, step: int) -> None:
        """Show graver lines only, or more."""
        self.choose(self.choice.with_level(step))

    def action_source(self, step: int) -> None:
        """Show the next or the previous source, or all."""
        names = [LogSource("", ""), *self.lines.sources]
        here = next((index for index, one in enumerate(names) if (one.check, one.service) == (self.choice.check, self.choice.service)), 0)
        self._choose_source((here + step) % len(names))

    def on_log_pane_source_clicked(self, event: LogPane.SourceClicked) -> None:
        """Show the clicked source."""
        event.stop()
        self._choose_source(event.number)

    def _choose_source(self, number: int) -> None:
        chosen = [LogSource("", ""), *self.lines.sources][number]
        self.choose(replace(self.choice, check=chosen.check, service=chosen.service))

    def action_window(self) -> None:
        """Show the next window of time."""
        index = WINDOWS.index(self.choice.last) if self.choice.last in WINDOWS else 0
        self.choose(replace(self.choice, last=WINDOWS[(index + 1) % len(WINDOWS)]))

    def narrow(self, name: str, value: str) -> None:
        """Show only lines whose field has this value."""
        self.choose(replace(self.choice, where=(*self.choice.where, (name, value))))

    def step_back(self) -> bool:
        """Clear the search, else the filter, else leave."""
        if self.lines.search:
            self.reading.cancel()
            self.lines.search = ""
            self.lines_changed()
        elif self.choice.is_narrowed:
            self.choose(LogChoice(self.choice.check, self.choice.service))
        else:
            return False
        return True

    # --- searching ----------------------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Ask for a text; matches are marked as one types, Enter goes to the nearest one above."""
        self.context.prompt(
            "Search", self._search, value=self.lines.search, placeholder="timed out", hint="Enter finds   Esc cancel", typed=self.mark
        )

    def mark(self, text: str) -> None:
        """Mark a text in the lines."""
        self.lines.search = text
        self.lines.rebuild()

    def _search(self, text: str) -> None:
        self.mark(text.strip())
        if self.lines.search:
            self.context.start(self._find_nearest(self.lines.search))

    async def _find_nearest(self, text: str) -> None:
        ident, number = self.lines.line.position if self.lines.line is not None else NEWEST
        found = await self.reading.find(text, (ident, number + 1), newer=False, progress=self._show_progress)
        if found is None and self.lines.search == text:
            found = await self.reading.find(text, (ident, number), newer=True, progress=self._show_progress)
        await self._go_to(found, f'No line has "{text}".')

    def action_next_match(self, step: int) -> None:
        """Go to the next match below, or above."""
        if self.lines.search:
            self.context.start(self._find(self.lines.search, step))
        else:
            self.action_search()

    async def _find(self, text: str, step: int) -> None:
        position = self.lines.line.position if self.lines.line is not None else NEWEST
        found = await self.reading.find(text, position, newer=step > 0, progress=self._show_progress)
        await self._go_to(found, f'No line {"below" if step > 0 else "above"} has "{text}".')

    def _show_progress(self, at: int) -> None:
        self.lines.status = f"searching  {self._when(at)}"
        self.lines.rebuild()

    async def _go_to(self, found: PlacedLine | None, otherwise: str) -> None:
        if found is None:
            self.lines_changed()
            if self.lines.search:
                self.context.inform(otherwise)
            return
        self.reading.pause()
        if found in self.lines.entries:
            self.lines.go_to(self.lines.entries.index(found))
            self.lines_changed()
        else:
            await self.reading.show_from((found.position[0], found.position[1] - 1))

    # --- what a line leads to -----------------------------------------------------------------------------------------

    @property
    def expr(self) -> str:
        """The lines per second by level."""
        labels = {"check": self.choice.check} if self.choice.check else {"service": self.choice.service} if self.choice.service else {}
        return f"sum by (level) (rate({selection('log_lines_total', **labels)}[5m]))"

    def log_focus(self) -> LogFocus:
        """This screen shows them."""
        return LogFocus()

    def open_row(self, key: str) -> None:
        """Open the fields of the selected line."""
        line = self.lines.line
        if line is not None:
            from tui_monitor.tui.screens.log_line import LogLineScreen

            self.context.start(self.context.open(LogLineScreen(self.context, line, self)))

    def action_trace_of_line(self) -> None:
        """Open the trace that the selected line belongs to; the list of traces where it names none."""
        line = self.lines.line
        if line is None or not line.line.trace_id:
            return self.context.open_screen("traces")
        from tui_monitor.tui.screens.trace import TraceScreen

        self.context.start(self.context.open(TraceScreen(self.context, line.line.trace_id)))
        return None

    def neighbour(self, step: int) -> PlacedLine | None:
        """Select the next or previous line and return it, for the screen of one line."""
        self.lines.move(step)
        return self.lines.line


async def open_logs(context: ScreenContext, focus: LogFocus) -> None:
    """Open the log lines of a selection; all of that moment, where none are kept of it."""
    sources = await context.backend.log_sources()
    source = next((one for name in focus.names for one in sources if one.name == name), None)
    choice = LogChoice(source.check, source.service, text=focus.text) if source else LogChoice(text=focus.text)
    missing = f"no lines are kept of {focus.names[0]}" if focus.names and source is None and sources else ""
    await context.open(LogsScreen(context, choice, focus.at, missing))
