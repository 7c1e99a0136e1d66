"""Who leads, who looks on, and small facts that outlive a process, in state.db. Inside the caller's transaction."""

from __future__ import annotations

import sqlite3

from tui_monitor.core.frozen import frozen

MIGRATION = """
CREATE TABLE leader (
    one INTEGER PRIMARY KEY CHECK (one = 1), pid INTEGER NOT NULL, kind TEXT NOT NULL, version TEXT NOT NULL, config_hash TEXT NOT NULL,
    since INTEGER NOT NULL, heartbeat INTEGER NOT NULL);
CREATE TABLE viewers (pid INTEGER PRIMARY KEY, kind TEXT NOT NULL, by TEXT NOT NULL, since INTEGER NOT NULL, heartbeat INTEGER NOT NULL);
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
VIEWER_PATIENCE_MS = 15_000
"""A viewer that has not been heard of for so long is gone."""


@frozen
class LeaderRow:
    """The process that polls and notifies; ``kind`` is headless or dashboard, stamps are UTC milliseconds."""

    pid: int
    kind: str
    version: str
    config_hash: str
    since: int
    heartbeat: int


@frozen
class ViewerRow:
    """A process that looks on; ``kind`` headless: a daemon that waits to lead."""

    pid: int
    kind: str
    by: str
    since: int
    heartbeat: int


def put(db: sqlite3.Connection, row: LeaderRow) -> None:
    """This process leads now."""
    db.execute(
        "INSERT OR REPLACE INTO leader VALUES (1, ?, ?, ?, ?, ?, ?)",
        (row.pid, row.kind, row.version, row.config_hash, row.since, row.heartbeat),
    )


def get(db: sqlite3.Connection) -> LeaderRow | None:
    """The last one that led; whether it lives, only the lock can say."""
    row = db.execute("SELECT pid, kind, version, config_hash, since, heartbeat FROM leader").fetchone()
    return None if row is None else LeaderRow(*row)


def clear(db: sqlite3.Connection, pid: int) -> None:
    """The leader ends in good order."""
    db.execute("DELETE FROM leader WHERE pid = ?", (pid,))


def put_viewer(db: sqlite3.Connection, row: ViewerRow) -> None:
    """This process looks on; repeated as its heartbeat."""
    db.execute("INSERT OR REPLACE INTO viewers VALUES (?, ?, ?, ?, ?)", (row.pid, row.kind, row.by, row.since, row.heartbeat))


def remove_viewer(db: sqlite3.Connection, pid: int) -> None:
    """It looks on no longer."""
    db.execute("DELETE FROM viewers WHERE pid = ?", (pid,))


def viewers(db: sqlite3.Connection, now_ms: int) -> list[ViewerRow]:
    """Those heard of lately (a heartbeat from the future counts: the clock was set back)."""
    rows = db.execute(
        "SELECT pid, kind, by, since, heartbeat FROM viewers WHERE heartbeat > ? ORDER BY since, pid", (now_ms - VIEWER_PATIENCE_MS,)
    )
    return [ViewerRow(*row) for row in rows]


def forget_viewers(db: sqlite3.Connection, now_ms: int) -> int:
    """Delete the rows of viewers that are gone, and those from an impossible future; answers how many."""
    return db.execute(
        "DELETE FROM viewers WHERE heartbeat <= ? OR heartbeat > ?", (now_ms - VIEWER_PATIENCE_MS, now_ms + 10 * VIEWER_PATIENCE_MS)
    ).rowcount
