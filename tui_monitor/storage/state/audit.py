"""The table audit of state.db."""

from __future__ import annotations

import sqlite3

from tui_monitor.core.audit import Audit
from tui_monitor.storage.repository import KEEP_AUDIT, KEEP_AUDIT_MS

MIGRATION = """
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, by TEXT NOT NULL, verb TEXT NOT NULL, subject TEXT NOT NULL,
    note TEXT NOT NULL);
"""


class SqliteAudit:
    """`AuditTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, entry: Audit) -> None:
        self._db.execute(
            "INSERT INTO audit (at, by, verb, subject, note) VALUES (?, ?, ?, ?, ?)",
            (entry.at, entry.by, entry.verb, entry.subject, entry.note),
        )

    def newest(self, limit: int = 100) -> list[Audit]:
        rows = self._db.execute("SELECT at, by, verb, subject, note FROM audit ORDER BY id DESC LIMIT ?", (limit,))
        return [Audit(*row) for row in rows]

    def after(self, number: int, limit: int = 100) -> list[tuple[int, Audit]]:
        rows = self._db.execute("SELECT id, at, by, verb, subject, note FROM audit WHERE id > ? ORDER BY id LIMIT ?", (number, limit))
        return [(row[0], Audit(*row[1:])) for row in rows]

    def prune(self, now_ms: int, *, keep: int = KEEP_AUDIT) -> int:
        return self._db.execute(
            "DELETE FROM audit WHERE at < ? OR id <= (SELECT max(id) FROM audit) - ?", (now_ms - KEEP_AUDIT_MS, keep)
        ).rowcount
