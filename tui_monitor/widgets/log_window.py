"""The part of the kept log lines that a screen holds: near its own lines, with the starts of alerts between them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_monitor.board.log_pages import NEWEST, LogPage, PlacedLine, Position
from tui_monitor.core.frozen import frozen

LATE_MS = 5000
"""Milliseconds by which the stamps of lines differ from their arrival, where both come from one clock."""
KEPT = 1200
"""Lines that are held, many screens; what is beyond is asked for again."""


@frozen
class AlertMark:
    """The start of an alert (UTC ms) among the lines; ``more`` further ones began before the next line."""

    at: int
    name: str
    severity: str
    more: int = 0


Entry = PlacedLine | AlertMark


class LogWindow:
    """Lines without gaps between them. ``older`` and ``newer``: where further pages begin, None where there are no further lines."""

    def __init__(self) -> None:
        self.lines: list[PlacedLine] = []
        self.older: Position | None = None
        self.newer: Position = NEWEST
        self.at_end = False
        """Whether nothing newer was kept when the last page was read."""

    def clear(self) -> None:
        """Forget everything."""
        self.lines, self.older, self.newer, self.at_end = [], None, NEWEST, False

    def begin(self, page: LogPage, *, newer: bool) -> None:
        """Begin with a page of the newest lines, or of the lines from a position or moment on (``newer``)."""
        self.lines = [*page.lines]
        first = page.lines[0].position if page.lines else page.reached
        if newer:
            self.older, self.newer, self.at_end = first, page.reached, not page.more
        else:
            self.older = page.reached if page.more else None
            self.newer = page.lines[-1].position if page.lines else page.reached
            self.at_end = True

    def add_older(self, page: LogPage) -> int:
        """Add a page before the lines; returns how many."""
        self.lines[:0] = page.lines
        self.older = page.reached if page.more else None
        if len(self.lines) > KEPT:
            del self.lines[KEPT:]
            self.newer, self.at_end = self.lines[-1].position, False
        return len(page.lines)

    def add_newer(self, page: LogPage) -> int:
        """Add a page behind the lines; returns how many lines went at the beginning."""
        self.lines += page.lines
        self.newer, self.at_end = page.reached, not page.more
        gone = max(0, len(self.lines) - KEPT)
        if gone:
            del self.lines[:gone]
            self.older = self.lines[0].position
        return gone


def in_order(lines: Sequence[PlacedLine]) -> list[PlacedLine]:
    """The lines by their stamps, as far as these agree with the arrival; those of one source stay as they came.

    The blocks of several sources arrive in turns, once a second. A stamp that is far from the arrival (another clock or time zone, lines
    that waited) says nothing about the order.
    """
    newest: dict[tuple[str, str], int] = {}
    moments: list[int] = []
    for placed in lines:
        line, source = placed.line, (placed.line.check, placed.line.service)
        near = abs(line.at - placed.arrived) <= LATE_MS or not placed.arrived
        newest[source] = max(newest.get(source, 0), line.at if near else placed.arrived)
        moments.append(newest[source])
    return [lines[index] for index in sorted(range(len(lines)), key=moments.__getitem__)]


def with_marks(lines: Sequence[PlacedLine], marks: Iterable[AlertMark], until: int) -> list[Entry]:
    """The lines with the marks between them that lie in their time; ``until``: how far behind the last line (UTC ms)."""
    if not lines:
        return []
    begin = lines[0].line.at
    waiting = sorted((mark for mark in marks if begin <= mark.at <= max(until, lines[-1].line.at)), key=lambda mark: -mark.at)
    if not waiting:
        return [*lines]
    found: list[Entry] = []
    for line in lines:
        found += _due(waiting, line.line.at)
        found.append(line)
    return found + _due(waiting, until)


def _due(waiting: list[AlertMark], at: int) -> list[AlertMark]:
    """Take the marks up to a moment, as one."""
    due = []
    while waiting and waiting[-1].at <= at:
        due.append(waiting.pop())
    return [AlertMark(due[0].at, due[0].name, due[0].severity, len(due) - 1)] if due else []
