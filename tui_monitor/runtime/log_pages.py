"""Pages of the log lines that are kept in telemetry.db, for screens; an answer takes at most `PART_S` of searching."""

from __future__ import annotations

import time
from collections.abc import Callable

from tui_monitor.board.log_pages import MOST_LINES, NEWEST, OLDEST, LogPage, LogPageQuery, LogSource, PlacedLine, Position
from tui_monitor.runtime.log_search import DISORDER_MS, line_of, reading_format
from tui_monitor.sources.log.levels import at_least
from tui_monitor.sources.log.ring import SEPARATOR, KeptBlock, KeptLine, kept_line, needle_of
from tui_monitor.storage.telemetry.reader import TelemetryReader
from tui_monitor.storage.telemetry.schema import FoundBlock

PART_S = 0.25
"""Seconds of one answer; the screen asks for the next part and stays usable meanwhile."""
PART_BYTES = 512 * 1024
"""Bytes of lines in one answer, which may go over ssh."""
MOST_EVENTS = 1 << 31
"""Behind the last event of every block."""


def log_sources(reader: TelemetryReader) -> list[LogSource]:
    """The checks and services of which lines are kept, by name."""
    found = [LogSource(stream.name, stream.service, oldest, newest) for stream, oldest, newest in reader.extents()]
    return sorted(found, key=lambda source: (source.name, source.service))


def log_page(reader: TelemetryReader, query: LogPageQuery, monotonic: Callable[[], float] = time.monotonic) -> LogPage:
    """The page of a query."""
    reading = _PageReading(reader, query, monotonic)
    return reading.newer() if query.newer else reading.older()


class _PageReading:
    """The reading of one page. Blocks lie in the order of arrival; the stamps of lines differ from it by up to DISORDER_MS."""

    def __init__(self, reader: TelemetryReader, query: LogPageQuery, monotonic: Callable[[], float]) -> None:
        self._reader, self._query, self._monotonic = reader, query, monotonic
        self._limits = query.filter
        self._needles = [needle for text in query.filter.texts if (needle := needle_of(text)) is not None]
        self._limit = max(1, min(query.limit, MOST_LINES))
        self._end = monotonic() + PART_S
        self._bytes = self._at = 0
        self._found: list[PlacedLine] = []

    def older(self) -> LogPage:
        """The lines before the position."""
        limits, (ident, number) = self._limits, self._query.position
        if limits.until:
            ident, number = min((ident, number), (self._reader.first_id_from(limits.until + DISORDER_MS), 0))
        for block in self._reader.newest_first(limits.check, limits.service, ident + (number > 0)):
            if block.block.at < limits.since - DISORDER_MS:
                return self._page((block.id, 0), more=False)
            index = self._read(block, stop=number if block.id == ident else MOST_EVENTS)
            if index is not None or self._monotonic() >= self._end:
                return self._page((block.id, index or 0), more=True)
        return self._page(OLDEST, more=False)

    def newer(self) -> LogPage:
        """The lines behind the position, or from the moment on."""
        limits, (ident, number) = self._limits, self._query.position
        if (ident, number) >= NEWEST:
            ident, number = self._reader.newest_id(), MOST_EVENTS
        if self._query.at:
            ident, number = max((ident, number), (self._reader.first_id_from(self._query.at - DISORDER_MS), -1))
        reached: Position = (ident, number)
        for block in self._reader.oldest_first(limits.check, limits.service, ident - (number < MOST_EVENTS)):
            if limits.until and block.block.at > limits.until + DISORDER_MS:
                return self._page(reached, more=False)
            index = self._read(block, start=number + 1 if block.id == ident else 0)
            reached = (block.id, MOST_EVENTS if index is None else index)
            if index is not None or self._monotonic() >= self._end:
                return self._page(reached, more=True)
        return self._page(reached, more=False)

    def _read(self, found: FoundBlock, start: int = 0, stop: int = MOST_EVENTS) -> int | None:
        """Take the matching events of a part of a block; the index of the last one where the page is full, else None."""
        block = found.block
        self._at = block.at
        kept = KeptBlock(block.at, block.path, reading_format(found.stream.format).reader(block.format), block.data)
        events = block.data.split(SEPARATOR)
        order = range(start, min(stop, len(events)))
        for index in order if self._query.newer else reversed(order):
            line = self._matching(kept, events[index])
            if line is None:
                continue
            self._found.append(PlacedLine((found.id, index), line_of(found.stream, line), block.at))
            self._bytes += len(events[index])
            if len(self._found) >= self._limit or self._bytes >= PART_BYTES:
                return index
        return None

    def _matching(self, kept: KeptBlock, event: bytes) -> KeptLine | None:
        limits = self._limits
        if any(needle.search(event) is None for needle in self._needles):
            return None
        if limits.level and (known := kept.format.level(event)) and not at_least(known, limits.level):
            return None
        line = kept_line(kept, event)
        if limits.level and not at_least(line.level, limits.level):
            return None
        if line.at < max(limits.since, self._query.at) or (limits.until and line.at > limits.until):
            return None
        return line if all(str(line.fields.get(name, "")) == wanted for name, wanted in limits.where) else None

    def _page(self, reached: Position, *, more: bool) -> LogPage:
        lines = self._found if self._query.newer else self._found[::-1]
        return LogPage(tuple(lines), reached, more, self._at)
