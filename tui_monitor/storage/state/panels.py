"""Queries that people keep on the dashboard: a name, PromQL, and the range that its chart shows."""

from __future__ import annotations

import sqlite3

from tui_monitor.core.frozen import frozen

MIGRATION = """
CREATE TABLE panels (
    name TEXT PRIMARY KEY, expr TEXT NOT NULL, span INTEGER NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
"""
MOST_PANELS = 100


@frozen
class Panel:
    """One kept query; ``span`` is the range of its chart in milliseconds, ``at`` when it was saved (UTC ms)."""

    name: str
    expr: str
    span: int
    by: str
    at: int


class TooManyPanels(Exception):
    """There are as many panels as may be kept."""


def put(db: sqlite3.Connection, panel: Panel) -> None:
    """Keep it; one of the same name is replaced. Raises TooManyPanels."""
    count = db.execute("SELECT count(*) FROM panels WHERE name <> ?", (panel.name,)).fetchone()[0]
    if count >= MOST_PANELS:
        raise TooManyPanels(f"{MOST_PANELS} panels are kept already; take one away first")
    row = (panel.name, panel.expr, panel.span, panel.by, panel.at)
    db.execute("INSERT OR REPLACE INTO panels (name, expr, span, by, at) VALUES (?, ?, ?, ?, ?)", row)


def remove(db: sqlite3.Connection, name: str) -> bool:
    """Take it away; whether it was there."""
    return db.execute("DELETE FROM panels WHERE name = ?", (name,)).rowcount > 0


def every(db: sqlite3.Connection) -> list[Panel]:
    """All, by name."""
    return [Panel(*row) for row in db.execute("SELECT name, expr, span, by, at FROM panels ORDER BY name")]
