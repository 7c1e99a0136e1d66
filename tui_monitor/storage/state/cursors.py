"""The table cursors of state.db: how far something has been sent."""

from __future__ import annotations

import sqlite3

MIGRATION = """
CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class SqliteCursors:
    """`CursorTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def get(self, name: str) -> str:
        row = self._db.execute("SELECT value FROM cursors WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def set(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (name, value))
