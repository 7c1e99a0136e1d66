"""The dispatcher's state (notified states, groups, waits) and the plan that one round returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tui_monitor.alerts.alert import Alert
from tui_monitor.core.audit import Audit
from tui_monitor.core.frozen import frozen
from tui_monitor.core.mute_reason import MuteReason, parse_mute_reason
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.routing import Route
from tui_monitor.dispatch.silences import Silence

GroupId = tuple[str, str]
"""A group's key and the notifier: each notifier has its own rhythm."""


@frozen
class NotifiedState:
    """The notified state of a firing alert: its severity as last sent to a notifier, when (UTC ms), and in which group."""

    severity: str
    at: int
    group: str
    flapping: bool = False


@frozen
class Destination:
    """A destination of an alert: a group of one notifier. ``orphan``: no route leads there any more, only the end is still sent."""

    group: str
    route: Route
    closed: bool = False
    """Outside the route's active times."""
    orphan: bool = False
    escalated_after: int = 0
    """Milliseconds without an acknowledgement after which it was added, 0: it is no escalation."""


class Wait(NamedTuple):
    """The wait of a firing alert that is held back, until (UTC ms) at the latest.

    "verdict": for the verdict about its parents; "settle": for its own recovery after ``parent``'s; "": it does not wait.
    """

    kind: Literal["", "verdict", "settle"] = ""
    parent: str = ""
    until: int = 0


NO_WAIT = Wait()


@frozen
class TrackRow:
    """A tracked alert as it is stored: enough to send its end even when nobody else knows it any more."""

    alert: Alert
    acked: bool = False
    suppressed_by: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    clock_at: int = 0
    woken_at: int = 0
    wait_for: str = ""
    wait_until: int = 0
    blocked: tuple[str, ...] = ()


@dataclass(slots=True)
class TrackedAlert:
    """An alert that fires, or that ended and whose end is still to be sent. Only `DispatchMemory` changes it.

    ``clock_at``: since when it counts as unacknowledged; ``woken_at``: when an acknowledgement ran out; ``held_by``: what last
    held it back; ``blocked``: notifiers whose rate limit holds it back.
    """

    alert: Alert
    labels: Mapping[str, str]
    acked: bool = False
    suppressed_by: tuple[MuteReason, ...] = ()
    held_by: tuple[MuteReason, ...] = ()
    clock_at: int = 0
    woken_at: int = 0
    wait: Wait = NO_WAIT
    blocked: set[str] = field(default_factory=set)
    notified: dict[str, NotifiedState] = field(default_factory=dict)
    destinations: dict[str, Destination] = field(default_factory=dict)

    @property
    def firing(self) -> bool:
        """Whether it has not ended."""
        return self.alert.state == "firing"

    def row(self) -> TrackRow:
        """What is stored of it."""
        return TrackRow(
            self.alert, self.acked, tuple(map(str, self.suppressed_by)), tuple(map(str, self.held_by)), self.clock_at, self.woken_at,
            f"{self.wait.kind}:{self.wait.parent}" if self.wait.parent else self.wait.kind, self.wait.until, tuple(sorted(self.blocked)),
        )  # fmt: skip


Tracked = Mapping[str, TrackedAlert]
"""All tracked alerts by id, for stages that only read them."""


def tracked_of(row: TrackRow) -> TrackedAlert:
    """The tracked alert that `TrackedAlert.row` described, without its notified states and destinations."""
    kind, _, parent = row.wait_for.partition(":")
    return TrackedAlert(
        row.alert,
        match_labels(row.alert),
        row.acked,
        tuple(map(parse_mute_reason, row.suppressed_by)),
        tuple(map(parse_mute_reason, row.held_by)),
        row.clock_at,
        row.woken_at,
        Wait("settle" if kind == "settle" else "verdict" if kind else "", parent, row.wait_until),
        set(row.blocked),
    )


def match_labels(alert: Alert) -> Mapping[str, str]:
    """The labels that matchers see: the alert's own, with the severity that it has now."""
    return alert.labels if alert.labels.get("severity") == alert.severity else {**alert.labels, "severity": alert.severity}


@frozen
class GroupRow:
    """A group as it is stored. Stamps are UTC ms, 0: never / not waiting."""

    opened_at: int = 0
    last_sent_at: int = 0
    wait_until: int = 0
    sent: int = 0


@dataclass(slots=True)
class Group:
    """The alerts that are sent to one notifier together. ``due``: when to look at it again; None: when something changes."""

    id: GroupId
    route: Route
    labels: Mapping[str, str]
    opened_at: int = 0
    last_sent_at: int = 0
    wait_until: int = 0
    sent: int = 0
    due: int | None = None
    members: dict[str, None] = field(default_factory=dict)

    def row(self) -> GroupRow:
        """What is stored of it."""
        return GroupRow(self.opened_at, self.last_sent_at, self.wait_until, self.sent)


@frozen
class RateRow:
    """A rule's notifications to one notifier: when (UTC ms, inside the window), and how many alerts came and went without a message."""

    times: tuple[int, ...] = ()
    held: int = 0


@frozen
class RefireRow:
    """What a notifier was last told of the firing of one fingerprint: severity, when (UTC ms), and how often it came back untold since."""

    severity: str
    at: int
    came_back: int = 0


Refires = Mapping[tuple[str, str], RefireRow]
"""(fingerprint, notifier) → what counts against the route's `refire_interval`."""


@frozen
class Plan:
    """The result of one round. The mappings hold every row that changed since the last `Dispatcher.committed`; None: delete it."""

    messages: tuple[Message, ...] = ()
    notified: Mapping[tuple[str, str], NotifiedState | None] = field(default_factory=dict)
    suppression: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    audit: tuple[Audit, ...] = ()
    tracked: Mapping[str, TrackRow | None] = field(default_factory=dict)
    groups: Mapping[GroupId, GroupRow | None] = field(default_factory=dict)
    rates: Mapping[tuple[str, str], RateRow | None] = field(default_factory=dict)
    silences: Mapping[str, Silence | None] = field(default_factory=dict)
    generation: int = 0
    refires: Mapping[tuple[str, str], RefireRow | None] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to save and nothing to send."""
        return not (
            self.messages
            or self.notified
            or self.suppression
            or self.audit
            or self.tracked
            or self.groups
            or self.rates
            or self.silences
            or self.refires
        )


@frozen
class StoredDispatch:
    """All stored rows, as a dispatcher restores them."""

    notified: Mapping[tuple[str, str], NotifiedState] = field(default_factory=dict)
    tracked: Mapping[str, TrackRow] = field(default_factory=dict)
    groups: Mapping[GroupId, GroupRow] = field(default_factory=dict)
    rates: Mapping[tuple[str, str], RateRow] = field(default_factory=dict)
    silences: Mapping[str, Silence] = field(default_factory=dict)
    refires: Refires = field(default_factory=dict)
