"""Decide what a notifier sends next: order, rate limit, merging; and what a failed send means for the next try."""

from __future__ import annotations

from dataclasses import replace

from tui_monitor.core.frozen import frozen
from tui_monitor.delivery.merging import MERGEABLE, late_pair, merge_pair, summarise
from tui_monitor.dispatch.message import Kind
from tui_monitor.dispatch.wording import late_note
from tui_monitor.notifiers.base import RateLimit, SendError
from tui_monitor.storage.records import OutboxRow, SendResult
from tui_monitor.storage.repository import OutboxTable

IDLE_S = 10.0
"""The longest pause between two looks at the table (another process may have put something there)."""
FIRST_RETRY_S = 2.0
UNKNOWN_RETRY_S = 5.0
"""The one retry of a send that may have been delivered: a little later, for it is the only one."""
LONGEST_RETRY_S = 300.0
GIVE_UP_MS = 24 * 3600 * 1000
GIVE_UP_ATTEMPTS = 10
"""Fewer tries than this never give up: after a long stop of the monitor the first try is already late."""
ASIDE_ATTEMPTS = 5
"""So many refusals by a service that answers let later messages of other threads pass."""


@frozen
class Taken:
    """The row to send now, or None and how many seconds to wait before looking again."""

    entry: OutboxRow | None
    wait: float = 0.0


def take(outbox: OutboxTable, notifier: str, limit: RateLimit, now_ms: int) -> Taken:
    """Claim the next row of a notifier, inside the caller's transaction."""
    while (head := outbox.next_due(notifier, now_ms)) is not None and _merge_late_pair(outbox, head):
        pass
    if head is None:
        due = outbox.next_due_at(notifier)
        return Taken(None, IDLE_S if due is None else min(IDLE_S, max(0.05, (due - now_ms) / 1000)))
    window = round(limit.window * 1000)
    used, first = outbox.tries_in_window(notifier, now_ms, window)
    if used >= limit.count and first is not None and head.attempts == 0:
        return Taken(None, max(0.05, (first + window - now_ms) / 1000))
    if limit.count - used <= 1 and head.kind in MERGEABLE and not head.possible_repeat:
        _merge_backlog(outbox, notifier)
    entry = outbox.claim_next(notifier, now_ms)
    return Taken(_with_note(outbox, entry, now_ms), 0.0) if entry else Taken(None, 0.05)


def judge(entry: OutboxRow, error: SendError, now_ms: int, jitter: float) -> SendResult:
    """What a failed send means for its row; ``jitter`` is a random number from 0 to 1.

    Unknown (maybe delivered) gets exactly one retry, marked as a possible repeat; a retry that certainly was not delivered does
    not use it up. What cannot help is not tried again; the rest backs off from 2 s to 5 min, or waits as long as the service asked
    where that is longer: a service that asks for 0 s was tried 78 times in 20 s.
    """
    if error.maybe_delivered:
        if entry.possible_repeat:
            return SendResult("unknown", error=f"{error.reason} (after its one retry)", possible_repeat=True)
        return SendResult("unknown", now_ms + _milliseconds(UNKNOWN_RETRY_S, jitter), error=error.reason, possible_repeat=True)
    if error.permanent:
        return SendResult("failed", error=error.reason)
    if now_ms - entry.created_at > GIVE_UP_MS and entry.attempts >= GIVE_UP_ATTEMPTS:
        return SendResult("failed", error=f"gave up after {entry.attempts} tries: {error.reason}")
    pause = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(max(entry.attempts, 1) - 1, 10))
    own = _milliseconds(pause, jitter)
    if error.retry_after is not None:
        asked = round((error.retry_after + jitter * 0.5) * 1000)
        return SendResult("retrying", now_ms + max(own, asked), error=error.reason)
    aside = error.answered and entry.attempts >= ASIDE_ATTEMPTS
    return SendResult("retrying", now_ms + own, error=error.reason, aside=aside)


def _milliseconds(seconds: float, jitter: float) -> int:
    return round(seconds * (0.8 + 0.4 * jitter) * 1000)


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
    """The last message that the rate limit allows speaks for all that wait."""
    backlog = outbox.waiting(notifier, MERGEABLE)
    if len(backlog) > 1 and backlog[-1].attempts == 0:
        messages = outbox.messages([entry.id for entry in backlog])
        outbox.merge([entry.id for entry in backlog[:-1]], backlog[-1].id, summarise(messages))


def _with_note(outbox: OutboxTable, entry: OutboxRow, now_ms: int) -> OutboxRow:
    """At its first try a late message gets its note for good, so that every retry has the same body."""
    message = entry.message
    note = late_note(message, now_ms) if entry.attempts == 1 else ""
    if not note:
        return entry
    noted = replace(message, note=note)
    outbox.replace_message(entry.id, noted)
    return replace(entry, payload=noted.to_json())
