"""The audit log in state.db: who acknowledged, silenced, resolved, sent, reloaded. Inside the caller's transaction."""

from __future__ import annotations

import sqlite3

from tui_monitor.core.audit import Audit

MIGRATION = """
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, by TEXT NOT NULL, verb TEXT NOT NULL, subject TEXT NOT NULL,
    note TEXT NOT NULL);
"""
KEEP_MS = 2 * 365 * 86_400_000
KEEP_ROWS = 100_000


def add(db: sqlite3.Connection, at_ms: int, by: str, verb: str, subject: str, note: str = "") -> None:
    """Write down one act."""
    db.execute("INSERT INTO audit (at, by, verb, subject, note) VALUES (?, ?, ?, ?, ?)", (at_ms, by, verb, subject, note))


def entries(db: sqlite3.Connection, limit: int = 100) -> list[Audit]:
    """The newest acts first."""
    rows = db.execute("SELECT at, by, verb, subject, note FROM audit ORDER BY id DESC LIMIT ?", (limit,))
    return [Audit(*row) for row in rows]


def prune(db: sqlite3.Connection, now_ms: int, *, keep: int = KEEP_ROWS) -> int:
    """Delete what is older than two years or beyond the newest rows; answers how many."""
    return db.execute("DELETE FROM audit WHERE at < ? OR id <= (SELECT max(id) FROM audit) - ?", (now_ms - KEEP_MS, keep)).rowcount
