"""Messages that the state database could not take: kept in memory, in order, bounded, until they are sent."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from tui_monitor.delivery.merging import MERGEABLE, summarise
from tui_monitor.dispatch.message import Message
from tui_monitor.storage.records import OutboxRow, notification_id

_MOST = 1000


class MemoryQueue:
    """One notifier's messages in memory."""

    def __init__(self) -> None:
        self._waiting: deque[OutboxRow] = deque()
        self._out: OutboxRow | None = None

    def __contains__(self, ident: str) -> bool:
        return any(entry.id == ident for entry in self.entries)

    @property
    def entries(self) -> tuple[OutboxRow, ...]:
        """All of them, the one that is being sent first."""
        return (*([self._out] if self._out else []), *self._waiting)

    def add(self, message: Message, now_ms: int) -> None:
        """Take a new message."""
        alerts = tuple(alert.id for alert in message.alerts)
        self._waiting.append(
            OutboxRow(
                notification_id(message.notifier, message.key), message.notifier, message.kind, "queued", 0, now_ms, None,
                message.created_at, None, "", "", False, None, message.thread, alerts, message.to_json(),
            )
        )  # fmt: skip

    def add_row(self, row: OutboxRow) -> None:
        """Take one that was tried already and is to be tried again."""
        self._waiting.append(row)

    def bound(self, most_alone: int) -> None:
        """Bound the queue: more than ``most_alone`` untried messages become one summary; of all others the oldest are dropped."""
        fresh = [entry for entry in self._waiting if entry.kind in MERGEABLE and not entry.attempts]
        if len(fresh) > most_alone:
            self._summarise(fresh)
        while len(self._waiting) > _MOST:
            self._waiting.popleft()

    def put_back(self, entry: OutboxRow) -> None:
        """Keep one that must be tried again, in front of the others."""
        self._out = None
        self._waiting.appendleft(entry)

    def wait(self, now_ms: int) -> float | None:
        """Seconds until the first is due, 0 when it is; None: nothing waits. A try from the future means that the clock was set back."""
        if not self._waiting:
            return None
        first = self._waiting[0]
        return 0.0 if (first.claimed_at or 0) > now_ms else max(0.0, ((first.next_try or 0) - now_ms) / 1000)

    def pop(self, now_ms: int) -> OutboxRow:
        """The first message, as being tried once more; call `put_back` or `done` afterwards."""
        entry = self._waiting.popleft()
        self._out = replace(entry, attempts=entry.attempts + 1, claimed_at=now_ms)
        return self._out

    def done(self) -> None:
        """Finish the popped message."""
        self._out = None

    def _summarise(self, fresh: list[OutboxRow]) -> None:
        summary = summarise([entry.message for entry in fresh])
        alerts = tuple(alert.id for alert in summary.alerts)
        merged = replace(fresh[-1], kind=summary.kind, alerts=alerts, payload=summary.to_json())
        kept = [entry for entry in self._waiting if entry.attempts or entry.kind not in MERGEABLE]
        self._waiting.clear()
        self._waiting.extend([*kept, merged])
