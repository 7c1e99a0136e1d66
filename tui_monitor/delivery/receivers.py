"""Each receiver's own fate: what becomes of a message that some of its receivers have and others do not. Pure but for the table.

A receiver that must be tried again, or never will be, gets a row of its own (a part). So the others have their mail, their resolve does
not wait, and nobody gets a message twice because of a neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_monitor.core.frozen import frozen
from tui_monitor.delivery.merging import MERGEABLE
from tui_monitor.delivery.retry_policy import outcome_of
from tui_monitor.dispatch.message import Message, part_for, part_thread
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.receivers import PartlySent
from tui_monitor.storage.records import OutboxRow, SendResult, notification_id
from tui_monitor.storage.repository import OutboxTable

Part = tuple[Message, SendResult]


@frozen
class Fate:
    """What to write after a send: the row's result, the message where it is for fewer receivers now, and the parts."""

    result: SendResult
    message: Message | None = None
    parts: tuple[Part, ...] = ()


def fate_of(entry: OutboxRow, error: SendError, now_ms: int, jitter: float) -> Fate:
    """What a failed send means for its row, and for each receiver."""
    message = entry.message
    apart = bool(message.to)
    if not isinstance(error, PartlySent):
        return Fate(replace(outcome_of(entry, error, now_ms, jitter), apart=apart))
    results = {receiver: outcome_of(entry, each, now_ms, jitter) for receiver, each in error.failures.items()}
    again = [receiver for receiver, result in results.items() if result.next_try is not None]
    if error.taken:
        return Fate(SendResult("sent", provider_id=error.provider_id, apart=apart), None, _parts(message, results, list(results)))
    if not again:
        return Fate(SendResult("failed", error=error.reason, apart=apart))
    kept = [receiver for receiver in again if results[receiver].state == results[again[0]].state]
    rest = [receiver for receiver in results if receiver not in kept]
    return Fate(replace(results[kept[0]], apart=True), replace(message, to=tuple(kept)), _parts(message, results, rest))


def _parts(message: Message, results: dict[str, SendResult], receivers: Sequence[str]) -> tuple[Part, ...]:
    return tuple((part_for(message, one), replace(results[one], error=f"{one}: {results[one].error}", apart=True)) for one in receivers)


def write_fate(outbox: OutboxTable, ident: str, fate: Fate, now_ms: int) -> None:
    """Inside the caller's transaction: the row and its parts, all or nothing, so that a crash doubles nothing."""
    if fate.message is not None:
        outbox.replace_message(ident, fate.message)
    outbox.record(ident, fate.result, now_ms)
    for message, result in fate.parts:
        part = outbox.add_finished(message, result, now_ms)
        outbox.record(part, result, now_ms)


def row_of(message: Message, result: SendResult, now_ms: int) -> OutboxRow:
    """A part as the row that it would be, for the log and for memory."""
    alerts = tuple(dict.fromkeys(alert.id for alert in message.alerts))
    return OutboxRow(
        notification_id(message.notifier, message.key), message.notifier, message.kind, result.state, 1, result.next_try, now_ms,
        message.created_at, None, "", result.error, result.possible_repeat, None, message.thread, alerts, message.to_json(),
    )  # fmt: skip


def leave_to_parts(outbox: OutboxTable, head: OutboxRow, receivers: Sequence[str], now_ms: int) -> bool:
    """Before its first try, a message leaves out the receivers that still wait for an earlier one of its thread.

    They get it as a part behind that, so that nobody hears of an end before the beginning. True where the row itself has become
    another's (everybody waits).
    """
    message = head.message
    if head.attempts or message.to or not message.thread or len(receivers) < 2:
        return False
    behind = [one for one in receivers if outbox.waiting(head.notifier, MERGEABLE, part_thread(message.thread, one))]
    if not behind:
        return False
    parts = [part_for(message, receiver) for receiver in behind]
    for part in parts:
        outbox.record(outbox.enqueue(part, now_ms), SendResult("queued", now_ms, apart=True), now_ms)
    others = tuple(receiver for receiver in receivers if receiver not in behind)
    if others:
        outbox.replace_message(head.id, replace(message, to=others))
        return False
    outbox.merge([head.id], notification_id(head.notifier, parts[0].key), parts[0])
    return True
