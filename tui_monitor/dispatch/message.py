"""Messages as the outbox stores them: complete for every channel, fixed at the time of the event. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, field, replace
from typing import Any, Literal

from tui_monitor.core.frozen import frozen

Kind = Literal["firing", "resolved", "reminder", "test", "message"]
State = Literal["queued", "sending", "sent", "retrying", "unknown", "failed"]
_PART = "\n"
"""Stands between a message's key or thread and the one receiver that a part is for."""


@frozen
class AlertSnapshot:
    """One alert as it was when the message was made. Stamps are UTC milliseconds; ``ends_at`` None: still firing."""

    id: str
    fingerprint: str
    status: Literal["firing", "resolved"]
    severity: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    value: float | None
    starts_at: int
    ends_at: int | None = None
    acknowledged_by: str = ""
    evidence: tuple[str, ...] = ()
    affected: int = 0
    """How many other alerts this one explains (children muted by depends_on or inhibition)."""
    threshold: float | None = None
    """The limit that the value has passed, in the value's own unit; None: the rule compares with no number."""
    unit: str = ""
    """ratio, seconds, bytes, bytes_per_second, health, duration or ""."""


@frozen
class Message:
    """One message to one notifier. ``key`` is the idempotency key: the same on every retry, new for a reminder.

    ``title`` and ``text`` are plain text made at event time (no markup); channels lay out ``alerts`` themselves where
    they can and fall back to these. ``thread`` is stable from the firing to the resolve of the same group.
    ``held_back`` counts alerts or messages that a rate limit kept out ("and 37 more").
    """

    key: str
    notifier: str
    kind: Kind
    created_at: int
    title: str
    text: str
    severity: str = "info"
    host: str = ""
    group_key: str = ""
    group_labels: Mapping[str, str] = field(default_factory=dict)
    thread: str = ""
    opens: bool = False
    """The first of its thread."""
    alerts: tuple[AlertSnapshot, ...] = ()
    held_back: int = 0
    language: str = "en"
    link: str = ""
    merged: int = 0
    """How many further queued messages this one stands for (a late firing with its resolve, a rate limit's summary)."""
    note: str = ""
    """What the outbox found out at the first try ("was down 03:10–03:22, delivered 03:25"); fixed so that retries are identical."""
    to: tuple[str, ...] = ()
    """Receivers of the notifier that it is for; (): all of them."""
    service: str = ""
    environment: str = ""
    footer: str = ""
    """The last line on every channel, "" for none; it is no part of ``text``."""
    html: str = ""
    """A whole HTML page in place of the channel's own, "" for none; ``images``: its pictures (PNG, base64) by content id."""
    images: Mapping[str, str] = field(default_factory=dict)
    report: str = ""
    """A report as JSON text, for channels that send data."""

    @property
    def whole_key(self) -> str:
        """The key of the message that this one is a part of (`part_for`), else its own."""
        return self.key.partition(_PART)[0]

    @property
    def whole_thread(self) -> str:
        """The thread of the message that this one is a part of, else its own."""
        return self.thread.partition(_PART)[0]

    def to_json(self) -> str:
        """The message as one JSON text, for the outbox; undecodable bytes in external text become "?" so that it can be stored."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")).encode(errors="replace").decode()

    @staticmethod
    def from_json(text: str) -> Message:
        """The message that `to_json` wrote."""
        raw: dict[str, Any] = json.loads(text)
        alerts = tuple(AlertSnapshot(**{**entry, "evidence": tuple(entry["evidence"])}) for entry in raw.pop("alerts"))
        return Message(**{**raw, "to": tuple(raw.get("to", ()))}, alerts=alerts)


def part_thread(thread: str, receiver: str) -> str:
    """The thread of what one receiver still waits for in a thread."""
    return f"{thread}{_PART}{receiver}"


def part_for(message: Message, receiver: str) -> Message:
    """The message for one of its receivers alone, in a thread of its own: it holds nobody else's messages back."""
    if message.thread == part_thread(message.whole_thread, receiver):
        return message
    key = f"{message.key}{_PART}{receiver}"
    return replace(message, key=key, thread=part_thread(message.thread, receiver), to=(receiver,))
