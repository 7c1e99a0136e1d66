"""The outbox in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.dispatch.message import Kind, Message
from tui_monitor.storage.records import MOST_OF_ALERT, OutboxRow, PrunedRows, SendResult, notification_id
from tui_monitor.storage.repository import KEEP_SENT, KEEP_SENT_MS, LONGEST_SEND_MS


@frozen
class Stored:
    """A row with the columns that only the table has."""

    seq: int
    row: OutboxRow
    aside: bool = False
    apart: bool = False

    @property
    def waits(self) -> bool:
        """Whether it is still to be sent."""
        return self.row.next_try is not None

    @property
    def finished(self) -> bool:
        """Whether the row is in a final state."""
        return not self.waits and self.row.merged_into is None


class InMemoryOutbox:
    """`OutboxTable` in memory."""

    def __init__(self) -> None:
        self._seq = 0
        self._rows: dict[str, Stored] = {}
        self._links: dict[tuple[str, int], None] = {}

    def stored(self) -> list[Stored]:
        """All rows, the oldest first."""
        return list(self._rows.values())

    def linked(self, seq: int) -> list[str]:
        """The alerts that a row is about."""
        return [alert for alert, number in self._links if number == seq]

    def enqueue(self, message: Message, now_ms: int) -> str:
        ident = notification_id(message.notifier, message.key)
        if ident not in self._rows:
            row = OutboxRow(
                ident, message.notifier, message.kind, "queued", 0, now_ms, None, message.created_at, None, "", "", False, None,
                message.thread, _alerts(message), message.to_json(),
            )  # fmt: skip
            self._insert(row)
        return ident

    def _insert(self, row: OutboxRow) -> None:
        self._seq += 1
        self._rows[row.id] = Stored(self._seq, row)
        self._link(self._seq, row.alerts)

    def _link(self, seq: int, alerts: Iterable[str]) -> None:
        self._links |= {(alert, seq): None for alert in alerts}

    def _change(self, ident: str, *, result: SendResult | None = None, **changes: Any) -> None:
        old = self._rows[ident]
        aside, apart = (old.aside, old.apart) if result is None else (result.aside and not result.apart, result.apart)
        self._rows[ident] = Stored(old.seq, replace(old.row, **changes), aside, apart)

    def _of(self, notifier: str) -> Iterator[Stored]:
        return (one for one in self.stored() if one.row.notifier == notifier)

    def add_finished(self, message: Message, result: SendResult, now_ms: int) -> str:
        ident = self.enqueue(message, now_ms)
        sent_at = now_ms if result.state == "sent" else None
        self._change(
            ident, state=result.state, attempts=1, next_try=None, claimed_at=now_ms, sent_at=sent_at, provider_id=result.provider_id,
            error=result.error,
        )  # fmt: skip
        return ident

    def next_due(self, notifier: str, now_ms: int) -> OutboxRow | None:
        earlier: list[Stored] = []
        for one in self._of(notifier):
            if one.waits:
                if _is_due(one.row, now_ms) and not any(_holds(other, one) for other in earlier):
                    return one.row
                earlier.append(one)
        return None

    def claim_next(self, notifier: str, now_ms: int) -> OutboxRow | None:
        due = self.next_due(notifier, now_ms)
        if due is None:
            return None
        self._change(due.id, state="sending", attempts=due.attempts + 1, claimed_at=now_ms, next_try=None)
        return self._rows[due.id].row

    def record(self, ident: str, result: SendResult, now_ms: int) -> None:
        if ident not in self._rows:
            return
        sent_at = now_ms if result.state == "sent" else None
        outcome: dict[str, Any] = {"state": result.state, "sent_at": sent_at, "provider_id": result.provider_id, "error": result.error}
        repeat = self._rows[ident].row.possible_repeat or result.possible_repeat
        self._change(ident, result=result, next_try=result.next_try, possible_repeat=repeat, **outcome)
        if result.next_try is None:
            for one in self.stored():
                if one.row.merged_into == ident:
                    self._change(one.row.id, **outcome)
        if result.state == "sent":
            for one in self._of(self._rows[ident].row.notifier):
                if one.waits and one.aside and not one.row.possible_repeat:
                    self._change(one.row.id, next_try=now_ms)

    def adopt(self, row: OutboxRow) -> None:
        there = self._rows.get(row.id)
        if there is None:
            changes: dict[str, Any] = {"next_try": None, "sent_at": None, "provider_id": "", "error": "", "merged_into": None}
            self._insert(replace(row, state="sending", **changes))
        elif there.row.state == "sending":
            self._change(row.id, kind=row.kind, alerts=row.alerts, payload=row.payload)
            self._link(there.seq, row.alerts)

    def recover(self, now_ms: int, own: Collection[str] = ()) -> int:
        found = [one.row for one in self.stored() if one.row.state == "sending" and one.row.id not in own]
        for row in found:
            if row.possible_repeat:
                self.record(row.id, SendResult("unknown", error="stopped while sending, twice"), now_ms)
            else:
                self._change(row.id, state="unknown", next_try=now_ms, possible_repeat=True, error="stopped while sending")
        return len(found)

    def waiting(self, notifier: str, kinds: Collection[Kind], thread: str | None = None) -> list[OutboxRow]:
        found = (one.row for one in self._of(notifier) if one.waits and not one.row.possible_repeat and one.row.kind in kinds)
        return [_light(row) for row in found if thread is None or row.thread == thread]

    def next_due_at(self, notifier: str) -> int | None:
        waiting = [one for one in self._of(notifier) if one.waits]
        first = next((one for one in waiting if not (one.aside or one.apart)), None)
        return min((one.row.next_try or 0 for one in waiting if one.aside or one.apart or one is first), default=None)

    def tries_in_window(self, notifier: str, now_ms: int, window_ms: int) -> tuple[int, int | None]:
        claims = [(one.row.claimed_at, one.row.sent_at) for one in self._of(notifier) if one.row.claimed_at is not None]
        recent = [(at, sent) for at, sent in claims if now_ms - window_ms - LONGEST_SEND_MS < at <= now_ms]
        answered = [at if sent is None else sent for at, sent in recent]
        inside = [at for at in answered if at > now_ms - window_ms]
        return len(inside), min(inside, default=None)

    def messages(self, idents: Sequence[str]) -> list[Message]:
        return [self._rows[ident].row.message for ident in idents]

    def merge(self, merged: Sequence[str], into: str, message: Message) -> None:
        self._change(into, payload=message.to_json(), alerts=_alerts(message), kind=message.kind)
        self._link(self._rows[into].seq, _alerts(message))
        for ident in merged:
            self._change(ident, state="queued", next_try=None, merged_into=into, error=f"merged into {into}")
            for one in self.stored():
                if one.row.merged_into == ident:
                    self._change(one.row.id, merged_into=into)

    def replace_message(self, ident: str, message: Message) -> None:
        if ident in self._rows:
            self._change(ident, payload=message.to_json())

    def fail_orphans(self, names: Collection[str], now_ms: int, give_up_ms: int) -> int:
        text = "no notifier of this name is configured"
        orphans = [one.row for one in self.stored() if one.waits and one.row.notifier not in names]
        old = [row for row in orphans if row.created_at < now_ms - give_up_ms]
        for row in orphans:
            self._change(row.id, error=text)
        for row in old:
            self.record(row.id, SendResult("failed", error=text), now_ms)
        return len(old)

    def after(self, number: int, limit: int = 100) -> list[tuple[int, OutboxRow]]:
        return [(each.seq, replace(each.row, payload="")) for each in self._rows.values() if each.seq > number][:limit]

    def numbered(self, numbers: Collection[int]) -> list[tuple[int, OutboxRow]]:
        return [(each.seq, replace(each.row, payload="")) for each in self._rows.values() if each.seq in set(numbers)]

    def newest(self, limit: int = 100) -> list[OutboxRow]:
        return [_light(one.row) for one in self.stored()[::-1][:limit]]

    def of_alert(self, alert_id: str, *, payload: bool = False) -> list[OutboxRow]:
        numbers = sorted(number for alert, number in self._links if alert == alert_id)[-MOST_OF_ALERT:]
        found = [one.row for one in self.stored() if one.seq in numbers]
        return found if payload else [_light(row) for row in found]

    def notified(self, notifier: str, alert_ids: Collection[str]) -> list[str]:
        sent = {one.seq for one in self._of(notifier) if one.row.state == "sent"}
        return [ident for ident in alert_ids if any(alert == ident and number in sent for alert, number in self._links)]

    def failing(self, notifier: str, now_ms: int) -> tuple[int, str]:
        claimed = [one for one in self._of(notifier) if one.row.claimed_at is not None]
        success = max((one.row.claimed_at or 0 for one in claimed if one.row.state == "sent"), default=-1)
        later = [one.row for one in claimed if (one.row.claimed_at or 0) > success and one.row.kind != "test" and not one.apart]
        tried = [row for row in later if row.state != "sent" and row.attempts > (row.state == "sending")]
        if not tried:
            return 0, ""
        reasons = [(row.claimed_at or 0, row.error) for row in later if row.error and row.merged_into is None]
        since = max(min(row.created_at for row in tried), success if success >= 0 else 0)
        until = max(_failed_until(row, now_ms) for row in tried)
        return max(0, until - since), max(reasons, key=lambda reason: reason[0], default=(0, ""))[1]

    def prune(self, now_ms: int, *, keep_rows: int = KEEP_SENT, keep_ms: int = KEEP_SENT_MS) -> PrunedRows:
        sent = self._prune(lambda row: row.state == "sent", now_ms - keep_ms, keep_rows)
        unsent = self._prune(lambda row: row.state in ("failed", "unknown"), now_ms - keep_ms, keep_rows)
        if sent or unsent:
            ids = {None, *self._rows}
            self._rows = {ident: one for ident, one in self._rows.items() if one.row.merged_into in ids}
            numbers = {one.seq for one in self.stored()}
            self._links = {link: None for link in self._links if link[1] in numbers}
        return PrunedRows(sent, unsent)

    def _prune(self, chosen: Callable[[OutboxRow], bool], before_ms: int, keep: int) -> int:
        finished = [one for one in self.stored()[::-1] if one.finished and chosen(one.row)]
        old = [one.row.id for place, one in enumerate(finished) if place >= keep or one.row.created_at < before_ms]
        for ident in old:
            del self._rows[ident]
        return len(old)


def _alerts(message: Message) -> tuple[str, ...]:
    return tuple(dict.fromkeys(alert.id for alert in message.alerts))


def _light(row: OutboxRow) -> OutboxRow:
    return replace(row, payload="")


def _is_due(row: OutboxRow, now_ms: int) -> bool:
    """Also after a backward clock step: a first try waits for nothing, a claim from the future means that the clock was set back."""
    return row.attempts == 0 or (row.next_try or 0) <= now_ms or (row.claimed_at is not None and row.claimed_at > now_ms)


def _holds(earlier: Stored, one: Stored) -> bool:
    """Whether an earlier waiting row blocks a later one."""
    return not (earlier.aside or earlier.apart) or (earlier.row.thread != "" and earlier.row.thread == one.row.thread)


def _failed_until(row: OutboxRow, now_ms: int) -> int:
    if row.next_try is None and row.state != "sending":
        return now_ms
    return min(now_ms, row.next_try if row.next_try is not None else row.claimed_at or 0)
