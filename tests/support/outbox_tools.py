"""What the tests of the outbox and the notifiers share: a clock turned by hand, a state database, messages."""

from __future__ import annotations

import asyncio
import sqlite3
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tui_monitor.delivery.outbox import OutboxEvent
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.notifiers.api import RateLimit, SendError
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.in_memory.repository import InMemoryRepository
from tui_monitor.storage.records import OutboxRow, UnitOfWork
from tui_monitor.storage.repository import State, write_unit
from tui_monitor.storage.sqlite import connect, migrate, storage_faults
from tui_monitor.storage.state.tables import MIGRATIONS, SqliteState

T = TypeVar("T")
T0 = 1_790_000_000_000
"""2026-09-21 14:13:20 UTC."""


class HandClock:
    """Stands still until turned; sleepers wake when their time has come."""

    def __init__(self, wall_ms: int = T0) -> None:
        self.now = wall_ms
        self.mono = 1000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def wall_ms(self) -> int:
        """The set time."""
        return self.now

    def monotonic(self) -> float:
        """Seconds turned so far."""
        return self.mono

    async def sleep(self, seconds: float) -> None:
        """Until turned past it."""
        if seconds > 0:
            future = asyncio.get_running_loop().create_future()
            self._sleepers.append((self.mono + seconds, future))
            await future

    async def turn(self, seconds: float) -> None:
        """Let time pass and give the woken a chance to run."""
        self.now += round(seconds * 1000)
        self.mono += seconds
        due = [future for deadline, future in self._sleepers if deadline <= self.mono + 1e-9]
        self._sleepers = [(deadline, future) for deadline, future in self._sleepers if future not in due and not future.done()]
        for future in due:
            if not future.done():
                future.set_result(None)
        await settle()


async def settle() -> None:
    """Let everything run that can run without I/O or time."""
    for _ in range(30):
        await asyncio.sleep(0)


class StateTools:
    """What tests do with a state outside of an event loop; ``broken`` makes every use fail, as a full disk does."""

    broken = False

    state: State

    def now(self, work: Callable[[State], T]) -> T:
        """One transaction."""
        raise NotImplementedError

    def put(self, *messages: Message, now: int = T0) -> list[str]:
        """Enqueue messages in one transaction."""
        return self.now(lambda state: [state.outbox.enqueue(message, now) for message in messages])

    def entries(self) -> list[OutboxRow]:
        """All rows, the newest first."""
        return self.state.outbox.newest(10_000)

    def entry(self, ident: str) -> OutboxRow:
        """One row as it is."""
        return next(entry for entry in self.entries() if entry.id == ident)

    def _check(self) -> None:
        if self.broken:
            raise StorageFault("database or disk is full")


class MemoryState(InMemoryRepository, StateTools):  # type: ignore[misc]  # its `state` is of a narrower type
    """A state in memory."""

    def now(self, work: Callable[[State], T]) -> T:
        return self.transact(work)

    def _check(self) -> None:
        StateTools._check(self)


class StateDb(StateTools):
    """A state.db that is worked on in the calling thread."""

    moved_aside = None

    def __init__(self, path: Path | str) -> None:
        self.db = connect(path, synchronous="OFF") if isinstance(path, Path) else sqlite3.connect(path, isolation_level=None)
        weakref.finalize(self, self.db.close)  # an unclosed connection is a ResourceWarning from Python 3.13 on
        migrate(self.db, MIGRATIONS)
        self.state = SqliteState(self.db)

    async def read(self, question: Callable[[State], T]) -> T:
        """Outside of a transaction."""
        self._check()
        with storage_faults():
            return question(self.state)

    async def transaction(self, work: Callable[[State], T], *, durable: bool = True) -> T:
        """One transaction."""
        return self.now(work)

    async def commit(self, unit: UnitOfWork) -> None:
        """A unit of work."""
        self.now(lambda state: write_unit(state, unit))

    async def reopen(self) -> Path | None:
        """Nothing to do."""
        return None

    async def close(self) -> None:
        """Close the file."""
        self.db.close()

    def now(self, work: Callable[[State], T]) -> T:
        self._check()
        with storage_faults():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                result = work(self.state)
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")
            return result


@dataclass
class FakeNotifier:
    """A notifier that records messages; ``plan``: the exceptions of the next sends (None: success)."""

    name: str = "hook"
    rate_limit: RateLimit = field(default_factory=lambda: RateLimit(1000, 60.0))
    timeout: float = 5.0
    plan: list[SendError | BaseException | None] = field(default_factory=list)
    always: SendError | None = None
    sent: list[Message] = field(default_factory=list)
    tried: list[Message] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    repeats: list[bool] = field(default_factory=list)
    gate: asyncio.Event | None = None
    closed: bool = False

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Record the message, or raise as planned."""
        self.tried.append(message)
        self.notes.append(note)
        self.repeats.append(possible_repeat)
        if self.gate is not None:
            await self.gate.wait()
        error = self.plan.pop(0) if self.plan else self.always
        if error is not None:
            raise error
        self.sent.append(message)
        return f"id-{len(self.sent)}"

    async def close(self) -> None:
        """Record the close."""
        self.closed = True


class Events:
    """Collects events and lets a test wait for one."""

    def __init__(self) -> None:
        self.all: list[OutboxEvent] = []
        self._more = asyncio.Event()

    def __call__(self, event: OutboxEvent) -> None:
        """Append an event."""
        self.all.append(event)
        self._more.set()

    async def until(self, count: int, limit_s: float = 5.0) -> list[OutboxEvent]:
        """All events, as soon as there are ``count``."""
        async with asyncio.timeout(limit_s):
            while len(self.all) < count:
                self._more.clear()
                await self._more.wait()
        await settle()
        return self.all


def snapshot(ident: str = "a1", **changes: Any) -> AlertSnapshot:
    """A firing alert."""
    fields: dict[str, Any] = {
        "id": ident,
        "fingerprint": f"f{ident}",
        "status": "firing",
        "severity": "critical",
        "labels": {"alertname": "CheckUnhealthy", "severity": "critical", "host": "web-1", "check": "api"},
        "annotations": {"summary": "api answers 500", "description": "look at its log", "runbook_url": "https://wiki.example.com/api"},
        "value": 2.0,
        "starts_at": T0 - 1000,
    }
    return AlertSnapshot(**{**fields, **changes})


def resolved(ident: str = "a1", **changes: Any) -> AlertSnapshot:
    """The same alert, over."""
    return snapshot(ident, **{"status": "resolved", "ends_at": T0 + 60_000, **changes})


def message(key: str = "k1", **changes: Any) -> Message:
    """A firing message to the notifier "hook"."""
    fields: dict[str, Any] = {
        "key": key,
        "notifier": "hook",
        "kind": "firing",
        "created_at": T0,
        "title": "CheckUnhealthy api on web-1",
        "text": "api answers 500",
        "severity": "critical",
        "host": "web-1",
        "group_key": '{}:{alertname="CheckUnhealthy"}',
        "group_labels": {"alertname": "CheckUnhealthy"},
        "thread": "t1",
        "alerts": (snapshot(),),
    }
    return Message(**{**fields, **changes})
