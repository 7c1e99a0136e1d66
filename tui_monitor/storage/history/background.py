"""`HistoryStore` in history.db: one thread writes, one reads; a slow or full disk stops neither monitoring nor notifying."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tui_monitor.storage.faults import HistoryFault, StorageFault, StoreTooNew
from tui_monitor.storage.history.interface import HistoryQueries
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.history.schema import Retention
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.sqlite import connect, move_aside, storage_faults

if TYPE_CHECKING:
    from tui_monitor.config.settings import StoreSettings
    from tui_monitor.core.troubles import Troubles
    from tui_monitor.core.values import Batch
    from tui_monitor.storage.history.writer import History

T = TypeVar("T")
REOPEN_S = 30.0
TROUBLE = "history"
SLOW_S = 0.5
"""Seconds after which a write counts as slow: the disk is busy."""


class HistoryConnection:
    """A reading connection to history.db with its own thread; the file is opened by the first query."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history-read")
        self._reader: HistoryReader | None = None
        self._slow_lane: HistoryConnection | None = None
        self.closed = False

    @property
    def slow_lane(self) -> HistoryConnection:
        """A second connection, closed with this one, for queries that may take seconds; the first one stays free."""
        if self._slow_lane is None:
            self._slow_lane = HistoryConnection(self._path)
        return self._slow_lane

    async def query(self, question: Callable[[HistoryQueries], T]) -> T:
        """The result of the function, which runs in the reading thread. Raises StorageFault where the file cannot be read."""
        if self.closed:
            raise HistoryFault(f"{self._path} was closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    def _answer(self, question: Callable[[HistoryQueries], T]) -> T:
        if self._reader is None:
            self._reader = HistoryReader(self._path)
        return question(self._reader)

    async def close(self) -> None:
        """Close the file after the running query."""
        if self.closed:
            return
        self.closed = True
        if self._slow_lane is not None:
            await self._slow_lane.close()
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)
        await done

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


LONGEST_STEP_MS = 86_400_000
"""A longer step back deletes no history, as the new time may be the wrong one."""


