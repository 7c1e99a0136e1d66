"""The tables leader and viewers of state.db."""

from __future__ import annotations

import sqlite3

from tui_monitor.storage.records import LeaderRow, ViewerRow
from tui_monitor.storage.repository import VIEWER_PATIENCE_MS

MIGRATION = """
CREATE TABLE leader (
    one INTEGER PRIMARY KEY CHECK (one = 1), pid INTEGER NOT NULL, kind TEXT NOT NULL, version TEXT NOT NULL, config_hash TEXT NOT NULL,
    since INTEGER NOT NULL, heartbeat INTEGER NOT NULL);
CREATE TABLE viewers (pid INTEGER PRIMARY KEY, kind TEXT NOT NULL, by TEXT NOT NULL, since INTEGER NOT NULL, heartbeat INTEGER NOT NULL);
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
DROP_FACTS = "DROP TABLE IF EXISTS facts"
"""The table facts was never used."""


class SqliteProcesses:
    """`ProcessTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def save_leader(self, row: LeaderRow) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO leader VALUES (1, ?, ?, ?, ?, ?, ?)",
            (row.pid, row.kind, row.version, row.config_hash, row.since, row.heartbeat),
        )

    def leader(self) -> LeaderRow | None:
        row = self._db.execute("SELECT pid, kind, version, config_hash, since, heartbeat FROM leader").fetchone()
        return None if row is None else LeaderRow(*row)

    def clear_leader(self, pid: int) -> None:
        self._db.execute("DELETE FROM leader WHERE pid = ?", (pid,))

    def save_viewer(self, row: ViewerRow) -> None:
        self._db.execute("INSERT OR REPLACE INTO viewers VALUES (?, ?, ?, ?, ?)", (row.pid, row.kind, row.by, row.since, row.heartbeat))

    def remove_viewer(self, pid: int) -> None:
        self._db.execute("DELETE FROM viewers WHERE pid = ?", (pid,))

    def viewers(self, now_ms: int) -> list[ViewerRow]:
        rows = self._db.execute(
            "SELECT pid, kind, by, since, heartbeat FROM viewers WHERE heartbeat > ? ORDER BY since, pid", (now_ms - VIEWER_PATIENCE_MS,)
        )
        return [ViewerRow(*row) for row in rows]

    def prune_viewers(self, now_ms: int) -> int:
        return self._db.execute(
            "DELETE FROM viewers WHERE heartbeat <= ? OR heartbeat > ?", (now_ms - VIEWER_PATIENCE_MS, now_ms + 10 * VIEWER_PATIENCE_MS)
        ).rowcount
