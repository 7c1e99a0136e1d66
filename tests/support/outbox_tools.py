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
from tui_monitor.notifiers.base import RateLimit, SendError
from tui_monitor.storage.sqlite import connect, migrate
from tui_monitor.storage.state import outbox as rows

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


class StateDb:
    """A state.db with the outbox's table; ``broken`` makes every commit fail, as a full disk does."""

    def __init__(self, path: Path) -> None:
        self.db = connect(path, synchronous="OFF")
        weakref.finalize(self, self.db.close)  # an unclosed connection is a ResourceWarning from Python 3.13 on
        migrate(self.db, [rows.MIGRATION])
        self.broken = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction."""
        return self.now(work)

    def now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The same, for tests outside the loop."""
        if self.broken:
            raise sqlite3.OperationalError("database or disk is full")
        self.db.execute("BEGIN IMMEDIATE")
        try:
            result = work(self.db)
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")
        return result

    def put(self, *messages: Message, now: int = T0) -> list[str]:
        """Enqueue messages in one transaction."""
        return self.now(lambda db: [rows.enqueue(db, message, now) for message in messages])

    def entry(self, ident: str) -> rows.Entry:
        """One row as it is."""
        return next(entry for entry in rows.list_entries(self.db, 10_000) if entry.id == ident)


@dataclass
class FakeNotifier:
    """Keeps what it is given; ``plan`` holds what the next sends raise (None: goes well)."""

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
        """Go by the plan."""
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
        """Remember it."""
        self.closed = True


class Events:
    """Collects events and lets a test wait for one."""

    def __init__(self) -> None:
        self.all: list[OutboxEvent] = []
        self._more = asyncio.Event()

    def __call__(self, event: OutboxEvent) -> None:
        """Take one."""
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
