"""The interface of the state that must not be lost: alerts, notifications, commands, audit log, panels, leadership.

Callers see values (records.py) and these protocols, never a driver. SQLite is behind it in state/, plain dictionaries in in_memory/.
A question or a piece of work is a function of `State`; it runs in the store's own thread and sees one consistent state.
All of this raises StorageFault where the store cannot be read or written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.core.access_token import AccessToken
from tui_monitor.core.audit import Audit
from tui_monitor.core.commands import CommandResult, StoredCommand
from tui_monitor.core.ping import Ping, StoredPing
from tui_monitor.dispatch.message import Kind, Message
from tui_monitor.dispatch.silences import Silence
from tui_monitor.dispatch.state import Plan, StoredDispatch
from tui_monitor.storage.records import (
    AlertEventRow,
    FinishedCommand,
    FiringHistory,
    LeaderRow,
    OutboxRow,
    Panel,
    PrunedRows,
    SendResult,
    UnitOfWork,
    ViewerRow,
)

T = TypeVar("T")
RECENT_MS = 86_400_000
KEEP_RESOLVED = 10_000
KEEP_RESOLVED_MS = 365 * 86_400_000
KEEP_SENT = 10_000
KEEP_SENT_MS = 90 * 86_400_000
KEEP_COMMANDS_MS = 7 * 86_400_000
KEEP_PINGS = 200
KEEP_PINGS_MS = 30 * 86_400_000
MOST_PINGS = 2_000
"""Pings of one job: the newest are kept whatever their age, the others a month, and never more than these."""
KEEP_AUDIT = 100_000
KEEP_AUDIT_MS = 2 * 365 * 86_400_000
VIEWER_PATIENCE_MS = 15_000
"""A viewer whose last heartbeat is older than this is gone."""
LONGEST_SEND_MS = 60_000
"""No send takes longer: where the rate is counted, older claims need not be looked at."""


class AlertTable(Protocol):
    """Every alert with its newest state, and what happened to it."""

    def save(self, transitions: Iterable[Transition]) -> None:
        """Write the alerts as they are after these steps, and the steps; `updated` leaves no step, a dropped alert leaves nothing."""

    def live(self) -> list[Alert]:
        """What an evaluator takes up, oldest first: pending, firing, and resolved by hand but still held."""

    def recently_resolved(self, now_ms: int, span_ms: int = RECENT_MS) -> list[Alert]:
        """Resolved within the span, oldest first: for cooldown and flapping after a restart."""

    def ids(self) -> set[str]:
        """Every id in use, so that no new alert gets one of them."""

    def history(self, limit: int = 100) -> list[Alert]:
        """All alerts, the live ones first, then the newest ended."""

    def live_at(self, at_ms: int) -> list[tuple[Alert, list[AlertEventRow]]]:
        """The alerts that were pending or firing at a moment, as they are now, each with what had happened to it by then."""

    def find(self, prefix: str) -> Alert:
        """The alert of an id or its unique beginning, live ones before ended ones; LookupError names what is unknown or ambiguous."""

    def labels(self, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """The labels of alerts by id; unknown ids are left out."""

    def events(self, alert: str) -> list[AlertEventRow]:
        """What happened to one alert, oldest first."""

    def events_between(self, start_ms: int, end_ms: int) -> list[AlertEventRow]:
        """What happened to any alert from start to end (both included), oldest first."""

    def prune(self, now_ms: int, *, keep: int = KEEP_RESOLVED, keep_ms: int = KEEP_RESOLVED_MS) -> int:
        """Delete ended alerts that are too old or too many, with their events; answers how many."""


class OutboxTable(Protocol):
    """What must be sent, what was sent and how that went, in the order in which it was put in.

    A row waits while its ``next_try`` is set. An earlier waiting row holds the later ones of its notifier back, unless it has
    stepped aside and is of another thread. A row that was merged into another one follows that one's fate.
    """

    def enqueue(self, message: Message, now_ms: int) -> str:
        """Put a message in; the same key to the same notifier is taken once. The row's id."""

    def add_finished(self, message: Message, result: SendResult, now_ms: int) -> str:
        """Write down what a process has sent by itself (`notify test`): finished from the start. The row's id."""

    def next_due(self, notifier: str, now_ms: int) -> OutboxRow | None:
        """The row that `claim_next` would take now, with its payload."""

    def claim_next(self, notifier: str, now_ms: int) -> OutboxRow | None:
        """Take the next due row of a notifier for sending, with its payload: it becomes ``sending``, so that nobody else gets it."""

    def record(self, ident: str, result: SendResult, now_ms: int) -> None:
        """Write how a send ended, also for the rows merged into this one. A success lets the rows that stepped aside try again."""

    def adopt(self, row: OutboxRow) -> None:
        """Write down a message that is being sent from memory, as ``sending``; a row that is being sent gets the newer message."""

    def recover(self, now_ms: int, own: Collection[str] = ()) -> int:
        """Before the first claim of a new process: what a dead one was sending is unknown and gets one retry, marked as possible repeat.

        A row whose one retry was cut off too is not tried again. ``own``: ids that this process sends from memory. How many were found.
        """

    def waiting(self, notifier: str, kinds: Collection[Kind], thread: str | None = None) -> list[OutboxRow]:
        """The rows of some kinds that wait and were never possibly delivered, in order, without payload."""

    def next_due_at(self, notifier: str) -> int | None:
        """When the next row of a notifier is due, as far as known now; None: nothing waits."""

    def tries_in_window(self, notifier: str, now_ms: int, window_ms: int) -> tuple[int, int | None]:
        """How many rows were tried in the window that ends now, and when the first of them was answered."""

    def messages(self, idents: Sequence[str]) -> list[Message]:
        """The messages of some rows, in the order asked for."""

    def merge(self, merged: Sequence[str], into: str, message: Message) -> None:
        """Let one waiting row stand for others: it gets the merged message, they wait for its fate."""

    def replace_message(self, ident: str, message: Message) -> None:
        """Replace the stored message of a row (a note fixed at the first try; an edit of what was sent)."""

    def fail_orphans(self, names: Collection[str], now_ms: int, give_up_ms: int) -> int:
        """Mark waiting rows of notifiers that are not among the configured names; the old ones fail. How many failed."""

    def newest(self, limit: int = 100) -> list[OutboxRow]:
        """The newest rows first, without payload."""

    def of_alert(self, alert_id: str, *, payload: bool = False) -> list[OutboxRow]:
        """The newest notifications about one alert, oldest first."""

    def notified(self, notifier: str, alert_ids: Collection[str]) -> list[str]:
        """Which of these alerts a notifier has been sent a message about."""

    def failing(self, notifier: str, now_ms: int) -> tuple[int, str]:
        """For how many milliseconds nothing has got through to a notifier though it was tried, and the newest reason; 0: all is well.

        A row counts until its next try, one that was given up or refused until now: so nothing grows while no monitor runs. A failed
        `notify test` does not count; one that arrives ends the failure.
        """

    def prune(self, now_ms: int, *, keep_rows: int = KEEP_SENT, keep_ms: int = KEEP_SENT_MS) -> PrunedRows:
        """Remove finished rows that are old or too many; waiting rows stay, and failed rows do not count against sent ones."""


