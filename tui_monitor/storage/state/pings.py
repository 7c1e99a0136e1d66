"""The table pings of state.db."""

from __future__ import annotations

import sqlite3

from tui_monitor.core.ping import Ping, StoredPing
from tui_monitor.storage.repository import KEEP_PINGS, KEEP_PINGS_MS, MOST_PINGS

MIGRATION = """
CREATE TABLE pings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, rid TEXT NOT NULL, code INTEGER,
    text TEXT NOT NULL, by TEXT NOT NULL);
CREATE INDEX pings_of_name ON pings (name, id);
"""


class SqlitePings:
    """`PingTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, ping: Ping) -> int:
        row = self._db.execute(
            "INSERT INTO pings (name, kind, at, rid, code, text, by) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (ping.name, ping.kind, ping.at, ping.rid, ping.code, ping.text, ping.by),
        ).fetchone()
        return int(row[0])

    def after(self, ident: int, limit: int = 1000) -> list[StoredPing]:
        rows = self._db.execute(
            "SELECT id, name, kind, at, rid, code, text, by FROM pings WHERE id > ? ORDER BY id LIMIT ?", (ident, limit)
        )
        return [StoredPing(row[0], Ping(*row[1:])) for row in rows]

    def prune(self, now_ms: int) -> int:
        return self._db.execute(
            "DELETE FROM pings WHERE id IN (SELECT id FROM"
            " (SELECT id, at, row_number() OVER (PARTITION BY name ORDER BY id DESC) AS age FROM pings)"
            " WHERE age > ? OR (age > ? AND at < ?))",
            (MOST_PINGS, KEEP_PINGS, now_ms - KEEP_PINGS_MS),
        ).rowcount
