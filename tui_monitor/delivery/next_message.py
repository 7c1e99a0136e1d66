"""Decide which message a notifier sends next: order, rate limit, merging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_monitor.core.frozen import frozen
from tui_monitor.delivery.merging import MERGEABLE, late_pair, merge_pair, summarise
from tui_monitor.delivery.receivers import leave_to_parts
from tui_monitor.dispatch.message import Kind
from tui_monitor.dispatch.wording import late_note
from tui_monitor.notifiers.api import RateLimit
from tui_monitor.storage.records import OutboxRow
from tui_monitor.storage.repository import OutboxTable

IDLE_S = 10.0
"""The longest pause between two looks at the table (another process may have put something there)."""


@frozen
class Claim:
    """The row to send now, or None and how many seconds to wait before looking again."""

    entry: OutboxRow | None
    wait: float = 0.0


def claim_next(outbox: OutboxTable, notifier: str, limit: RateLimit, now_ms: int, receivers: Sequence[str] = ()) -> Claim:
    """Claim the next row of a notifier, inside the caller's transaction; ``receivers``: those that it has of its own."""
    while (head := outbox.next_due(notifier, now_ms)) is not None and _merge_late_pair(outbox, head):
        pass
    if head is None:
        due = outbox.next_due_at(notifier)
        return Claim(None, IDLE_S if due is None else min(IDLE_S, max(0.05, (due - now_ms) / 1000)))
    window = round(limit.window * 1000)
    used, first = outbox.tries_in_window(notifier, now_ms, window)
    if used >= limit.count and first is not None and head.attempts == 0:
        return Claim(None, max(0.05, (first + window - now_ms) / 1000))
    if limit.count - used <= 1 and head.kind in MERGEABLE and not head.possible_repeat:
        _merge_backlog(outbox, notifier)
    if leave_to_parts(outbox, head, receivers, now_ms):
        return Claim(None, 0.05)
    entry = outbox.claim_next(notifier, now_ms)
    return Claim(_with_note(outbox, entry, now_ms), 0.0) if entry else Claim(None, 0.05)


def _merge_late_pair(outbox: OutboxTable, head: OutboxRow) -> bool:
    """A firing that nobody was told of and its resolve, both waiting, become one message in the resolve's place."""
    if head.kind not in ("firing", "reminder") or head.possible_repeat:
        return False
    told: list[Kind] = ["resolved"]
    fresh = [entry for entry in outbox.waiting(head.notifier, told, head.thread) if entry.attempts == 0]
    resolves = [entry for entry in fresh if set(entry.alerts) & set(head.alerts)]
    messages = outbox.messages([entry.id for entry in resolves])
    if count := late_pair(head.message, messages):
        pair = [head.message, *messages[:count]]
        outbox.merge([head.id, *(entry.id for entry in resolves[: count - 1])], resolves[count - 1].id, merge_pair(pair))
    return count > 0


def _merge_backlog(outbox: OutboxTable, notifier: str) -> None:
    """The last message that the rate limit allows speaks for all that wait, but for those that are not for everybody."""
    waiting = outbox.waiting(notifier, MERGEABLE)
    backlog = [(row, message) for row, message in zip(waiting, outbox.messages([row.id for row in waiting]), strict=True) if not message.to]
    if len(backlog) > 1 and backlog[-1][0].attempts == 0:
        outbox.merge([row.id for row, _ in backlog[:-1]], backlog[-1][0].id, summarise([message for _, message in backlog]))


def _with_note(outbox: OutboxTable, entry: OutboxRow, now_ms: int) -> OutboxRow:
    """At its first try a late message gets its note for good, so that every retry has the same body."""
    message = entry.message
    note = late_note(message, now_ms) if entry.attempts == 1 else ""
    if not note:
        return entry
    noted = replace(message, note=note)
    outbox.replace_message(entry.id, noted)
    return replace(entry, payload=noted.to_json())
