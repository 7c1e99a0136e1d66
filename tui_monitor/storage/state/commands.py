"""The commands table in state.db: what any process wants the leader to do, applied once. Inside the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from tui_monitor.alerts.commands import Command
from tui_monitor.core.frozen import frozen

MIGRATION = """
CREATE TABLE commands (
    id INTEGER PRIMARY KEY AUTOINCREMENT, by TEXT NOT NULL, verb TEXT NOT NULL, arguments TEXT NOT NULL, at INTEGER NOT NULL,
    ok INTEGER, result TEXT, finished_at INTEGER);
CREATE INDEX commands_pending ON commands (id) WHERE finished_at IS NULL;
"""
KEEP_MS = 7 * 86_400_000


@frozen
class CommandResult:
    """What became of a command; ``finished_at`` None: no leader has taken it up yet."""

    ok: bool
    text: str
    finished_at: int | None


def add(db: sqlite3.Connection, by: str, verb: str, arguments: Mapping[str, object], at_ms: int) -> int:
    """Leave a command for the leader; answers its id."""
    text = json.dumps(dict(arguments), ensure_ascii=False)
    row = db.execute("INSERT INTO commands (by, verb, arguments, at) VALUES (?, ?, ?, ?) RETURNING id", (by, verb, text, at_ms)).fetchone()
    return int(row[0])


def pending(db: sqlite3.Connection, limit: int = 100) -> list[Command]:
    """Commands that wait, oldest first."""
    rows = db.execute("SELECT id, by, verb, arguments, at FROM commands WHERE finished_at IS NULL ORDER BY id LIMIT ?", (limit,))
    return [Command(ident, by, verb, json.loads(arguments), at) for ident, by, verb, arguments, at in rows]


def finish(db: sqlite3.Connection, ident: int, result: str, at_ms: int, *, ok: bool = True) -> bool:
    """Say what became of a command, in the transaction that holds what it did; False where it was finished before."""
    changed = db.execute(
        "UPDATE commands SET ok = ?, result = ?, finished_at = ? WHERE id = ? AND finished_at IS NULL", (int(ok), result, at_ms, ident)
    ).rowcount
    return changed == 1


def result(db: sqlite3.Connection, ident: int) -> CommandResult:
    """What became of a command; LookupError for an id that is not there (any more)."""
    row = db.execute("SELECT ok, result, finished_at FROM commands WHERE id = ?", (ident,)).fetchone()
    if row is None:
        raise LookupError(f"there is no command {ident}")
    return CommandResult(bool(row[0]), row[1] or "", row[2])


def prune(db: sqlite3.Connection, now_ms: int) -> int:
    """Delete commands that were finished a week ago; answers how many."""
    return db.execute("DELETE FROM commands WHERE finished_at < ?", (now_ms - KEEP_MS,)).rowcount
