"""Opening of SQLite files for both stores: WAL, checked, migrated, moved aside when corrupt."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tui_monitor.platform.ownership import give_to_owner_of
from tui_monitor.storage.faults import StorageCorrupt, StorageFault, StoreTooNew

Migration = str | Callable[[sqlite3.Connection], None]
"""One step of a schema: a script, or a function for what SQL alone cannot do. Its place in the list + 1 is the version."""


@contextlib.contextmanager
def storage_faults() -> Iterator[None]:
    """Translate exceptions of SQLite and the file system into StorageFault; a damaged file is StorageCorrupt."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise (StorageCorrupt if type(error) is sqlite3.DatabaseError else StorageFault)(str(error)) from error


def connect(path: Path, *, synchronous: str = "NORMAL", read_only: bool = False, auto_vacuum: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode (transactions are explicit BEGIN IMMEDIATE), usable from any one thread at a time.

    ``auto_vacuum`` makes a new file one that incremental_vacuum can shrink; on a file that exists it does nothing.
    """
    begun = path.exists() and path.stat().st_size > 0
    if read_only:
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False, timeout=2, cached_statements=32
        )
    else:
        _make(path)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2, cached_statements=32)
    try:
        if not read_only:
            if auto_vacuum and not begun:
                db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # takes effect only before the first page, so before WAL
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA synchronous = {synchronous}")
            db.execute("PRAGMA journal_size_limit = 8388608")
        db.execute("PRAGMA busy_timeout = 2000")
    except BaseException:
        db.close()
        raise
    return db


def _make(path: Path) -> None:
    """Create a missing file with group rights, which SQLite itself never gives; its other files inherit them.

    A file made by root is given to the directory's owner.
    """
    with contextlib.suppress(OSError):  # it exists (opening it here would drop SQLite's locks at the close) or cannot be made
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o664)
        try:
            give_to_owner_of(path.parent, fd)
        finally:
            os.close(fd)


def schema_version(db: sqlite3.Connection) -> int:
    """The version that the file's schema has; 0 for a new file."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(db: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Migrate the schema to the newest version, each step in its own transaction.

    Raises StoreTooNew, before any write, where the file is ahead of this program.
    """
    version = schema_version(db)
    if version > len(migrations):
        raise StoreTooNew("the store", version, len(migrations))
    for number, step in enumerate(migrations[version:], start=version + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            if callable(step):
                step(db)
            else:
                for statement in step.split(";\n"):
                    if statement.strip():
                        db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise


def quick_check(db: sqlite3.Connection) -> None:
    """Read every page of the file; seconds for a large one. Raises StorageCorrupt."""
    if (answer := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise StorageCorrupt(answer)


def open_store(
    path: Path,
    migrations: Sequence[Migration],
    *,
    synchronous: str,
    check: Callable[[sqlite3.Connection], None] = quick_check,
    auto_vacuum: bool = False,
) -> tuple[sqlite3.Connection, Path | None]:
    """Open for writing, check integrity, migrate. A corrupt file is moved aside and a new one begun.

    ``check`` examines a file that has a schema and raises StorageCorrupt or sqlite3.DatabaseError where it is not healthy.
    Returns the connection and, where that happened, the path the corrupt file was moved to.
    Raises sqlite3.OperationalError (read-only, disk full, locked) and StoreTooNew.
    """
    try:
        return _open_checked(path, migrations, synchronous, check, auto_vacuum), None
    except (StorageCorrupt, sqlite3.DatabaseError) as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
    aside = move_aside(path)
    return _open_checked(path, migrations, synchronous, check, auto_vacuum), aside


def move_aside(path: Path) -> Path:
    """Rename a corrupt file, so that a new one can be created; connections to it must be closed. Returns the new path."""
    stamp = time.strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.corrupt-{stamp}-{number}")
    os.replace(path, aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def _open_checked(
    path: Path, migrations: Sequence[Migration], synchronous: str, check: Callable[[sqlite3.Connection], None], auto_vacuum: bool
) -> sqlite3.Connection:
    db = connect(path, synchronous=synchronous, auto_vacuum=auto_vacuum)
    try:
        if schema_version(db):
            check(db)
        migrate(db, migrations)
    except BaseException:
        db.close()
        raise
    return db
