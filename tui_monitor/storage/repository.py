"""The interface of the state that must not be lost: alerts, notifications, commands, audit log, panels, leadership.

Callers see values (records.py) and these protocols, never a driver. state/ implements them on SQLite, in_memory/ on dictionaries.
A query or a transaction is a function of `State`; it runs in the store's own thread and sees one consistent state.
Every method raises StorageFault where the store cannot be read or written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.core.access_token import AccessToken
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.audit import Audit
from tui_monitor.core.commands import CommandResult, StoredCommand
from tui_monitor.core.ping import Ping, StoredPing
from tui_monitor.dispatch.message import Kind, Message
from tui_monitor.dispatch.silences import Silence
from tui_monitor.dispatch.state import Plan, StoredDispatch
from tui_monitor.storage.records import (
    MOST_EVENTS,
    AlertEventRow,
    FinishedCommand,
    FiringHistory,
    LeaderRow,
    NumberedEvent,
    OutboxRow,
    Panel,
    PrunedRows,
    ReportOutcome,
    SendResult,
    UnitOfWork,
    ViewerRow,
)

T = TypeVar("T")
RECENT_MS = 86_400_000
FOREVER_MS = 1 << 62
KEEP_RESOLVED = 10_000
KEEP_RESOLVED_MS = 365 * 86_400_000
KEEP_SENT = 10_000
KEEP_SENT_MS = 90 * 86_400_000
KEEP_COMMANDS_MS = 7 * 86_400_000
KEEP_PINGS = 200
KEEP_PINGS_MS = 30 * 86_400_000
MOST_PINGS = 2_000
"""The most stored pings of one job. The newest are kept whatever their age, the others for a month."""
KEEP_AUDIT = 100_000
KEEP_AUDIT_MS = 2 * 365 * 86_400_000
VIEWER_PATIENCE_MS = 15_000
"""The age of a heartbeat after which a viewer counts as ended."""
LONGEST_SEND_MS = 60_000
"""The longest time of a send; counting of the rate ignores older claims."""


class AlertTable(Protocol):
    """The alerts with their newest state, and their events."""

    def save(self, transitions: Iterable[Transition]) -> None:
        """Save the alerts after these transitions, and an event each; `updated` has no event, a dropped alert is deleted."""

    def live(self) -> list[Alert]:
        """The alerts that an evaluator restores, oldest first: pending, firing, and resolved by hand but still held."""

    def recently_resolved(self, now_ms: int, span_ms: int = RECENT_MS) -> list[Alert]:
        """Resolved within the span, oldest first: for cooldown and flapping after a restart."""

    def ids(self) -> set[str]:
        """Every id in use; a new alert must get another one."""

    def history(self, limit: int = 100) -> list[Alert]:
        """All alerts, the live ones first, then the newest ended."""

    def totals(self) -> tuple[int, int | None]:
        """How many stored alerts have ever fired, and when the newest of them began (UTC ms; None: there are none)."""

    def live_at(self, at_ms: int) -> list[tuple[Alert, list[AlertEventRow]]]:
        """The alerts that were pending or firing at a moment, as they are now, each with its events until then."""

    def find(self, prefix: str) -> Alert:
        """The alert of an id or its unique beginning, live ones before ended ones; LookupError names what is unknown or ambiguous."""

    def labels(self, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """The labels of alerts by id; unknown ids are left out."""

    def events(self, alert: str) -> list[AlertEventRow]:
        """The events of one alert, oldest first."""

    def events_between(self, start_ms: int, end_ms: int) -> list[AlertEventRow]:
        """The events of all alerts from start to end (both included), oldest first."""

    def fired_between(self, start_ms: int, end_ms: int, limit: int) -> list[Alert]:
        """The alerts that fired at some time from start to end, the newest ``limit``, oldest first."""

    def events_after(self, number: int, limit: int = MOST_EVENTS) -> list[NumberedEvent]:
        """The events after a number but those of pending alerts, which may vanish; oldest first."""

    def prune(self, now_ms: int, *, keep: int = KEEP_RESOLVED, keep_ms: int = KEEP_RESOLVED_MS) -> int:
        """Delete ended alerts that are too old or too many, with their events; returns their number."""


class OutboxTable(Protocol):
    """The outbox: messages to send, and the outcome of each, in the order in which they were added.

    A row waits while its ``next_try`` is set. An earlier waiting row blocks the later ones of its notifier, unless it has
    stepped aside and is of another thread. A row that was merged into another one gets the same outcome.
    """

    def enqueue(self, message: Message, now_ms: int) -> str:
        """Add a message, once for each key and notifier; returns the row's id."""

    def add_finished(self, message: Message, result: SendResult, now_ms: int) -> str:
        """Add a message that a process has sent itself (`notify test`), as finished; returns the row's id."""

    def next_due(self, notifier: str, now_ms: int) -> OutboxRow | None:
        """The row that `claim_next` would claim now, with its payload."""

    def claim_next(self, notifier: str, now_ms: int) -> OutboxRow | None:
        """Claim the next due row of a notifier, with its payload; its state becomes ``sending``, so that it is claimed once."""

    def record(self, ident: str, result: SendResult, now_ms: int) -> None:
        """Record the outcome of a send, also for the rows merged into it. A success makes rows that stepped aside due again."""

    def adopt(self, row: OutboxRow) -> None:
        """Record a message that is being sent from memory, as ``sending``; an existing ``sending`` row gets the newer message."""

    def recover(self, now_ms: int, own: Collection[str] = ()) -> int:
        """Recover, before the first claim, the rows that a dead process was sending: unknown, with one retry marked as possible repeat.

        A row whose retry was interrupted too is not tried again. ``own``: ids that this process sends from memory. Returns their number.
        """

    def waiting(self, notifier: str, kinds: Collection[Kind], thread: str | None = None) -> list[OutboxRow]:
        """The rows of some kinds that wait and were never possibly delivered, in order, without payload."""

    def next_due_at(self, notifier: str) -> int | None:
        """The time when the next row of a notifier is due, as known now; None: no row waits."""

    def tries_in_window(self, notifier: str, now_ms: int, window_ms: int) -> tuple[int, int | None]:
        """The number of rows tried in the window that ends now, and the time of the first answer among them."""

    def messages(self, idents: Sequence[str]) -> list[Message]:
        """The messages of some rows, in the order asked for."""

    def merge(self, merged: Sequence[str], into: str, message: Message) -> None:
        """Merge waiting rows into one: it gets the merged message, they wait for its outcome."""

    def replace_message(self, ident: str, message: Message) -> None:
        """Replace the stored message of a row (a note fixed at the first try; an edit of a sent message)."""

    def fail_orphans(self, names: Collection[str], now_ms: int, give_up_ms: int) -> int:
        """Mark waiting rows of notifiers that are not among the configured names; the old ones fail. Returns the number of failed ones."""

    def newest(self, limit: int = 100) -> list[OutboxRow]:
        """The newest rows first, without payload."""

    def after(self, number: int, limit: int = 100) -> list[tuple[int, OutboxRow]]:
        """The rows after a number, with their own, oldest first, without payload."""

    def numbered(self, numbers: Collection[int]) -> list[tuple[int, OutboxRow]]:
        """The rows with these numbers that are still there."""

    def of_alert(self, alert_id: str, *, payload: bool = False) -> list[OutboxRow]:
        """The newest notifications about one alert, oldest first."""

    def notified(self, notifier: str, alert_ids: Collection[str]) -> list[str]:
        """The alerts, of these, about which the notifier was sent a message."""

    def failing(self, notifier: str, now_ms: int) -> tuple[int, str]:
        """For how long (ms) all sends of a notifier have failed, and the newest reason; 0: it does not fail.

        A row counts until its next try, one that was given up or refused until now; the time does not grow while no monitor runs. A
        failed `notify test` does not count; a successful one ends the failure.
        """

    def prune(self, now_ms: int, *, keep_rows: int = KEEP_SENT, keep_ms: int = KEEP_SENT_MS) -> PrunedRows:
        """Remove finished rows that are old or too many; waiting rows stay, and failed rows do not count against sent ones."""


