"""The table commands of state.db."""

from __future__ import annotations

import sqlite3

from tui_monitor.core.commands import CommandResult, StoredCommand
from tui_monitor.storage.records import MOST_COMMANDS, FinishedCommand
from tui_monitor.storage.repository import KEEP_COMMANDS_MS

MIGRATION = """
CREATE TABLE commands (
    id INTEGER PRIMARY KEY AUTOINCREMENT, by TEXT NOT NULL, verb TEXT NOT NULL, arguments TEXT NOT NULL, at INTEGER NOT NULL,
    ok INTEGER, result TEXT, finished_at INTEGER);
CREATE INDEX commands_pending ON commands (id) WHERE finished_at IS NULL;
"""


class SqliteCommands:
    """`CommandTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, by: str, verb: str, arguments: str, at_ms: int) -> int:
        row = self._db.execute(
            "INSERT INTO commands (by, verb, arguments, at) VALUES (?, ?, ?, ?) RETURNING id", (by, verb, arguments, at_ms)
        ).fetchone()
        return int(row[0])

    def pending(self) -> list[StoredCommand]:
        rows = self._db.execute(
            "SELECT id, by, verb, arguments, at FROM commands WHERE finished_at IS NULL ORDER BY id LIMIT ?", (MOST_COMMANDS,)
        )
        return [StoredCommand(*row) for row in rows]

    def finish(self, command: FinishedCommand, at_ms: int) -> bool:
        changed = self._db.execute(
            "UPDATE commands SET ok = ?, result = ?, finished_at = ? WHERE id = ? AND finished_at IS NULL",
            (int(command.result.ok), command.result.text, at_ms, command.id),
        ).rowcount
        return changed == 1

    def result(self, ident: int) -> CommandResult | None:
        row = self._db.execute("SELECT ok, result, finished_at FROM commands WHERE id = ?", (ident,)).fetchone()
        if row is None:
            raise LookupError(f"there is no command {ident}")
        return None if row[2] is None else CommandResult(bool(row[0]), row[1] or "")

    def prune(self, now_ms: int) -> int:
        return self._db.execute("DELETE FROM commands WHERE finished_at < ?", (now_ms - KEEP_COMMANDS_MS,)).rowcount
