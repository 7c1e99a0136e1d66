"""The screen of one log line: its fields as a table."""

from __future__ import annotations

import json
from functools import partial
from typing import ClassVar, Protocol

from textual.binding import BindingType

from tui_monitor.board.listings import LogLine
from tui_monitor.board.log_pages import PlacedLine
from tui_monitor.core import humanize
from tui_monitor.core.units import rfc3339
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.base import LogFocus
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.tui.screens.trace import fact_line
from tui_monitor.widgets.cell_line import Hints, Line, RenderStyle
from tui_monitor.widgets.list_panes import ListRow
from tui_monitor.widgets.log_lines import LEVEL_STYLES, SAID

STAMPS = ("time", "timestamp", "ts", "at", "@timestamp", "date")


class LogAround(Protocol):
    """The log that a line stands in."""

    @property
    def expr(self) -> str:
        """PromQL of its rate."""
        ...

    def neighbour(self, step: int) -> PlacedLine | None:
        """Select the next or previous line and return it."""
        ...

    def narrow(self, name: str, value: str) -> None:
        """Show only lines whose field has this value."""
        ...

    def action_trace_of_line(self) -> None:
        """Open the trace that the selected line belongs to."""
        ...


class LogLineScreen(ListScreen):
    """The parts of a line, one a row: Enter on the trace's id opens it, on another field shows only lines with its value."""

    TITLE_TEXT = "Log line"
    BINDINGS: ClassVar[list[BindingType]] = bindings("log_line")
    HINTS: ClassVar[Hints] = hints(("open", "only such lines"), "next_line", "copy", "trace_of_line", "filter", "back")

    def __init__(self, context: ScreenContext, line: PlacedLine, logs: LogAround) -> None:
        super().__init__(context)
        self._logs = logs
        self.line = line.line
        self._fill()

    def _fill(self) -> None:
        line, zone = self.line, self.context.look.zone
        parts = [("time", humanize.stamp(line.at, self.context.now(), zone, seconds=True), "text")]
        parts += [("check", line.check, "text"), ("service", line.service, "text")]
        parts += [("level", line.level, LEVEL_STYLES.get(line.level, "dim"))]
        parts += [("message" if index == 0 else "", text, "strong") for index, text in enumerate(line.message.splitlines())]
        parts += [(name, _text(value), "text") for name, value in line.fields.items() if not self._is_told(name, _text(value))]
        if line.trace_id and line.trace_id not in line.fields.values():
            parts.append(("trace_id", line.trace_id, "text"))
        rows = [
            ListRow(f"{index} {name}", f"{name} {text}", partial(_row, name, text, style), text if len(text) > 40 else "")
            for index, (name, text, style) in enumerate(parts)
            if text
        ]
        self.rows.fill(rows, f"{line.check or line.service}  {rfc3339(line.at)}")

    def _is_told(self, name: str, text: str) -> bool:
        """Whether the rows above show a field: the stamp, the level in its own word, the message."""
        return name in STAMPS or (name in SAID and text in (self.line.message, self.line.level))

    def action_next_line(self, step: int) -> None:
        """Show the next or previous line of the log."""
        found = self._logs.neighbour(step)
        if found is not None:
            self.line = found.line
            self._fill()

    def open_row(self, key: str) -> None:
        """Follow the row: to the trace, or back to the lines with the same value."""
        name = key.partition(" ")[2]
        if self.line.trace_id and (name == "trace_id" or self.line.fields.get(name) == self.line.trace_id):
            self.action_trace_of_line()
        elif name in self.line.fields:
            self.app.pop_screen()
            self._logs.narrow(name, str(self.line.fields[name]))

    def action_trace_of_line(self) -> None:
        """Open the trace that the line belongs to."""
        self._logs.action_trace_of_line()

    def action_copy(self) -> None:
        """Copy the line as JSON."""
        self.context.copy(json_text(self.line))

    @property
    def expr(self) -> str:
        """That of the log."""
        return self._logs.expr

    def log_focus(self) -> LogFocus:
        """All lines."""
        return LogFocus()


def json_text(line: LogLine) -> str:
    """The line in the shape of `logs --json`."""
    found = {"at": rfc3339(line.at), "check": line.check, "service": line.service, "level": line.level, "message": line.message}
    return json.dumps({**found, "fields": dict(line.fields), "trace_id": line.trace_id}, ensure_ascii=False)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else str(value)


def _row(name: str, text: str, style: str, width: int, look: RenderStyle, selected: bool) -> Line:
    return fact_line(name, text, style, width, look)
