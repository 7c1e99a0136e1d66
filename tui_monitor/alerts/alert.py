"""An alert and what may happen to it: frozen values, stamps in UTC milliseconds. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

AlertState = Literal["pending", "firing", "resolved"]
Change = Literal[
    "pending", "dropped", "firing", "resolved", "raised", "lowered", "acknowledged", "unacknowledged", "ack_expired", "flapping", "updated"
]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who has taken an alert, when, with what note; ``until`` None: until it resolves or its severity rises."""

    by: str
    at: int
    note: str = ""
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of one subject through its life.

    ``fingerprint`` is the hash of the identity labels (a ladder's leave out severity) and stays for ever; ``id`` is short stable
    hex of fingerprint and this episode's begin, so a new firing after a resolve is a new id. ``active_at`` is when the condition
    became true, ``starts_at`` when it fired (0 while pending), ``ends_at`` when it ended.
    """

    id: str
    fingerprint: str
    rule: str
    state: AlertState
    severity: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    value: float | None
    active_at: int
    starts_at: int = 0
    ends_at: int | None = None
    keep_until: int | None = None
    acknowledged: Acknowledgement | None = None
    resolved_by: str = ""
    note: str = ""
    held: bool = False
    """Resolved by hand: stays resolved until its condition has been false once."""
    no_data: bool = False
    flaps: int = 0
    evidence: Mapping[str, object] = field(default_factory=dict)
    suppressed_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The label alertname."""
        return self.labels.get("alertname", "")


@dataclass(frozen=True, slots=True)
class Transition:
    """One step in an alert's life: ``alert`` is the alert after it, ``by`` who caused it ("" = the rule)."""

    at: int
    change: Change
    alert: Alert
    by: str = ""
    note: str = ""
    old_severity: str = ""