class DispatchTable(Protocol):
    """The dispatcher's state over a restart: notified states, groups, holds, rate limits, silences."""

    def load(self) -> StoredDispatch:
        """The whole state."""

    def silences(self) -> list[Silence]:
        """All silences, ended ones too, the newest first."""

    def save(self, plan: Plan) -> None:
        """Save the changed rows of a plan; None as a row deletes it."""


class CommandTable(Protocol):
    """Commands of any process for the leader; each is applied once."""

    def add(self, by: str, verb: str, arguments: str, at_ms: int) -> int:
        """Store a command for the leader, as core.command_codec encodes it; returns its id."""

    def pending(self) -> list[StoredCommand]:
        """Commands that no leader has applied yet, oldest first."""

    def finish(self, command: FinishedCommand, at_ms: int) -> bool:
        """Save the result of a command, in the transaction of its effect; False where it was finished before."""

    def result(self, ident: int) -> CommandResult | None:
        """The result of a command; None: no leader has applied it yet. LookupError for an unknown id."""

    def prune(self, now_ms: int) -> int:
        """Delete commands that were finished a week ago; returns their number."""


class PingTable(Protocol):
    """Pings of jobs, in the order of arrival.

    Reading does not delete pings; a reader that restarts reads them again.
    """

    def add(self, ping: Ping) -> int:
        """Store a ping; returns its number, which rises."""

    def after(self, ident: int, limit: int = 1000) -> list[StoredPing]:
        """The pings after a number, the oldest first."""

    def prune(self, now_ms: int) -> int:
        """Delete old pings beyond the newest of each job; returns their number."""


