"""Search of the log lines that are kept in telemetry.db."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import lru_cache
from itertools import islice, takewhile
from pathlib import Path

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.listings import LogLine, LogQuery
from tui_monitor.sources.log.line_format import LineFormat, line_format_from
from tui_monitor.sources.log.ring import KeptBlock, KeptLine, LineQuery, found_in
from tui_monitor.storage.faults import NothingStored, StorageFault
from tui_monitor.storage.telemetry.reader import TelemetryReader
from tui_monitor.storage.telemetry.schema import FoundBlock, LogStream

DISORDER_MS = 60_000
"""Blocks lie in the order in which they were written; their times differ from it by less."""
SEARCH_S = 10.0
"""Seconds after which a search over HTTP is given up: a rare text in a large ring would hold a thread for long."""
Found = tuple[LogStream, KeptLine]


def matching_lines(blocks: Iterable[FoundBlock], query: LineQuery) -> Iterator[Found]:
    """The matching lines in the order of the blocks, each block newest first."""
    for found in takewhile(lambda each: each.block.at >= query.since - DISORDER_MS, blocks):
        block = found.block
        reader = reading_format(found.stream.format).reader(block.format)
        for line in found_in([KeptBlock(block.at, block.path, reader, block.data)], query):
            yield found.stream, line


@lru_cache(maxsize=100)
def reading_format(text: str) -> LineFormat:
    """The format of a stream's lines, from its JSON text."""
    return line_format_from(text)


def search_lines(path: Path, query: LogQuery) -> list[LogLine]:
    """The newest matching lines, oldest first; takes up to SEARCH_S seconds. Raises CommandRefused."""
    wanted = LineQuery(query.text, query.level, query.since, query.where, query.limit)
    end = time.monotonic() + SEARCH_S
    try:
        with closing(TelemetryReader(path)) as reader:
            if query.check and query.check not in {stream.name for stream in reader.streams()}:
                raise CommandRefused(f'no lines are kept of a check "{query.check}"')
            blocks = takewhile(lambda _: _in_time(end), reader.newest_first(query.check, query.service))
            found = [*islice(matching_lines(blocks, wanted), query.limit)]
    except StorageFault as error:
        if isinstance(error, NothingStored) or isinstance(error.__cause__, FileNotFoundError):
            return []
        raise CommandRefused(f"the kept lines cannot be read: {error}") from None
    return [line_of(stream, line) for stream, line in reversed(found)]


def _in_time(end: float) -> bool:
    if time.monotonic() > end:
        raise CommandRefused(f"the search took longer than {SEARCH_S:.0f}s; give a check, a shorter time or a smaller limit")
    return True


def line_of(stream: LogStream, line: KeptLine) -> LogLine:
    """A found line as the Backend returns it."""
    return LogLine(line.at, stream.name, stream.service, line.level, line.message, dict(line.fields), line.trace_id)
