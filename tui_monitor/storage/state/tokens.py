"""The table tokens of state.db."""

from __future__ import annotations

import sqlite3

from tui_monitor.core.access_token import AccessToken
from tui_monitor.storage.records import MOST_TOKENS, TooManyTokens

MIGRATION = """
CREATE TABLE tokens (
    name TEXT PRIMARY KEY, scopes TEXT NOT NULL, digest TEXT NOT NULL, by TEXT NOT NULL, created_at INTEGER NOT NULL,
    expires_at INTEGER, kind TEXT NOT NULL) WITHOUT ROWID;
"""


class SqliteTokens:
    """`TokenTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, token: AccessToken) -> bool:
        if self._db.execute("SELECT count(*) FROM tokens").fetchone()[0] >= MOST_TOKENS:
            raise TooManyTokens
        row = (token.name, " ".join(token.scopes), token.digest, token.by, token.created_at, token.expires_at, token.kind)
        return self._db.execute("INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)", row).rowcount > 0

    def remove(self, name: str) -> bool:
        return self._db.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount > 0

    def all(self) -> list[AccessToken]:
        rows = self._db.execute("SELECT name, scopes, digest, by, created_at, expires_at, kind FROM tokens ORDER BY name")
        return [AccessToken(row[0], tuple(row[1].split()), *row[2:]) for row in rows]

    def prune(self, now_ms: int) -> int:
        return self._db.execute("DELETE FROM tokens WHERE kind <> 'token' AND expires_at <= ?", (now_ms,)).rowcount
