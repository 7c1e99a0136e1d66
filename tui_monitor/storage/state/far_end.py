"""What `tui-monitor stdio` needs of state.db, with only sqlite3 loaded: the leader's row, new commands, their results."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from tui_monitor.storage.faults import StorageFault, StoreTooNew, StoreTooOld

SCHEMA = 12
"""The schema's version; a test compares it with `tables.MIGRATIONS`, whose modules would cost 8 MiB here."""


class PlainLeaderRow(NamedTuple):
    """The leader's row; stamps in UTC ms."""

    pid: int
    kind: str
    since: int
    heartbeat: int


def leader_row(path: Path) -> PlainLeaderRow | None:
    """The leader's row. Raises StorageFault."""
    with _opened(path, "ro") as db:
        row = db.execute("SELECT pid, kind, since, heartbeat FROM leader").fetchone()
    return None if row is None else PlainLeaderRow(*row)


def leave_command(path: Path, by: str, verb: str, arguments: str, at_ms: int) -> int:
    """Store a command for the leader; returns its id. Raises StorageFault, StoreTooNew and StoreTooOld."""
    with _opened(path, "rw") as db:
        db.execute("PRAGMA synchronous = FULL")
        version: int = db.execute("PRAGMA user_version").fetchone()[0]
        if version != SCHEMA:
            raise (StoreTooNew if version > SCHEMA else StoreTooOld)(path.name, version, SCHEMA)
        row = db.execute(
            "INSERT INTO commands (by, verb, arguments, at) VALUES (?, ?, ?, ?) RETURNING id", (by, verb, arguments, at_ms)
        ).fetchone()
        return int(row[0])


def command_result(path: Path, ident: int) -> tuple[bool, str] | None:
    """Whether the leader has applied the command, and its words; None before it has. Raises StorageFault."""
    with _opened(path, "ro") as db:
        row = db.execute("SELECT ok, result, finished_at FROM commands WHERE id = ?", (ident,)).fetchone()
    return None if row is None or row[2] is None else (bool(row[0]), row[1] or "")


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=2)) as db:
            yield db
    except (sqlite3.Error, OSError) as error:
        raise StorageFault(str(error)) from error
