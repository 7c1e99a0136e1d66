"""The records of the state database; stamps are UTC milliseconds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.core.audit import Audit
from tui_monitor.core.commands import CommandResult
from tui_monitor.core.frozen import frozen
from tui_monitor.dispatch.message import Kind, Message, State
from tui_monitor.dispatch.state import Plan

NOTED_CHANGES = frozenset({"pending", "firing", "raised", "lowered"})
"""The changes whose event stores the alert's summary of that time; later values change it."""
MOST_PANELS = 100
MOST_TOKENS = 500
MOST_ADDED_RULES = 200
MOST_COMMANDS = 100
"""Commands that are read at once; the others wait for the next tick."""
MOST_EVENTS = 1000
MOST_LIVE = 2000
"""The most alerts that are returned for a past moment."""
MOST_OF_ALERT = 50
"""The most notifications that are returned for one alert, the newest."""


@frozen
class AlertEventRow:
    """A stored step in an alert's life."""

    alert: str
    at: int
    change: str
    severity: str
    old_severity: str
    value: float | None
    by: str
    note: str


@frozen
class NumberedEvent:
    """An event of an alert, with a number that rises, and the alert as it is now; None where it is gone."""

    number: int
    event: AlertEventRow
    alert: Alert | None


@frozen
class OutboxRow:
    """One notification in the outbox. ``payload`` is the message as JSON, "" in lists; ``next_try`` None: it does not wait."""

    id: str
    notifier: str
    kind: Kind
    state: State
    attempts: int
    next_try: int | None
    claimed_at: int | None
    created_at: int
    sent_at: int | None
    provider_id: str
    error: str
    possible_repeat: bool
    merged_into: str | None
    thread: str
    alerts: tuple[str, ...]
    payload: str = ""

    @property
    def message(self) -> Message:
        """The stored message; only of rows that were read with their payload."""
        return Message.from_json(self.payload)


@frozen
class SendResult:
    """The outcome of a send; ``next_try`` None: the row is finished. ``aside``: later messages of other threads may pass it.

    ``apart``: the row is for some of the notifier's receivers only. It blocks no other thread, is not retried because another row
    succeeded, and its failure does not count as the notifier's.
    """

    state: State
    next_try: int | None = None
    provider_id: str = ""
    error: str = ""
    possible_repeat: bool = False
    aside: bool = False
    apart: bool = False


@frozen
class PrunedRows:
    """The numbers of finished notifications that were removed; ``unsent`` are failed and unknown ones."""

    sent: int
    unsent: int


@frozen
class FinishedCommand:
    """The result of the command of this id."""

    id: int
    result: CommandResult


@frozen
class LeaderRow:
    """The row of the leader; ``kind`` is headless or dashboard."""

    pid: int
    kind: str
    version: str
    config_hash: str
    since: int
    heartbeat: int


@frozen
class ViewerRow:
    """The row of a viewer; ``kind`` headless: a daemon that waits to lead."""

    pid: int
    kind: str
    by: str
    since: int
    heartbeat: int


@frozen
class Panel:
    """A saved query; ``span`` is the range of its chart in milliseconds, ``at`` when it was saved."""

    name: str
    expr: str
    span: int
    by: str
    at: int


class ReportOutcome(NamedTuple):
    """What became of a report's period for one recipient (a notifier).

    ``period``: its name, "" for the row that says since when the recipient is known. ``outcome``: queued, known, quiet (nothing happened,
    and it is sent only where something did). ``at``: UTC ms.
    """

    report: str
    recipient: str
    period: str
    outcome: str
    at: int


class TooManyTokens(Exception):
    """There are MOST_TOKENS access tokens already."""

    def __init__(self) -> None:
        super().__init__(f"there are {MOST_TOKENS} tokens already; revoke some (tui-monitor token list)")


class TooManyAddedRules(Exception):
    """There are MOST_ADDED_RULES added rules already."""

    def __init__(self) -> None:
        super().__init__(f"there are {MOST_ADDED_RULES} added rules already; remove some, or write them into the configuration")


class TooManyPanels(Exception):
    """MOST_PANELS panels are stored already."""

    def __init__(self) -> None:
        super().__init__(f"{MOST_PANELS} panels are stored already; delete one first")


@frozen
class FiredAlert:
    """One firing of an alert; ``ends_at`` None: it still fires."""

    name: str
    id: str
    fingerprint: str
    severity: str
    starts_at: int
    ends_at: int | None
    labels: Mapping[str, str]


@frozen
class FiringHistory:
    """The data of the noise report: firings, oldest first, and the events and messages about them.

    ``acknowledged`` and ``flapping`` count such events by alert id. ``messages`` are (alert name, number of the message, kind) of all
    that were sent or possibly sent, one for each alert that a message is about.
    """

    fired: Sequence[FiredAlert]
    acknowledged: Mapping[str, int]
    flapping: Mapping[str, int]
    messages: Sequence[tuple[str, int, Kind]]


@frozen
class UnitOfWork:
    """A unit of work: the changes that the leader commits together at ``at`` (UTC ms).

    ``resumed`` are messages that are being sent from memory because an earlier commit failed: their rows begin as ``sending``.
    """

    at: int
    transitions: Sequence[Transition] = ()
    plan: Plan | None = None
    messages: Sequence[Message] = ()
    resumed: Sequence[OutboxRow] = ()
    audit: Sequence[Audit] = ()
    command: FinishedCommand | None = None


def notification_id(notifier: str, key: str) -> str:
    """The short stable hex id of a message to a notifier."""
    return hashlib.sha256(f"{notifier}\0{key}".encode(errors="replace")).hexdigest()[:12]
