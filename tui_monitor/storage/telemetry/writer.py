"""Writing of telemetry.db: appends blocks and spans and deletes the oldest beyond their sizes. One thread at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from tui_monitor.core.trace import Span
from tui_monitor.storage.sqlite import open_store, storage_faults
from tui_monitor.storage.telemetry.pushed_lines import PushedLineWriter
from tui_monitor.storage.telemetry.schema import MIGRATIONS, ROW_SIZE, LogStream, StoredBlock
from tui_monitor.storage.telemetry.trace_writer import TraceWriter

_FREED_AT_ONCE = 256
"""The most pages that one commit gives back to the file system."""


class TelemetryWriter:
    """The writer of telemetry.db. Every method raises StorageFault (disk full, read-only) or StoreTooNew."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; a damaged one is moved aside."""
        with storage_faults():
            self._db, self.moved_aside = open_store(path, MIGRATIONS, synchronous="NORMAL", check=_spot_check, auto_vacuum=True)
            self._sizes: dict[int, int] = dict(
                self._db.execute(f"SELECT stream, sum(length(data) + {ROW_SIZE}) FROM blocks GROUP BY stream").fetchall()
            )
            self._lines = PushedLineWriter(self._db)
            self._traces = TraceWriter(self._db)

    def append_pushed(self, lines: Mapping[str, Sequence[bytes]], at_ms: int, lines_bound: int, spans: Sequence[Span], bound: int) -> None:
        """Append pushed blocks of lines by service and spans, in one transaction; each kind has its size limit in bytes."""
        with storage_faults(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._lines.append(lines, at_ms, lines_bound)
            self._traces.append(spans, bound)
        with storage_faults():
            self._db.execute(f"PRAGMA incremental_vacuum({_FREED_AT_ONCE})").fetchall()

    def begin(self, stream: LogStream, number: int | None) -> int:
        """Begin a stream whose source continues after block ``number``; stored later blocks are deleted, as they will be read again.

        None: the source has no number; stored blocks stay and are not counted. Returns the stream's id.
        """
        with storage_faults(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            ident: int = self._db.execute(
                "INSERT INTO streams (name, service, format) VALUES (?, ?, ?)"
                " ON CONFLICT (name, service) DO UPDATE SET format = excluded.format RETURNING id",
                (stream.name, stream.service, stream.format),
            ).fetchone()[0]
            if number is None:
                self._db.execute("UPDATE blocks SET number = 0 WHERE stream = ? AND number > 0", (ident,))
            else:
                self._db.execute("DELETE FROM blocks WHERE stream = ? AND number > ?", (ident, number))
            size = self._db.execute(f"SELECT sum(length(data) + {ROW_SIZE}) FROM blocks WHERE stream = ?", (ident,)).fetchone()[0]
        self._sizes[ident] = size or 0
        return ident

    def append(self, added: Sequence[tuple[int, int, Sequence[StoredBlock]]]) -> None:
        """Append blocks in one transaction: for each stream its id, its size limit in bytes and its new blocks, the oldest first."""
        with storage_faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                sizes = {stream: self._append(stream, bound, blocks) for stream, bound, blocks in added}
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._sizes |= sizes
            self._db.execute(f"PRAGMA incremental_vacuum({_FREED_AT_ONCE})").fetchall()

    def _append(self, stream: int, bound: int, blocks: Sequence[StoredBlock]) -> int:
        """The size of the stream afterwards."""
        rows = [(stream, each.number, each.at, each.path, each.format, each.data) for each in blocks]
        self._db.executemany("INSERT INTO blocks (stream, number, at, path, format, data) VALUES (?, ?, ?, ?, ?, ?)", rows)
        size = self._sizes.get(stream, 0) + sum(len(each.data) + ROW_SIZE for each in blocks)
        if size <= bound:
            return size
        oldest = self._db.execute(f"SELECT id, length(data) + {ROW_SIZE} FROM blocks WHERE stream = ? ORDER BY id", (stream,))
        gone = []
        while size > bound and (row := oldest.fetchone()) is not None:
            size -= row[1]
            gone.append((row[0],))
        oldest.close()
        self._db.executemany("DELETE FROM blocks WHERE id = ?", gone)
        return size

    def forget_others(self, streams: Sequence[int]) -> None:
        """Delete every stream of a check except these; their checks were removed from the configuration."""
        with storage_faults(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            marks = ",".join("?" * len(streams))
            gone = f"SELECT id FROM streams WHERE service = '' AND id NOT IN ({marks})"
            self._db.execute(f"DELETE FROM blocks WHERE stream IN ({gone})", streams)
            self._db.execute(f"DELETE FROM streams WHERE id IN ({gone})", streams)
        self._sizes = {stream: size for stream, size in self._sizes.items() if stream in streams}

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _spot_check(db: sqlite3.Connection) -> None:
    """A quick check on opening; a full one is not worth its time for a file that may be lost."""
    for table in ("streams", "blocks"):
        db.execute(f"SELECT * FROM {table} ORDER BY id DESC LIMIT 1").fetchone()
