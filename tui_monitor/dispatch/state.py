"""What the planner remembers: who was told what, groups, holds; and what one round of planning gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui_monitor.alerts.alert import Alert
from tui_monitor.core.audit import Audit
from tui_monitor.core.frozen import frozen
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.routing import Route
from tui_monitor.dispatch.silences import Silence

GroupId = tuple[str, str]
"""A group's key and the notifier: each notifier has its own rhythm."""


@frozen
class Told:
    """What a notifier knows of an alert that fires: ``severity`` as it was told, ``at`` (UTC ms) the last time, in which group."""

    severity: str
    at: int
    group: str
    flapping: bool = False


@frozen
class Place:
    """Where an alert is told to one notifier. ``orphan``: no route leads there any more, only what was told is ended."""

    group: str
    route: Route
    closed: bool = False
    orphan: bool = False
    escalated_after: int = 0


@frozen
class TrackRow:
    """A followed alert as it is stored: enough to tell its end even when nobody else knows it any more."""

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
class Track:
    """An alert that fires, or that ended and whose end is still to be told.

    ``clock_at``: since when it counts as unacknowledged; ``woken_at``: when an acknowledgement ran out; ``held_by``: what last
    kept it back; ``wait_for`` and ``wait_until``: the wait for a parent's verdict ("verdict") or for its own recovery after
    the parent's ("settle"); ``blocked``: notifiers whose rate limit keeps it back.
    """

    alert: Alert
    labels: Mapping[str, str]
    acked: bool = False
    suppressed_by: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    clock_at: int = 0
    woken_at: int = 0
    wait_for: str = ""
    wait_until: int = 0
    blocked: set[str] = field(default_factory=set)
    told: dict[str, Told] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def firing(self) -> bool:
        """Whether it has not ended."""
        return self.alert.state == "firing"

    def row(self) -> TrackRow:
        """What is stored of it."""
        return TrackRow(
            self.alert, self.acked, self.suppressed_by, self.held_by, self.clock_at, self.woken_at,
            self.wait_for, self.wait_until, tuple(sorted(self.blocked)),
        )  # fmt: skip


def track_of(row: TrackRow) -> Track:
    """The track that `Track.row` described, without its told and places."""
    return Track(
        row.alert, match_labels(row.alert), row.acked, row.suppressed_by, row.held_by, row.clock_at, row.woken_at,
        row.wait_for, row.wait_until, set(row.blocked),
    )  # fmt: skip


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
    """The alerts that one notifier hears of together. ``due``: when to look at it again; None: when something changes."""

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
    """A rule's notifications to one notifier: when (UTC ms, inside the window), and how many alerts came and went unheard."""

    times: tuple[int, ...] = ()
    held: int = 0


@frozen
class Plan:
    """What one round decided. The mappings hold every row that changed since the last `Planner.committed`; None: delete it."""

    messages: tuple[Message, ...] = ()
    told: Mapping[tuple[str, str], Told | None] = field(default_factory=dict)
    suppression: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    audit: tuple[Audit, ...] = ()
    tracks: Mapping[str, TrackRow | None] = field(default_factory=dict)
    groups: Mapping[GroupId, GroupRow | None] = field(default_factory=dict)
    rates: Mapping[tuple[str, str], RateRow | None] = field(default_factory=dict)
    silences: Mapping[str, Silence | None] = field(default_factory=dict)
    generation: int = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to save and nothing to send."""
        return not (
            self.messages or self.told or self.suppression or self.audit or self.tracks or self.groups or self.rates or self.silences
        )


@frozen
class Remembered:
    """All rows of the store, as a planner takes them up."""

    told: Mapping[tuple[str, str], Told] = field(default_factory=dict)
    tracks: Mapping[str, TrackRow] = field(default_factory=dict)
    groups: Mapping[GroupId, GroupRow] = field(default_factory=dict)
    rates: Mapping[tuple[str, str], RateRow] = field(default_factory=dict)
    silences: Mapping[str, Silence] = field(default_factory=dict)
