"""Access to state.db from a process that does not lead: reads at any time, single writes between the leader's."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from tui_monitor.storage.faults import StorageFault, StoreTooNew, StoreTooOld
from tui_monitor.storage.repository import State
from tui_monitor.storage.sqlite import connect, schema_version, storage_faults
from tui_monitor.storage.state.tables import MIGRATIONS, SqliteState

T = TypeVar("T")


class StateReader:
    """A read-only connection that reopens a replaced file. Use it from one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Raises StorageFault (missing, may not be read, no schema yet) and StoreTooNew."""
        self._path = path
        self._openings = 0
        with storage_faults():
            self._open()

    def _open(self) -> None:
        self._inode = self._path.stat().st_ino
        self._at_rest: tuple[int, int] | None = None
        self._openings += 1
        self._db = connect(self._path, read_only=True)
        try:
            version = self._version_at_rest()
        except BaseException:
            self._db.close()
            raise
        if version != len(MIGRATIONS):
            self._db.close()
            if version > len(MIGRATIONS):
                raise StoreTooNew(self._path.name, version, len(MIGRATIONS))
            raise StorageFault(f"{self._path.name} has no schema yet")
        self._state = SqliteState(self._db)

    def _version_at_rest(self) -> int:
        """The schema's version. A file that no process has open, in a directory without write access, is read as immutable."""
        try:
            return schema_version(self._db)
        except sqlite3.OperationalError:
            if self._wal.exists():
                raise
        self._db.close()
        self._at_rest = self._stamp()
        uri = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
        self._db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        return schema_version(self._db)

    @property
    def _wal(self) -> Path:
        return self._path.with_name(self._path.name + "-wal")

    def _stamp(self) -> tuple[int, int]:
        stat = self._path.stat()
        return stat.st_mtime_ns, stat.st_size

    def _follow(self) -> None:
        """Reopen the file where it was replaced, or where a writer has started again."""
        moved = self._path.stat().st_ino != self._inode
        woken = self._at_rest is not None and (self._wal.exists() or self._stamp() != self._at_rest)
        if moved or woken:
            self._db.close()
            self._open()

    def data_version(self) -> tuple[int, int]:
        """Changes when something was committed; cheap enough for ten times a second. Raises StorageFault."""
        with storage_faults():
            self._follow()
            return self._openings, int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def read(self, question: Callable[[State], T]) -> T:
        """The result of the function over one consistent state; a long read lets the WAL grow. Raises StorageFault."""
        with storage_faults():
            self._follow()
            self._db.execute("BEGIN")
            try:
                return question(self._state)
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def write_once(path: Path, work: Callable[[State], T]) -> T:
    """The result of the function, after its writes are on the disk; for processes that do not lead.

    Raises StorageFault where it cannot be written now, StoreTooNew and StoreTooOld where the file is another version's.
    """
    with storage_faults(), closing(connect(path, synchronous="FULL")) as db:
        if (version := schema_version(db)) != len(MIGRATIONS):
            raise (StoreTooNew if version > len(MIGRATIONS) else StoreTooOld)(path.name, version, len(MIGRATIONS))
        db.execute("BEGIN IMMEDIATE")
        answer = work(SqliteState(db))
        db.execute("COMMIT")
        return answer


def integrity_faults(path: Path) -> list[str]:
    """The findings of SQLite's full check, [] for a healthy file. Never raises for a damaged one."""
    try:
        with closing(connect(path, read_only=True)) as db:
            return [answer for (answer,) in db.execute("PRAGMA integrity_check(100)").fetchall() if answer != "ok"]
    except sqlite3.Error as error:
        return [str(error)]
