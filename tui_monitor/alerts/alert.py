"""Alerts, rungs and transitions: frozen values, stamps in UTC milliseconds. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from tui_monitor.alerts.measure import NO_MEASURE, Measure
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Labels

AlertState = Literal["pending", "firing", "resolved"]
Change = Literal[
    "pending",
    "dropped",
    "firing",
    "resolved",
    "raised",
    "lowered",
    "acknowledged",
    "unacknowledged",
    "ack_expired",
    "flapping",
    "action",
    "updated",
]
_MAY_WAIT = frozenset({"pending", "dropped", "updated"})


@frozen
class Acknowledgement:
    """An acknowledgement of an alert: by whom, when, with what note; ``until`` None: until it resolves or its severity rises."""

    by: str
    at: int
    note: str = ""
    until: int | None = None


@frozen
class Rung:
    """The progress of one rule's condition for one subject: wall stamps, so that they survive a restart.

    ``since``: when the condition became true. ``active``: it has held for the rule's ``for``. ``keep_until``: the condition
    is false and the rung stays until then (``keep_firing_for``). ``sample``: the series it is about, without its name.
    """

    since: int
    active: bool = False
    keep_until: int | None = None
    sample: Labels = ()


@frozen
class Peak:
    """The gravest severity of an alert that was lowered since, and its summary when it got that severity."""

    severity: str
    summary: str = ""


@frozen
class Alert:
    """One alert of one subject, from pending to resolved.

    ``fingerprint`` is the hash of the identity labels (a ladder's leave out severity) and stays for ever; ``id`` is short stable
    hex of fingerprint and this episode's begin, so a new firing after a resolve is a new id. ``rule`` is the key of the ladder.
    ``active_at`` is when the condition became true, ``starts_at`` when it fired (0 while pending), ``ends_at`` when it ended.
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
    """Its series is missing: the alert holds."""
    flaps: int = 0
    """While flapping: how often it has fired within the window and since."""
    evidence: Mapping[str, object] = field(default_factory=dict)
    suppressed_by: tuple[str, ...] = ()
    rungs: Mapping[str, Rung] = field(default_factory=dict)
    """Rule key → its progress."""
    digest: str = ""
    """Of the ladder's expressions and labels: another digest after a restart means that the rule was changed."""
    due_at: int | None = None
    """Until when somebody has to acknowledge it, from its firing or its last rise; None: no response time is set."""
    actions: Mapping[str, str] = field(default_factory=dict)
    """Programs that were started for this firing, by name, with their results; "" for one that runs, or that a restart has cut off."""
    measure: Measure = NO_MEASURE
    """Metric, unit and limit of the rule that ``value`` is of."""
    peak: Peak | None = None
    """Where it was graver before than it is now; None: it never was."""

    @property
    def gravest(self) -> Peak:
        """The gravest severity that it has had, with the summary of that time; severity and summary of now where it never was graver."""
        return self.peak or Peak(self.severity, self.annotations.get("summary", ""))

    @property
    def listed(self) -> Peak:
        """Severity and summary for lists: those of now, of one that has ended the gravest that it had."""
        return self.gravest if self.state == "resolved" else Peak(self.severity, self.annotations.get("summary", ""))

    @property
    def still_true(self) -> bool:
        """Whether it was resolved by hand while its condition was true, and not only kept (`keep_firing_for`, flapping)."""
        return self.held and any(rung.keep_until is None for rung in self.rungs.values())

    @property
    def name(self) -> str:
        """The label alertname."""
        return self.labels.get("alertname", "")


@frozen
class Transition:
    """One step in an alert's life: ``alert`` is the alert after it, ``by`` who caused it ("" = the rule)."""

    at: int
    change: Change
    alert: Alert
    by: str = ""
    note: str = ""
    old_severity: str = ""

    @property
    def urgent(self) -> bool:
        """Whether it must be committed at once; pending, dropped and updated may wait and merge (store.alerts.Unsaved)."""
        return self.change not in _MAY_WAIT


def labels_text(labels: Mapping[str, str]) -> str:
    """The labels that differ between the alerts of a rule: "check=api team=db", without name, severity and host."""
    return " ".join(f"{key}={value}" for key, value in labels.items() if key not in ("alertname", "severity", "host"))
