"""Upkeep of the write-ahead log: a checkpoint each minute, and no writing while a reader holds the log open too long."""

from __future__ import annotations

import sqlite3
from pathlib import Path

EVERY_MS = 60_000


class WriteAheadLog:
    """The log beside the store; ``limit`` (bytes) is where writing pauses until the reader that blocks it is gone."""

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
        """Whether the log is too long and cannot be emptied now, as a reader holds an old state: write nothing then."""
        if self.size() <= self._limit:
            return False
        self._db.execute("PRAGMA busy_timeout = 0")  # a reader that is only passing will be gone at the next commit
        try:
            busy: int = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            self._db.execute("PRAGMA busy_timeout = 2000")
        return bool(busy)

    def tend(self, now_ms: int) -> None:
        """Each minute move what no reader needs into the file; never waits for anyone."""
        if self._next is not None and self._next - EVERY_MS <= now_ms < self._next:
            return
        self._next = now_ms + EVERY_MS
        self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
