"""`StateRepository` in memory: for unit tests, and proof that callers use the interface only."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tui_monitor.dispatch.message import Kind
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.in_memory.alerts import InMemoryAlerts
from tui_monitor.storage.in_memory.outbox import InMemoryOutbox
from tui_monitor.storage.in_memory.tables import (
    InMemoryAddedRules,
    InMemoryAudit,
    InMemoryCommands,
    InMemoryCursors,
    InMemoryDispatch,
    InMemoryPanels,
    InMemoryPings,
    InMemoryProcesses,
    InMemoryReports,
    InMemoryTokens,
)
from tui_monitor.storage.records import FiredAlert, FiringHistory, UnitOfWork
from tui_monitor.storage.repository import FOREVER_MS, State, write_unit

T = TypeVar("T")


class InMemoryState:
    """`State` in memory. The tables hold immutable values only, so that a shallow copy of them is a snapshot."""

    def __init__(self) -> None:
        self.alerts = InMemoryAlerts()
        self.outbox = InMemoryOutbox()
        self.dispatch = InMemoryDispatch()
        self.commands = InMemoryCommands()
        self.audit = InMemoryAudit()
        self.panels = InMemoryPanels()
        self.pings = InMemoryPings()
        self.processes = InMemoryProcesses()
        self.tokens = InMemoryTokens()
        self.added_rules = InMemoryAddedRules()
        self.cursors = InMemoryCursors()
        self.reports = InMemoryReports()

    def firing_history(self, since_ms: int, until_ms: int = FOREVER_MS) -> FiringHistory:
        alerts = self.alerts.every()
        begun = [one for one in alerts if one.starts_at < until_ms]
        fired = [one for one in begun if one.starts_at >= since_ms or (one.state == "firing" and one.starts_at > 0)]
        return FiringHistory(
            [
                FiredAlert(one.name, one.id, one.fingerprint, one.severity, one.starts_at, one.ends_at, one.labels)
                for one in sorted(fired, key=lambda one: one.starts_at)
            ],
            self.alerts.counts("acknowledged", since_ms, until_ms),
            self.alerts.counts("flapping", since_ms, until_ms),
            self._messages(since_ms, until_ms, {one.id: one.name for one in alerts}),
        )

    def _messages(self, since_ms: int, until_ms: int, names: dict[str, str]) -> list[tuple[str, int, Kind]]:
        told = [one for one in self.outbox.stored() if since_ms <= one.row.created_at < until_ms and one.row.merged_into is None]
        gone = [one for one in told if one.row.state in ("sent", "unknown")]
        return [(names[alert], one.seq, one.row.kind) for one in gone for alert in self.outbox.linked(one.seq) if alert in names]

    def snapshot(self) -> list[tuple[object, dict[str, Any]]]:
        """A snapshot for `restore`."""
        return [(table, {name: copy.copy(value) for name, value in vars(table).items()}) for table in vars(self).values()]

    @staticmethod
    def restore(saved: list[tuple[object, dict[str, Any]]]) -> None:
        """Return to a snapshot."""
        for table, values in saved:
            vars(table).update(values)


class InMemoryRepository:
    """`StateRepository` in memory. ``fault``: while it is set, every use raises it, as a full disk would."""

    def __init__(self) -> None:
        self.state = InMemoryState()
        self.fault: StorageFault | None = None
        self.moved_aside: Path | None = None
        self._closed = False

    async def read(self, question: Callable[[State], T]) -> T:
        self._check()
        return question(self.state)

    async def transaction(self, work: Callable[[State], T], *, durable: bool = True) -> T:
        return self.transact(work)

    def transact(self, work: Callable[[State], T]) -> T:
        """`transaction` outside of an event loop."""
        self._check()
        saved = self.state.snapshot()
        try:
            return work(self.state)
        except BaseException:
            self.state.restore(saved)
            raise

    async def commit(self, unit: UnitOfWork) -> None:
        self.transact(lambda state: write_unit(state, unit))

    async def reopen(self) -> Path | None:
        return None

    async def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self._closed:
            raise StorageFault("the state store is closed")
        if self.fault is not None:
            raise self.fault
