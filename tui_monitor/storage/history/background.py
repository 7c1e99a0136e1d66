"""The history beside the loop: one thread writes, one reads; trouble with the disk stops neither monitoring nor notifying."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tui_monitor.storage.faults import HistoryFault, StoreTooNew
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.history.schema import Retention
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.sqlite import connect, move_aside, storage_faults

if TYPE_CHECKING:
    from tui_monitor.config.models import StoreSettings
    from tui_monitor.core.troubles import Troubles
    from tui_monitor.core.values import Batch
    from tui_monitor.storage.history.writer import History

T = TypeVar("T")
REOPEN_S = 30.0
TROUBLE = "history"
SLOW_S = 0.5
"""A write that takes longer than this means a busy disk."""


class Reading:
    """Reads history.db in a thread of its own; opens the file when it is first asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history-read")
        self._reader: HistoryReader | None = None
        self._aside: Reading | None = None
        self.closed = False

    @property
    def aside(self) -> Reading:
        """Another one, closed with this one, for what may take seconds: what is asked here does not wait for it."""
        if self._aside is None:
            self._aside = Reading(self._path)
        return self._aside

    async def ask(self, question: Callable[[HistoryReader], T]) -> T:
        """The answer; HistoryFault or StoreTooNew where the file cannot be read."""
        if self.closed:
            raise HistoryFault(f"{self._path} was closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    def _answer(self, question: Callable[[HistoryReader], T]) -> T:
        if self._reader is None:
            self._reader = HistoryReader(self._path)
        return question(self._reader)

    async def close(self) -> None:
        """Close the file after what is being read."""
        if self.closed:
            return
        self.closed = True
        if self._aside is not None:
            await self._aside.close()
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)
        await done

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


class Recorder:
    """Writes history.db. ``record`` never waits: what cannot be written yet is kept, bounded, by the history itself."""

    def __init__(self, path: Path, settings: StoreSettings, troubles: Troubles) -> None:
        self.reading = Reading(path)
        self._path = path
        self._retention = retention_of(settings)
        self._troubles = troubles
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history-write")
        self._history: History | None = None
        self._busy: asyncio.Future[str] | None = None
        self._waiting: list[Batch] = []
        self._facts: tuple[int, bytes] | None = None
        self._reopen_at = 0.0
        self._retain_at = 0
        self._began = 0.0
        self.complete_until = 0
        """Up to when (UTC ms) the file held all that the last process knew, as far as it said so."""

    async def open(self, now_ms: int, memory: SeriesMemory) -> bytes | None:
        """Open or begin the file, load the newest samples into memory; the last board that was stored, as JSON."""
        await self._in_thread(self._open, now_ms)
        try:
            await self.reading.ask(lambda reader: reader.prefill(memory.append, now_ms, memory.window_ms / 1000))
            stored = await self.reading.ask(lambda reader: reader.facts())
            self.complete_until = stored[0] if stored else 0
            return stored[1] if stored else None
        except (HistoryFault, StoreTooNew, ValueError, KeyError, TypeError):
            return None

    def record(self, batches: Sequence[Batch], now_ms: int, monotonic: float, facts: bytes | None) -> None:
        """Hand over what came in this tick; ``facts`` replaces the stored board."""
        self._waiting += batches
        if facts is not None:
            self._facts = (now_ms, facts)
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
        work, self._waiting, stored, self._facts = self._waiting, [], self._facts, None
        self._busy = asyncio.get_running_loop().run_in_executor(self._thread, self._write, work, now_ms, stored)

    async def keep(self, batches: Sequence[Batch], now_ms: int, monotonic: float, facts: bytes) -> None:
        """`record`, and wait until it is written; on a busy disk not for long."""
        await self._written()
        self.record(batches, now_ms, monotonic, facts)
        await self._written()

    async def _written(self) -> None:
        if self._busy is not None:
            await asyncio.wait([self._busy], timeout=SLOW_S / 2)

    def _open(self, now_ms: int) -> str:
        from tui_monitor.storage.history.writer import History  # whoever only reads does without

        try:
            self._history = History(self._path, retention=self._retention)
        except (sqlite3.Error, OSError, StoreTooNew) as error:
            text = f"the history cannot be kept: {error}"
            self._troubles.raise_(TROUBLE, text)
            return text
        if self._history.moved_aside:
            self._troubles.raise_(
                "history-corrupt", f"the history was corrupt and begun anew; the old file is {self._history.moved_aside.name}"
            )
        return ""

    def _write(self, batches: Sequence[Batch], now_ms: int, facts: tuple[int, bytes] | None) -> str:
        if self._history is None and (text := self._open(now_ms)):
            return text
        assert self._history is not None
        for batch in batches:
            self._history.append(batch.at, batch.samples, batch.lookback_ms)
        if facts is not None:
            self._history.put_facts(*facts)
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
            self._troubles.raise_("history-corrupt", f"the history was corrupt ({error}) and is begun anew; the old file is {aside.name}")
            return f"the history is corrupt: {error}"
        return "the history waits: a reader holds an old state" if self._history.paused else ""

    async def configure(self, settings: StoreSettings) -> None:
        """Take other times and another size; what is too old then goes little by little."""
        self._retention = retention_of(settings)
        await self._in_thread(self._retain_by, self._retention)

    def _retain_by(self, retention: Retention) -> None:
        if self._history is not None:
            self._history.retention = retention

    async def annotate(self, at_ms: int, text: str, author: str) -> None:
        """Mark a moment. Raises StorageFault where it cannot be written."""
        if self._history is not None:
            await self._in_thread(self._annotate, self._history, at_ms, text, author)

    @staticmethod
    def _annotate(history: History, at_ms: int, text: str, author: str) -> None:
        with storage_faults():
            history.annotate(at_ms, text, author)

    async def quick_check(self) -> str:
        """What SQLite finds wrong with the file, "" where all is well; in a thread and on a connection of its own."""
        return await asyncio.to_thread(_quick_check, self._path) if self._path.exists() else ""

    async def close(self, batches: Sequence[Batch], now_ms: int, facts: bytes | None) -> None:
        """Write the rest and close."""
        await self.reading.close()  # first: whoever closes last empties the write-ahead log, and a reader cannot
        await self._in_thread(self._write, [*self._waiting, *batches], now_ms, (now_ms, facts) if facts else None)
        if self._history is not None:
            await self._in_thread(self._history.close)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


def retention_of(settings: StoreSettings) -> Retention:
    """What the configuration says about how long and how much is kept."""
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
