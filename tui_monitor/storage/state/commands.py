"""The commands table in state.db: what any process wants the leader to do, applied once. Inside the caller's transaction."""

from __future__ import annotations

import sqlite3

from tui_monitor.core.commands import CommandResult, StoredCommand

MIGRATION = """
CREATE TABLE commands (
    id INTEGER PRIMARY KEY AUTOINCREMENT, by TEXT NOT NULL, verb TEXT NOT NULL, arguments TEXT NOT NULL, at INTEGER NOT NULL,
    ok INTEGER, result TEXT, finished_at INTEGER);
CREATE INDEX commands_pending ON commands (id) WHERE finished_at IS NULL;
"""
KEEP_MS = 7 * 86_400_000


def add(db: sqlite3.Connection, by: str, verb: str, arguments: str, at_ms: int) -> int:
    """Store a command for the leader, as core.command_codec encodes it; returns its id."""
    row = db.execute(
        "INSERT INTO commands (by, verb, arguments, at) VALUES (?, ?, ?, ?) RETURNING id", (by, verb, arguments, at_ms)
    ).fetchone()
    return int(row[0])


def pending(db: sqlite3.Connection, limit: int = 100) -> list[StoredCommand]:
    """Commands that no leader has applied yet, oldest first."""
    rows = db.execute("SELECT id, by, verb, arguments, at FROM commands WHERE finished_at IS NULL ORDER BY id LIMIT ?", (limit,))
    return [StoredCommand(*row) for row in rows]


def finish(db: sqlite3.Connection, ident: int, result: CommandResult, at_ms: int) -> bool:
    """Store the result of a command, in the transaction that holds its effect; False where it was finished before."""
    changed = db.execute(
        "UPDATE commands SET ok = ?, result = ?, finished_at = ? WHERE id = ? AND finished_at IS NULL",
        (int(result.ok), result.text, at_ms, ident),
    ).rowcount
    return changed == 1


def result(db: sqlite3.Connection, ident: int) -> CommandResult | None:
    """The result of a command; None: no leader has applied it yet. LookupError for an id that is not there (any more)."""
    row = db.execute("SELECT ok, result, finished_at FROM commands WHERE id = ?", (ident,)).fetchone()
    if row is None:
        raise LookupError(f"there is no command {ident}")
    return None if row[2] is None else CommandResult(bool(row[0]), row[1] or "")


def prune(db: sqlite3.Connection, now_ms: int) -> int:
    """Delete commands that were finished a week ago; answers how many."""
    return db.execute("DELETE FROM commands WHERE finished_at < ?", (now_ms - KEEP_MS,)).rowcount
