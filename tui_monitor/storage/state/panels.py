"""The table panels of state.db."""

from __future__ import annotations

import sqlite3

from tui_monitor.storage.records import MOST_PANELS, Panel, TooManyPanels

MIGRATION = """
CREATE TABLE panels (
    name TEXT PRIMARY KEY, expr TEXT NOT NULL, span INTEGER NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
"""


class SqlitePanels:
    """`PanelTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def save(self, panel: Panel) -> None:
        count = self._db.execute("SELECT count(*) FROM panels WHERE name <> ?", (panel.name,)).fetchone()[0]
        if count >= MOST_PANELS:
            raise TooManyPanels
        row = (panel.name, panel.expr, panel.span, panel.by, panel.at)
        self._db.execute("INSERT OR REPLACE INTO panels (name, expr, span, by, at) VALUES (?, ?, ?, ?, ?)", row)

    def remove(self, name: str) -> bool:
        return self._db.execute("DELETE FROM panels WHERE name = ?", (name,)).rowcount > 0

    def all(self) -> list[Panel]:
        return [Panel(*row) for row in self._db.execute("SELECT name, expr, span, by, at FROM panels ORDER BY name")]
