"""A message as the outbox keeps it: all that any channel needs, fixed at the moment of the event. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any, Literal

from tui_monitor.core.frozen import frozen

Kind = Literal["firing", "resolved", "reminder", "test", "message"]
State = Literal["queued", "sending", "sent", "retrying", "unknown", "failed"]


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

    def to_json(self) -> str:
        """The message as one JSON text, for the outbox; undecodable bytes in external text become "?" so that it can be stored."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")).encode(errors="replace").decode()

    @staticmethod
    def from_json(text: str) -> Message:
        """The message that `to_json` wrote."""
        raw: dict[str, Any] = json.loads(text)
        alerts = tuple(AlertSnapshot(**{**entry, "evidence": tuple(entry["evidence"])}) for entry in raw.pop("alerts"))
        return Message(**raw, alerts=alerts)
