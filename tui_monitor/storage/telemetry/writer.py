"""Writes telemetry.db: appends blocks of lines and deletes the oldest beyond each stream's bound. One thread at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from tui_monitor.storage.sqlite import open_store, storage_faults
from tui_monitor.storage.telemetry.schema import MIGRATIONS, ROW_SIZE, LogStream, StoredBlock

_FREED_AT_ONCE = 256
"""Pages that one commit gives back to the file system at most."""


class TelemetryWriter:
    """The one writer. Every method raises StorageFault (disk full, read-only) or StoreTooNew."""

    def __init__(self, path: Path) -> None:
        """Open or begin the file; a damaged one is moved aside."""
        with storage_faults():
            self._db, self.moved_aside = open_store(path, MIGRATIONS, synchronous="NORMAL", check=_look, auto_vacuum=True)
            self._sizes: dict[int, int] = dict(
                self._db.execute(f"SELECT stream, sum(length(data) + {ROW_SIZE}) FROM blocks GROUP BY stream").fetchall()
            )

    def begin(self, stream: LogStream, number: int | None) -> int:
        """The id of a stream whose source begins (again) behind block ``number``: what was kept of later ones will be read anew.

        None: the source knows of none; what is kept stays, and is not counted.
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

    def keep(self, added: Sequence[tuple[int, int, Sequence[StoredBlock]]]) -> None:
        """Append in one transaction: for each stream its id, its bound in bytes and its new blocks, the oldest first."""
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
        """Delete every stream but these: their checks are not configured any more."""
        with storage_faults(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            marks = ",".join("?" * len(streams))
            self._db.execute(f"DELETE FROM blocks WHERE stream NOT IN ({marks})", streams)
            self._db.execute(f"DELETE FROM streams WHERE id NOT IN ({marks})", streams)
        self._sizes = {stream: size for stream, size in self._sizes.items() if stream in streams}

    def close(self) -> None:
        """Give the file back."""
        self._db.close()


def _look(db: sqlite3.Connection) -> None:
    """A quick look on opening: whole checks of what may be lost are not worth their time."""
    for table in ("streams", "blocks"):
        db.execute(f"SELECT * FROM {table} ORDER BY id DESC LIMIT 1").fetchone()