class DispatchTable(Protocol):
    """What the dispatcher remembers over a restart: notified states, groups, holds, rate limits, silences."""

    def load(self) -> StoredDispatch:
        """All of it."""

    def silences(self) -> list[Silence]:
        """All silences, ended ones too, the newest first."""

    def save(self, plan: Plan) -> None:
        """Write the changed rows of a plan; None as a row deletes it."""


class CommandTable(Protocol):
    """What any process asks of the leader; each command is applied once."""

    def add(self, by: str, verb: str, arguments: str, at_ms: int) -> int:
        """Store a command for the leader, as core.command_codec encodes it; its id."""

    def pending(self) -> list[StoredCommand]:
        """Commands that no leader has applied yet, oldest first."""

    def finish(self, command: FinishedCommand, at_ms: int) -> bool:
        """Write the result of a command, in the transaction that holds its effect; False where it was finished before."""

    def result(self, ident: int) -> CommandResult | None:
        """The result of a command; None: no leader has applied it yet. LookupError for an id that is not there (any more)."""

    def prune(self, now_ms: int) -> int:
        """Delete commands that were finished a week ago; answers how many."""


class PingTable(Protocol):
    """What jobs say of themselves, in the order in which it came.

    Pings stay when they were read: a reader that begins anew reads them again.
    """

    def add(self, ping: Ping) -> int:
        """Store a ping; its number, which rises."""

    def after(self, ident: int, limit: int = 1000) -> list[StoredPing]:
        """The pings behind a number, the oldest first."""

    def prune(self, now_ms: int) -> int:
        """Delete old pings beyond the newest of each job; answers how many."""


class AuditTable(Protocol):
    """The audit log: who acknowledged, silenced, resolved, sent, reloaded."""

    def add(self, entry: Audit) -> None:
        """Append one entry."""

    def newest(self, limit: int = 100) -> list[Audit]:
        """The newest entries first."""

    def prune(self, now_ms: int, *, keep: int = KEEP_AUDIT) -> int:
        """Delete what is older than two years or beyond the newest entries; answers how many."""


