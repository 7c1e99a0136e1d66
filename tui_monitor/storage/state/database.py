"""state.db: what must not be lost. One thread writes, every commit is on the disk when it returns; viewers read it from outside."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tui_monitor.storage.sqlite import Migration, StoreTooNew, connect, migrate, open_store, schema_version
from tui_monitor.storage.state import alerts, audit, commands, outbox, panels
from tui_monitor.storage.state import dispatch as planner
from tui_monitor.storage.state import leadership as leader

T = TypeVar("T")
REOPEN_S = 3.0

MIGRATIONS: tuple[Migration, ...] = (
    alerts.MIGRATION + commands.MIGRATION + audit.MIGRATION + leader.MIGRATION,
    outbox.MIGRATION,
    planner.MIGRATION,
    panels.MIGRATION,
)
"""The schema, step by step; released steps never change."""


class StateStore:
    """The writer's side. All work runs in one thread, in the order in which it was asked for.

    ``aside``: where a corrupt file was moved to when this one was begun. ``path`` None: kept in memory only, for tests.
    """

    def __init__(self, path: Path | None) -> None:
        """Use `open` or `in_memory`."""
        self.path = path
        self.aside: Path | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._db: sqlite3.Connection | None = None
        self._try_at: float | None = None

    @classmethod
    async def open(cls, path: Path) -> StateStore:
        """Open or make the file, check and migrate it. Raises sqlite3.OperationalError (read-only, full, locked) and StoreTooNew."""
        store = cls(path)
        try:
            await store._submit(store._open)
        except BaseException:
            store._thread.submit(store._close)
            store._thread.shutdown(wait=False)
            raise
        return store

    @classmethod
    def later(cls, path: Path) -> StateStore:
        """A store whose file could not be opened: every use fails until it can be, which is tried again now and then."""
        store = cls(path)
        store._try_at = time.monotonic() + REOPEN_S
        return store

    @classmethod
    async def in_memory(cls) -> StateStore:
        """A store that lasts as long as the process, for tests."""
        store = cls(None)
        await store._submit(store._open)
        return store

    def _open(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        if self.path is None:
            self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            migrate(self._db, MIGRATIONS)
        else:
            self._db, self.aside = open_store(self.path, MIGRATIONS, synchronous="FULL")

    async def reopen(self) -> Path | None:
        """Open the file again after it turned out to be corrupt: where it was moved aside to, None where it is sound after all.

        Raises sqlite3.Error where it cannot be opened now; the next uses try again.
        """
        self.aside = None
        self._try_at = time.monotonic()
        await self._submit(self._open)
        return self.aside

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The function's answer, outside of a transaction: for reading. What it raises comes out here."""
        return await self._submit(lambda: work(self._connection))

    async def transaction(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """The function's answer, once all that it wrote is committed; an exception in it takes everything back.

        ``durable`` False: the commit may be lost when the machine (not the process) stops, and costs no wait for the disk: heartbeats.
        A caller that is cancelled leaves; the transaction is finished all the same. Raises sqlite3.Error where it cannot be committed.
        """
        return await self._submit(lambda: self._transact(work, durable))

    def _transact(self, work: Callable[[sqlite3.Connection], T], durable: bool) -> T:
        db = self._connection
        if not durable:
            db.execute("PRAGMA synchronous = NORMAL")
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                answer = work(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return answer
        finally:
            if not durable:
                db.execute("PRAGMA synchronous = FULL")

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._db is None and self._try_at is not None:
            if time.monotonic() < self._try_at:
                raise sqlite3.OperationalError("the state file could not be opened")
            self._try_at = time.monotonic() + REOPEN_S
            self._open()
        if self._db is None:
            raise sqlite3.ProgrammingError("the state store is closed")
        return self._db

    async def _submit(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Finish what was asked for and give the file back."""
        await self._submit(self._close)
        self._thread.shutdown(wait=True)

    def _close(self) -> None:
        self._try_at = None
        if self._db is not None:
            self._db.close()
            self._db = None


def prune(db: sqlite3.Connection, now_ms: int) -> None:
    """The hourly housekeeping of everything but the outbox and the silences (which do their own)."""
    alerts.prune(db, now_ms)
    commands.prune(db, now_ms)
    audit.prune(db, now_ms)
    leader.forget_viewers(db, now_ms)


class StateReader:
    """The looker-on's side: reads, never writes, and follows the file when it is begun anew. Use it from one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Raises FileNotFoundError, sqlite3.OperationalError (may not be read, no schema yet) and StoreTooNew (please upgrade)."""
        self._path = path
        self._openings = 0
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
            raise sqlite3.OperationalError(f"{self._path.name} has not been begun by this version yet")

    def _version_at_rest(self) -> int:
        """The schema's version. A file that nobody has open, in a directory that may not be written, can only be read as it lies."""
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
        """Open again where another file has taken the place, or where the writer has come back."""
        moved = self._path.stat().st_ino != self._inode
        woken = self._at_rest is not None and (self._wal.exists() or self._stamp() != self._at_rest)
        if moved or woken:
            self._db.close()
            self._open()

    def data_version(self) -> tuple[int, int]:
        """Changes when something was committed; cheap enough for ten times a second."""
        self._follow()
        return self._openings, int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The function's answer over one consistent state; keep it short, an open read lets the WAL grow."""
        self._follow()
        self._db.execute("BEGIN")
        try:
            return work(self._db)
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Give the file back."""
        self._db.close()
