"""`StateRepository` on state.db: one thread, and every commit is on the disk when it returns."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.records import UnitOfWork
from tui_monitor.storage.repository import State, write_unit
from tui_monitor.storage.sqlite import open_store, storage_faults
from tui_monitor.storage.state.tables import MIGRATIONS, SqliteState

T = TypeVar("T")
REOPEN_S = 3.0


class SqliteRepository:
    """`StateRepository` in a file. All calls run in one thread, in order."""

    def __init__(self, path: Path) -> None:
        """Use `open`, or `later` where that failed."""
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._db: sqlite3.Connection | None = None
        self._tables: SqliteState | None = None
        self._try_at: float | None = None
        self._closed = False
        self.moved_aside: Path | None = None

    @classmethod
    async def open(cls, path: Path) -> SqliteRepository:
        """Open or create the file, check and migrate it. Raises StorageFault (read-only, full, locked) and StoreTooNew."""
        store = cls(path)
        try:
            await store._submit(store._open)
        except BaseException:
            store._thread.submit(store._close)
            store._thread.shutdown(wait=False)
            raise
        return store

    @classmethod
    def later(cls, path: Path) -> SqliteRepository:
        """A store whose file could not be opened; every call fails until a retry, each 3 s, succeeds."""
        store = cls(path)
        store._try_at = time.monotonic() + REOPEN_S
        return store

    def _open(self) -> None:
        self._shut()
        self._db, self.moved_aside = open_store(self._path, MIGRATIONS, synchronous="FULL")
        self._tables = SqliteState(self._db)

    async def reopen(self) -> Path | None:
        self.moved_aside = None
        self._try_at = time.monotonic()
        await self._submit(self._open)
        return self.moved_aside

    async def read(self, question: Callable[[State], T]) -> T:
        return await self._submit(lambda: question(self._state))

    async def transaction(self, work: Callable[[State], T], *, durable: bool = True) -> T:
        return await self._submit(lambda: self._transact(work, durable))

    async def commit(self, unit: UnitOfWork) -> None:
        await self.transaction(lambda state: write_unit(state, unit))

    def _transact(self, work: Callable[[State], T], durable: bool) -> T:
        state, db = self._state, self._db
        assert db is not None
        if not durable:
            db.execute("PRAGMA synchronous = NORMAL")
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                answer = work(state)
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
    def _state(self) -> SqliteState:
        if self._tables is None and self._try_at is not None:
            if time.monotonic() < self._try_at:
                raise StorageFault("the state file could not be opened")
            self._try_at = time.monotonic() + REOPEN_S
            self._open()
        if self._tables is None:
            raise StorageFault("the state file is not open")
        return self._tables

    async def _submit(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise StorageFault("the state store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._translated, work)

    @staticmethod
    def _translated(work: Callable[[], T]) -> T:
        with storage_faults():
            return work()

    async def close(self) -> None:
        if self._closed:
            return
        await self._submit(self._close)
        self._closed = True
        self._thread.shutdown(wait=True)

    def _close(self) -> None:
        self._try_at = None
        self._shut()

    def _shut(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = self._tables = None
