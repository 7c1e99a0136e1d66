"""What the errors of an SQLite file mean for people: the target's fault in words, or what this monitor lacks."""

from __future__ import annotations

import errno
import os
import sqlite3

from tui_monitor.core.units import format_duration
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.sqlite.file import FileFault, SqliteFile

ERRORS = (sqlite3.Error, FileFault, OSError, MemoryError, UnicodeError)
"""UnicodeError: of the names in a damaged schema."""
REASON_LENGTH = 200
_MISSING = {errno.ENOENT, errno.ENOTDIR}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NOT_OPENED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}


def reason_of(error: Exception, file: SqliteFile, patience: float) -> str:
    """The target's fault in words. Raises OwnTrouble where it is ours: a right that is missing, a lock that others hold."""
    if isinstance(error, OSError):
        return _of_system(error, file.path)
    if isinstance(error, MemoryError):
        raise OwnTrouble("no memory on this machine")
    if isinstance(error, FileFault):
        return f"{error} ({file.path})"
    if isinstance(error, UnicodeError):
        return "database disk image is malformed (a name is not UTF-8)"
    code = _code(error)
    if code in _LOCKED:
        raise OwnTrouble(
            f"the database is locked by another process for more than {format_duration(round(patience, 1))}: "
            "a long write, or one that was never ended; journal_mode = WAL lets readers in"
        )
    if code in _NOT_OPENED:
        raise OwnTrouble(_not_opened(file))
    words = clean(str(error), REASON_LENGTH) or type(error).__name__
    return f"only reading is possible here ({words})" if code == sqlite3.SQLITE_AUTH or "not authorized" in words else words


def _of_system(error: OSError, path: str) -> str:
    words = os.strerror(error.errno or 0).lower()
    if error.errno in _MISSING:
        return f"{words} ({path})"
    raise OwnTrouble(f"cannot read {path}: {words}; let the monitor's user read the file and its directories")


def _not_opened(file: SqliteFile) -> str:
    """Why a file that is there cannot be opened: no right to read it, or WAL mode in a directory that we may not write."""
    try:
        wal = file.is_wal()
    except OSError as error:
        return f"cannot read {file.path}: {os.strerror(error.errno or 0).lower()}; let the monitor's user read it"
    if not wal:
        return f"{file.path} cannot be opened; let the monitor's user read the file and its directory, and the journal in it"
    return (
        f"{file.path} is in WAL mode, and this user may not write its directory, where SQLite keeps -shm and -wal: let the monitor's "
        "group write there, or the application keep the database open"
    )


def is_interrupt(error: Exception) -> bool:
    """Whether the reading was ended by us, at its limit."""
    return _code(error) == sqlite3.SQLITE_INTERRUPT


def _code(error: Exception) -> int:
    """The primary result code (sqlite.org/rescode.html)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
