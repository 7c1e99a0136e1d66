"""An SQLite file, opened for each reading so that one that was replaced is seen; nothing in it can be changed."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import urllib.parse
from collections.abc import Callable
from typing import TypeVar

from tui_monitor.core.frozen import frozen

T = TypeVar("T")

LONGEST_CELL = 16 * 2**20
"""Bytes of a cell and of a row."""
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_FULL_TEXT_PRAGMAS = {"page_size", "data_version"}
"""What the tables of FTS3 and FTS5 ask for themselves."""
_REFUSED_FUNCTIONS = {"load_extension", "fts3_tokenizer"}
_WAL_FORMAT = b"\x02\x02"
"""Bytes 18 and 19 of a database in WAL mode (sqlite.org/fileformat2.html)."""


class FileFault(Exception):
    """The file is not there or is no database's; the text says which."""


@frozen
class FileState:
    """Bytes of the file and of its write-ahead log, whether it is in WAL mode, how many tables, views and indexes its schema has."""

    size: int
    wal_size: int
    wal: bool
    objects: int


class SqliteFile:
    """Readings of one file, one at a time, for a thread; ``interrupt`` may be called from another.

    The file is opened read-only, by a session with query_only and an authorizer: mode=ro alone lets ATTACH create other files.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._uri = f"file:{urllib.parse.quote(os.path.abspath(path))}?mode=ro"
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._stopped = False

    def read(self, work: Callable[[sqlite3.Connection], T], patience: float) -> T:
        """What ``work`` makes of an open connection; waits ``patience`` seconds for a lock. Raises FileFault, sqlite3.Error, OSError."""
        self._stopped = False
        if not stat.S_ISREG(os.stat(self.path).st_mode):
            raise FileFault("not a file")
        connection = sqlite3.connect(self._uri, uri=True, timeout=patience, isolation_level=None, check_same_thread=False)
        try:
            _restrict(connection)
            with self._lock:
                if self._stopped:
                    raise sqlite3.OperationalError("interrupted")
                self._connection = connection
            return work(connection)
        finally:
            with self._lock:
                self._connection = None
            connection.close()

    def interrupt(self) -> None:
        """End the reading that is under way."""
        with self._lock:
            self._stopped = True
            if self._connection is not None:
                self._connection.interrupt()

    def state(self, patience: float) -> FileState:
        """Read the schema, and what the file system says."""
        (objects,) = self.read(lambda connection: connection.execute("SELECT count(*) FROM sqlite_master").fetchone(), patience)
        return FileState(os.stat(self.path).st_size, _size(f"{self.path}-wal"), self.is_wal(), objects)

    def is_wal(self) -> bool:
        """Whether the database is in WAL mode, by its head."""
        with open(self.path, "rb") as file:
            return file.read(20)[18:] == _WAL_FORMAT


def _restrict(connection: sqlite3.Connection) -> None:
    for setting in ("query_only = 1", "trusted_schema = 0", "cell_size_check = 1"):
        connection.execute(f"PRAGMA {setting}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_CELL)
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.set_authorizer(_authorize)


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Reading is allowed; ATTACH, PRAGMA and all that writes is not."""
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _REFUSED_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and first in _FULL_TEXT_PRAGMAS and second is None:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":  # declares a virtual table; mode=ro
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