class AuditTable(Protocol):
    """The audit log: who acknowledged, silenced, resolved, sent, reloaded."""

    def add(self, entry: Audit) -> None:
        """Append one entry."""

    def newest(self, limit: int = 100) -> list[Audit]:
        """The newest entries first."""

    def after(self, number: int, limit: int = 100) -> list[tuple[int, Audit]]:
        """The entries after a number, with their own, oldest first."""

    def prune(self, now_ms: int, *, keep: int = KEEP_AUDIT) -> int:
        """Delete entries older than two years or beyond the newest; returns their number."""


class PanelTable(Protocol):
    """Panels: queries that people store for the dashboard."""

    def save(self, panel: Panel) -> None:
        """Save a panel; one of the same name is replaced. Raises TooManyPanels."""

    def remove(self, name: str) -> bool:
        """Delete a panel; False where there is none of the name."""

    def all(self) -> list[Panel]:
        """All panels, sorted by name."""


class CursorTable(Protocol):
    """How far something has been sent, as text that its sender reads; "" for nothing yet."""

    def get(self, name: str) -> str: ...  # noqa: D102
    def set(self, name: str, value: str) -> None: ...  # noqa: D102


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


class AddedRuleTable(Protocol):
    """Rules that people have added by command."""

    def add(self, rule: AddedRule) -> bool:
        """Store a new rule; False where its name is in use. Raises TooManyAddedRules."""

    def remove(self, name: str) -> bool:
        """Delete a rule; whether it was there."""

    def all(self) -> list[AddedRule]:
        """All, by name."""


class ReportTable(Protocol):
    """What became of each period of a report for each recipient; a row is written once and stays."""

    def add(self, row: ReportOutcome) -> bool:
        """Store the outcome; False where the recipient already has one for this period."""

    def of(self, report: str) -> list[ReportOutcome]:
        """The rows of a report: since when its recipients are known, then the newest periods."""


class ProcessTable(Protocol):
    """The leader and the viewers of this state."""

    def leader(self) -> LeaderRow | None:
        """The row of the last leader; only the lock shows whether it still runs."""

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
        """Delete the rows of viewers that have ended, and those from an impossible future; returns their number."""


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
    @property
    def added_rules(self) -> AddedRuleTable: ...  # noqa: D102
    @property
    def cursors(self) -> CursorTable: ...  # noqa: D102
    @property
    def reports(self) -> ReportTable: ...  # noqa: D102

    def firing_history(self, since_ms: int, until_ms: int = FOREVER_MS) -> FiringHistory:
        """The data of the noise report of a time (UTC ms, its end is outside): alerts that fired in it or still do, and their messages."""


class StateRepository(Protocol):
    """The leader's store. Calls are executed in order; when one returns, its changes are on the disk."""

    @property
    def moved_aside(self) -> Path | None:
        """The new path of a corrupt file that this one replaced; None for none."""

    async def read(self, question: Callable[[State], T]) -> T:
        """The result of the function; its exceptions are passed on."""

    async def transaction(self, work: Callable[[State], T], *, durable: bool = True) -> T:
        """The result of the function, after its writes are committed; an exception in it rolls everything back.

        ``durable`` False: the commit may be lost when the machine (not the process) stops, and does not wait for the disk (heartbeats).
        Cancellation of the caller does not interrupt the transaction.
        """

    async def commit(self, unit: UnitOfWork) -> None:
        """Write a unit of work in one transaction."""

    async def reopen(self) -> Path | None:
        """Open the file again after StorageCorrupt; returns the path to which it was moved, None where it is undamaged."""

    async def close(self) -> None:
        """Finish the queued calls and close the file."""


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
    """The hourly deletion of old rows, except notifications and silences, which the outbox and the dispatcher prune."""
    state.alerts.prune(now_ms)
    state.commands.prune(now_ms)
    state.tokens.prune(now_ms)
    state.pings.prune(now_ms)
    state.audit.prune(now_ms)
    state.processes.prune_viewers(now_ms)