class PanelTable(Protocol):
    """Queries that people keep on the dashboard."""

    def save(self, panel: Panel) -> None:
        """Keep it; one of the same name is replaced. Raises TooManyPanels."""

    def remove(self, name: str) -> bool:
        """Delete it; whether it was there."""

    def all(self) -> list[Panel]:
        """All, by name."""


class TokenTable(Protocol):
    """Access tokens of the HTTP interface."""

    def add(self, token: AccessToken) -> bool:
        """Store a new token; False where its name is in use. Raises TooManyTokens."""

    def remove(self, name: str) -> bool:
        """Delete a token; whether it was there."""

    def all(self) -> list[AccessToken]:
        """All, by name, expired ones too."""

    def prune(self, now_ms: int) -> int:
        """Delete links and sessions that have expired; answers how many."""


class ProcessTable(Protocol):
    """The leader and the viewers of this state."""

    def leader(self) -> LeaderRow | None:
        """The process that led last; whether it lives, only the lock can say."""

    def save_leader(self, row: LeaderRow) -> None:
        """Write the leader's row; repeated as its heartbeat."""

    def clear_leader(self, pid: int) -> None:
        """Delete the leader's row if it is of this process."""

    def viewers(self, now_ms: int) -> list[ViewerRow]:
        """Viewers with a fresh heartbeat (one from the future counts: the clock was set back), the oldest first."""

    def save_viewer(self, row: ViewerRow) -> None:
        """Write a viewer's row; repeated as its heartbeat."""

    def remove_viewer(self, pid: int) -> None:
        """Delete a viewer's row."""

    def prune_viewers(self, now_ms: int) -> int:
        """Delete the rows of viewers that are gone, and those from an impossible future; answers how many."""


class State(Protocol):
    """All tables of one consistent state. Outside of a transaction they may be read only."""

    @property
    def alerts(self) -> AlertTable: ...  # noqa: D102
    @property
    def outbox(self) -> OutboxTable: ...  # noqa: D102
    @property
    def dispatch(self) -> DispatchTable: ...  # noqa: D102
    @property
    def commands(self) -> CommandTable: ...  # noqa: D102
    @property
    def audit(self) -> AuditTable: ...  # noqa: D102
    @property
    def panels(self) -> PanelTable: ...  # noqa: D102
    @property
    def pings(self) -> PingTable: ...  # noqa: D102
    @property
    def processes(self) -> ProcessTable: ...  # noqa: D102
    @property
    def tokens(self) -> TokenTable: ...  # noqa: D102

    def firing_history(self, since_ms: int) -> FiringHistory:
        """What the noise report counts: alerts that fired since then or still fire, and the messages about them."""


class StateRepository(Protocol):
    """The leader's store. Work is done in the order in which it was asked for, and is on the disk when a call returns."""

    @property
    def moved_aside(self) -> Path | None:
        """Where a corrupt file was moved to when this one was begun."""

    async def read(self, question: Callable[[State], T]) -> T:
        """The function's answer. What it raises comes out here."""

    async def transaction(self, work: Callable[[State], T], *, durable: bool = True) -> T:
        """The function's answer, once all that it wrote is committed; an exception in it takes everything back.

        ``durable`` False: the commit may be lost when the machine (not the process) stops, and costs no wait for the disk: heartbeats.
        A caller that is cancelled leaves; the transaction is finished all the same.
        """

    async def commit(self, unit: UnitOfWork) -> None:
        """Write a unit of work in one transaction."""

    async def reopen(self) -> Path | None:
        """Open the file again after StorageCorrupt: where it was moved to, None where it is sound after all."""

    async def close(self) -> None:
        """Finish what was asked for and give the file back."""


def write_unit(state: State, unit: UnitOfWork) -> None:
    """Write a unit of work, inside a transaction."""
    state.alerts.save(unit.transitions)
    if unit.plan is not None:
        state.dispatch.save(unit.plan)
    for message in unit.messages:
        state.outbox.enqueue(message, unit.at)
    for row in unit.resumed:
        state.outbox.adopt(row)
    for entry in unit.audit:
        state.audit.add(entry)
    if unit.command is not None:
        state.commands.finish(unit.command, unit.at)


def prune(state: State, now_ms: int) -> None:
    """The hourly deletion of what is old, except notifications and silences (their users prune them)."""
    state.alerts.prune(now_ms)
    state.commands.prune(now_ms)
    state.tokens.prune(now_ms)
    state.pings.prune(now_ms)
    state.audit.prune(now_ms)
    state.processes.prune_viewers(now_ms)
