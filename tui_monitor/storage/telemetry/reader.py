"""Reading of telemetry.db, from any process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from tui_monitor.core.trace import OperationSummary, Span, TraceQuery, TraceSummary
from tui_monitor.storage.faults import NothingStored, StoreTooNew
from tui_monitor.storage.sqlite import connect, schema_version, storage_faults
from tui_monitor.storage.telemetry.schema import MIGRATIONS, FoundBlock, LogStream, StoredBlock
from tui_monitor.storage.telemetry.trace_reader import find_operations, find_trace, find_traces

WITH_TRACES = 2
"""The version of the schema from which on there are traces; older files are read too, until their writer is started."""
_PAGE = 64
"""Blocks that one transaction reads, at most 4 MiB."""
_COLUMNS = "b.id, s.name, s.service, s.format, b.number, b.at, b.path, b.format, b.data"


class TelemetryReader:
    """A read-only view; use it from one thread at a time. Every method raises StorageFault where the file cannot be read."""

    def __init__(self, path: Path) -> None:
        """Open an existing file. Raises StorageFault (FileNotFoundError is its cause where there is none) and StoreTooNew."""
        with storage_faults():
            path.stat()
            self._db = connect(path, read_only=True)
        version = schema_version(self._db)
        self._has_traces = version >= WITH_TRACES
        if not 1 <= version <= len(MIGRATIONS):
            self._db.close()
            raise StoreTooNew(path.name, version, len(MIGRATIONS)) if version else NothingStored(f"{path.name} has no data yet")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def traces(self, query: TraceQuery) -> list[TraceSummary]:
        """The traces that a query selects, in its order."""
        with storage_faults():
            return find_traces(self._db, query) if self._has_traces else []

    def trace(self, ident: str) -> list[Span]:
        """The spans of a trace by its id or its unique beginning, by start. LookupError says what is unknown or ambiguous."""
        if not self._has_traces:
            raise LookupError("no traces are kept yet")
        with storage_faults():
            return find_trace(self._db, ident)

    def operations(self, since_us: int, until_us: int) -> list[OperationSummary]:
        """The operations of the traces that began in a time, the slowest first."""
        with storage_faults():
            return find_operations(self._db, since_us, until_us) if self._has_traces else []

    def streams(self) -> list[LogStream]:
        """All streams, by name."""
        with storage_faults():
            return [LogStream(*row) for row in self._db.execute("SELECT name, service, format FROM streams ORDER BY name, service")]

    def newest_id(self) -> int:
        """The id of the newest block, 0 where there is none."""
        with storage_faults():
            return int(self._db.execute("SELECT coalesce(max(id), 0) FROM blocks").fetchone()[0])

    def newest_first(self, name: str = "", service: str = "", before: int = 1 << 62) -> Iterator[FoundBlock]:
        """The blocks before an id of all streams, or of those of a name or service, in pages: no transaction outlives a page."""
        while rows := self._page("b.id < ?", before, name, service, "DESC"):
            yield from rows
            before = rows[-1].id

    def oldest_first(self, name: str = "", service: str = "", after: int = 0) -> Iterator[FoundBlock]:
        """The blocks after an id, the oldest first, in pages."""
        while rows := self._page("b.id > ?", after, name, service, "ASC"):
            yield from rows
            after = rows[-1].id

    def after(self, ident: int, name: str = "", service: str = "") -> list[FoundBlock]:
        """The blocks after an id, the oldest first, at most a page."""
        return self._page("b.id > ?", ident, name, service, "ASC")

    def first_id_from(self, at_ms: int) -> int:
        """The id of the first block that arrived at that time (UTC ms) or later; one beyond the newest where there is none."""
        with storage_faults():
            low, newest = self._db.execute("SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM blocks").fetchone()
            high = newest + 1
            while low < high:
                middle = (low + high) // 2
                ident, at = self._db.execute("SELECT id, at FROM blocks WHERE id >= ? ORDER BY id LIMIT 1", (middle,)).fetchone()
                low, high = (ident + 1, high) if at < at_ms else (low, middle)
            return int(low)

    def extents(self) -> list[tuple[LogStream, int, int]]:
        """Each stream with blocks, and when its oldest and its newest arrived (UTC ms), by name."""
        query = (
            "SELECT name, service, format, (SELECT at FROM blocks WHERE stream = s.id ORDER BY id LIMIT 1),"
            " (SELECT at FROM blocks WHERE stream = s.id ORDER BY id DESC LIMIT 1) FROM streams s ORDER BY name, service"
        )
        with storage_faults():
            return [(LogStream(*row[:3]), row[3], row[4]) for row in self._db.execute(query) if row[3] is not None]

    def _page(self, where: str, ident: int, name: str, service: str, order: str) -> list[FoundBlock]:
        query = (
            f"SELECT {_COLUMNS} FROM blocks b JOIN streams s ON s.id = b.stream WHERE {where}"
            f" AND (? = '' OR s.name = ?) AND (? = '' OR s.service = ?) ORDER BY b.id {order} LIMIT {_PAGE}"
        )
        with storage_faults():
            rows: list[sqlite3.Row] = self._db.execute(query, (ident, name, name, service, service)).fetchall()
        return [FoundBlock(row[0], LogStream(*row[1:4]), StoredBlock(*row[4:9])) for row in rows]
