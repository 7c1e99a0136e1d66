"""Checkpoints of the write-ahead log each minute, and a pause of writing while a reader keeps it from shrinking."""

from __future__ import annotations

import sqlite3
from pathlib import Path

EVERY_MS = 60_000


class WriteAheadLog:
    """The write-ahead log of the store; above ``limit`` bytes writing pauses until the blocking reader ends."""

    def __init__(self, db: sqlite3.Connection, path: Path, limit: int) -> None:
        self._db = db
        self._path = path.with_name(path.name + "-wal")
        self._limit = limit
        self._next: int | None = None
        db.execute("PRAGMA wal_autocheckpoint = 0")

    def size(self) -> int:
        """Bytes of the log's file; 0 where there is none."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def blocked(self) -> bool:
        """Whether the log is above its limit and cannot be emptied, as a reader holds an old snapshot."""
        if self.size() <= self._limit:
            return False
        self._db.execute("PRAGMA busy_timeout = 0")  # a short reader has ended by the next commit
        try:
            busy: int = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            self._db.execute("PRAGMA busy_timeout = 2000")
        return bool(busy)

    def tend(self, now_ms: int) -> None:
        """Each minute checkpoint the pages that no reader needs; never waits for a reader."""
        if self._next is not None and self._next - EVERY_MS <= now_ms < self._next:
            return
        self._next = now_ms + EVERY_MS
        self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