class Recorder:
    """`HistoryStore` in history.db. The writer buffers, within bounds, what cannot be written yet."""

    def __init__(self, path: Path, settings: StoreSettings, troubles: Troubles) -> None:
        self.reading = HistoryConnection(path)
        self._path = path
        self._retention = retention_of(settings)
        self._troubles = troubles
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history-write")
        self._history: History | None = None
        self._busy: asyncio.Future[str] | None = None
        self._waiting: list[Batch] = []
        self._set_back: list[tuple[int, int]] = []
        self._board: tuple[int, bytes] | None = None
        self._reopen_at = 0.0
        self._retain_at = 0
        self._began = 0.0
        self.complete_until = 0

    async def open(self, now_ms: int, memory: SeriesMemory) -> bytes | None:
        await self._in_thread(self._open, now_ms)
        try:
            await self.reading.query(lambda reader: reader.prefill(memory.append, now_ms, memory.window_ms / 1000))
            stored = await self.reading.query(lambda reader: reader.stored_board())
            self.complete_until = stored[0] if stored else 0
            return stored[1] if stored else None
        except (StorageFault, ValueError, KeyError, TypeError):
            return None

    async def saved_states(self) -> dict[str, bytes]:
        try:
            return await self.reading.query(lambda reader: reader.saved_states())
        except StorageFault:
            return {}

    def record(self, batches: Sequence[Batch], now_ms: int, monotonic: float, board: bytes | None) -> None:
        self._waiting += batches
        if board is not None:
            self._board = (now_ms, board)
        if self._busy is not None and not self._busy.done():
            if len(self._waiting) > 100_000:
                del self._waiting[:50_000]
            if monotonic - self._began >= SLOW_S:
                self._troubles.raise_(TROUBLE, "the history is written slowly: the disk is busy")
            return
        if self._busy is not None:
            self._troubles.set(TROUBLE, self._busy.result())
        if self._history is None and monotonic < self._reopen_at:
            self._waiting.clear()
            return
        self._reopen_at, self._began = monotonic + REOPEN_S, monotonic
        work, self._waiting, stored, self._board = self._waiting, [], self._board, None
        self._busy = asyncio.get_running_loop().run_in_executor(self._thread, self._write, work, now_ms, stored)

    def clock_set(self, batches: Sequence[Batch], now_ms: int, delta_ms: int) -> None:
        self._waiting += batches
        if -LONGEST_STEP_MS <= delta_ms < 0:
            self._waiting = [batch if batch.at <= now_ms else batch._replace(at=batch.at + delta_ms) for batch in self._waiting]
            self._set_back.append((now_ms, delta_ms))

    async def persist(self, batches: Sequence[Batch], now_ms: int, monotonic: float, board: bytes) -> None:
        await self._written()
        self.record(batches, now_ms, monotonic, board)
        await self._written()

    async def _written(self) -> None:
        if self._busy is not None:
            await asyncio.wait([self._busy], timeout=SLOW_S / 2)

    def _open(self, now_ms: int) -> str:
        from tui_monitor.storage.history.writer import History  # without it viewers have no history

        try:
            self._history = History(self._path, retention=self._retention)
        except (sqlite3.Error, OSError, StoreTooNew) as error:
            text = f"the history cannot be stored: {error}"
            self._troubles.raise_(TROUBLE, text)
            return text
        if self._history.moved_aside:
            self._troubles.raise_(
                "history-corrupt",
                f"the history file was corrupt and was replaced by a new one; the old file is {self._history.moved_aside.name}",
            )
        return ""

    def _write(self, batches: Sequence[Batch], now_ms: int, board: tuple[int, bytes] | None) -> str:
        if self._history is None and (text := self._open(now_ms)):
            return text
        assert self._history is not None
        try:
            while self._set_back:
                self._history.clock_set_back(*self._set_back[0])
                del self._set_back[0]
        except sqlite3.OperationalError as error:
            return f"the history cannot be written: {error}"
        for batch in batches:
            self._history.append(batch.at, batch.samples, batch.lookback_ms)
            if batch.saved is not None:
                self._history.set_saved_state(batch.at, batch.saved.source, batch.saved.data)
        if board is not None:
            self._history.set_board(*board)
        try:
            self._history.commit(now_ms)
            if not 0 < self._retain_at - now_ms <= 60_000:
                self._retain_at = now_ms + 60_000
                self._history.retain(now_ms)
        except sqlite3.OperationalError as error:
            return f"the history cannot be written: {error}"
        except sqlite3.DatabaseError as error:
            self._history.close()
            self._history = None
            aside = move_aside(self._path)
            self._troubles.raise_(
                "history-corrupt", f"the history was corrupt ({error}) and is replaced by a new file; the old one is {aside.name}"
            )
            return f"the history is corrupt: {error}"
        return "the history is not written: a process keeps reading an old state of the file" if self._history.paused else ""

    async def configure(self, settings: StoreSettings) -> None:
        self._retention = retention_of(settings)
        await self._in_thread(self._retain_by, self._retention)

    def _retain_by(self, retention: Retention) -> None:
        if self._history is not None:
            self._history.retention = retention

    async def annotate(self, at_ms: int, text: str, author: str) -> None:
        if self._history is not None:
            await self._in_thread(self._annotate, self._history, at_ms, text, author)

    @staticmethod
    def _annotate(history: History, at_ms: int, text: str, author: str) -> None:
        with storage_faults():
            history.annotate(at_ms, text, author)

    async def quick_check(self) -> str:
        return await asyncio.to_thread(_quick_check, self._path) if self._path.exists() else ""

    async def close(self, batches: Sequence[Batch], now_ms: int, board: bytes | None) -> None:
        await self.reading.close()  # first: the last connection to close empties the write-ahead log, which a reader cannot
        await self._in_thread(self._write, [*self._waiting, *batches], now_ms, (now_ms, board) if board else None)
        if self._history is not None:
            await self._in_thread(self._history.close)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


def retention_of(settings: StoreSettings) -> Retention:
    """The retention of a configuration."""
    return Retention(raw=settings.raw, minutes=settings.minutes, hours=settings.hours, max_bytes=settings.max_size or None)


def _quick_check(path: Path) -> str:
    try:
        db = connect(path, read_only=True)
        try:
            answer = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            db.close()
    except sqlite3.Error as error:
        answer = str(error)
    return "" if answer == "ok" else f"the history is damaged ({answer}); see tui-monitor store verify"
