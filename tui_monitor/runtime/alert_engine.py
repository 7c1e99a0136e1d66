"""The alert engine: evaluates rules, plans messages and commits both together before anything is sent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from tui_monitor.alerts import actions
from tui_monitor.alerts import commands as alert_commands
from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.core.audit import Audit
from tui_monitor.core.clock import Clock
from tui_monitor.core.command_codec import VERBS, MalformedCommand, decode
from tui_monitor.core.commands import (
    Acknowledge,
    AddSilence,
    Command,
    CommandResult,
    EndSilence,
    ExtendSilence,
    Resolve,
    SendMessage,
    SendTest,
    StoredCommand,
    Unacknowledge,
)
from tui_monitor.core.frozen import frozen
from tui_monitor.core.received_alert import ReceivedAlert
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import Labels, Sample, labels_of
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.dispatch.dispatcher import Dispatcher
from tui_monitor.dispatch.manual import apply_silence, message_by_hand, test_by_hand
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.origin import NO_ORIGIN, Origin
from tui_monitor.dispatch.routing import Routing
from tui_monitor.dispatch.state import Plan
from tui_monitor.promql.queryable import Queryable
from tui_monitor.runtime.alert_settings import AlertSettings
from tui_monitor.runtime.live_alerts import LiveAlerts
from tui_monitor.runtime.restored_series import outdated
from tui_monitor.storage.faults import StorageCorrupt, StorageFault
from tui_monitor.storage.history.interface import HistoryReading
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.pending_transitions import PendingTransitions
from tui_monitor.storage.prefetched import Prefetched
from tui_monitor.storage.records import FinishedCommand, UnitOfWork, notification_id
from tui_monitor.storage.repository import StateRepository

log = logging.getLogger(__name__)
TROUBLE = "state"
WIDE_EVERY_MS = 60_000
MOST_UNWRITTEN = 1000
RECENT_MS = 2 * 86_400_000
SETTLE_MS = 3000
"""Milliseconds after a start without reminders, in which acknowledgements and ends of the meantime are processed first."""

Handler = Callable[[Command, str, int], Awaitable[CommandResult | None]]
"""Applies a command that is not about alerts, silences or messages: command, author, now (UTC ms) → its result; None: another's command."""


async def no_handler(_command: Command, _by: str, _now: int) -> CommandResult | None:
    """The handler of an engine without further commands."""
    return None


async def nothing_to_persist(_now: int) -> None:
    """The ``persist_before_alert`` of an engine without a history."""


@frozen
class CommitExtras:
    """The content of a commit besides transitions and plan; ``row``: the id of the stored command, 0 for none."""

    audit: Sequence[Audit] = ()
    messages: Sequence[Message] = ()
    row: int = 0
    result: CommandResult = CommandResult(True, "")


class AlertEngine:
    """The alerts of a leader. Rounds and commands share one lock, so that memory and state.db have the same order of events."""

    def __init__(
        self,
        state: StateRepository,
        evaluator: Evaluator,
        planner: Dispatcher,
        routing: Routing,
        outbox: Outbox,
        storage: SeriesMemory,
        reading: HistoryReading,
        clock: Clock,
        troubles: Troubles,
        live: LiveAlerts,
        handler: Handler = no_handler,
        persist_before_alert: Callable[[int], Awaitable[None]] = nothing_to_persist,
        origin: Origin = NO_ORIGIN,
    ) -> None:
        """``live`` receives the alerts of each round, ``handler`` applies the commands that are not about alerts.

        ``persist_before_alert`` (now in UTC ms) is called before an alert's change is committed: it stores the samples by which the
        alert was judged, so that the next process judges the same.
        """
        self._state = state
        self.evaluator = evaluator
        self.planner = planner
        self._outbox = outbox
        self._storage = storage
        self._reading = reading
        self._clock = clock
        self._troubles = troubles
        self._lock = asyncio.Lock()
        self._reads_rows = asyncio.Lock()
        """Held from reading stored commands until they are applied, so that none is applied twice."""
        self._muted: dict[str, tuple[str, ...]] = {}
        self._unsaved = PendingTransitions()
        self._unwritten: Sequence[Audit] = ()
        self._applied: dict[int, CommitExtras] = {}
        self._handler = handler
        self._persist_before_alert = persist_before_alert
        self._routing = routing
        self._origin = origin
        self._wide_at = 0
        self._live = live

    @property
    def alerts(self) -> Sequence[Alert]:
        """The pending and firing alerts as the last round left them."""
        return self._live()

    async def restore(self, complete_until: int = 0) -> set[Labels]:
        """Restore alerts and notified states from state.db; returns the series that it marked stale, as their alerts are newer.

        ``complete_until``: until when (UTC ms) the samples that were loaded are complete.
        """
        now = self._clock.wall_ms()
        try:
            live, recent, taken, remembered = await self._state.read(
                lambda state: (
                    state.alerts.live(), state.alerts.recently_resolved(now, RECENT_MS), state.alerts.ids(), state.dispatch.load(),
                )
            )  # fmt: skip
        except StorageFault as error:
            self._troubles.raise_(TROUBLE, f"the state cannot be read, messages may repeat: {error}")
            return set()
        transitions = self.evaluator.restore(now, live, recent, taken)
        doubtful = outdated(self.evaluator.index, [*live, *recent], self._storage, complete_until)
        for labels in doubtful:
            self._storage.mark_stale(now, labels)
        self._muted = {alert.id: alert.suppressed_by for alert in live if alert.suppressed_by}
        self.planner.restore(remembered, remind_from=now + SETTLE_MS)
        async with self._lock:
            await self._plan_and_commit(now, transitions)
        return doubtful

    async def round(self, which: Iterable[Rule] | None = None) -> None:
        """Evaluate (all that is due, or these rules), plan and commit."""
        storage = await self._storage_for(which)
        async with self._lock:
            now = self._clock.wall_ms()
            await self._plan_and_commit(now, self.evaluator.evaluate(now, storage, which, wide=storage is not self._storage))

    async def receive(self, sender: str, alerts: Sequence[ReceivedAlert]) -> int:
        """Take the alerts that another program has sent, committed when this returns; returns how many were too many."""
        async with self._lock:
            now = self._clock.wall_ms()
            transitions, refused = self.evaluator.receive(now, sender, alerts)
            await self._plan_and_commit(now, transitions)
            return refused

    def sender_samples(self) -> list[Sample]:
        """The silence of the senders of firing alerts, which the rule SenderSilent reads."""
        silent = self.evaluator.index.received.silent(self._clock.wall_ms())
        return [Sample(labels_of("tui_monitor_sender_silent_seconds", sender=name), seconds) for name, seconds in silent.items()]

    async def _storage_for(self, which: Iterable[Rule] | None) -> Queryable:
        now = self._clock.wall_ms()
        if which is not None or 0 < self._wide_at - now <= WIDE_EVERY_MS:
            return self._storage
        self._wide_at = now + WIDE_EVERY_MS
        wide = [rule.query for rule in self.evaluator.rules if rule.wide]
        try:
            return await self._reading.query(lambda reader: Prefetched(self._storage).fetch(wide, reader, now))
        except StorageFault:
            return self._storage

    async def clock_jumped(self, delta_ms: int) -> None:
        """Shift running timers after suspend or a clock step, so that they keep their progress."""
        async with self._lock:
            self.evaluator.clock_jumped(delta_ms, self._clock.wall_ms())

    async def reconfigure(self, settings: AlertSettings) -> None:
        """Use other settings: unchanged rules keep `for` and alerts, new messages use the new routes."""
        async with self._lock:
            now = self._clock.wall_ms()
            self._routing, self._origin = settings.routing, settings.origin
            self.planner.reconfigure(
                settings.routing,
                host=settings.host,
                language=settings.language,
                link=settings.link,
                rate_limits=settings.rate_limits,
                origin=settings.origin,
            )
            self.evaluator.use_response_times(settings.routing.due)
            await self._plan_and_commit(now, self.evaluator.replace_rules(settings.rules, now, settings.checks, settings.host))

    async def record_action(self, alert_id: str, name: str, result: str, audit: Audit) -> bool:
        """Make the begin (``result`` "") or the end of an action part of its alert; False where no such alert is live."""
        async with self._lock:
            transition = actions.record(self.evaluator, alert_id, name, result, self._clock.wall_ms())
            if transition is not None:
                await self._plan_and_commit(self._clock.wall_ms(), [transition], CommitExtras([audit]))
        return transition is not None

    # --- commands -----------------------------------------------------------------------------------------------------

    async def apply_stored_commands(self) -> None:
        """Apply the commands that viewers and the command line have stored."""
        async with self._reads_rows:
            try:
                waiting = await self._state.read(lambda state: state.commands.pending())
            except StorageFault as error:
                self._troubles.raise_(TROUBLE, f"the state cannot be read: {error}")
                return
            for row in waiting:
                await self._apply_row(row)

    async def apply(self, command: Command, by: str) -> CommandResult:
        """Apply a command that was given in this process: by its dashboard, a chat or a signal."""
        return await self._apply(command, by, self._clock.wall_ms())

    async def _apply_row(self, row: StoredCommand) -> None:
        """Apply a stored command once, also where the commit of its result fails and the row is read again."""
        if (done := self._applied.get(row.id)) is not None:
            return await self._finish(done, [], row.by)
        try:
            await self._apply(decode(row.verb, row.arguments), row.by, row.at, row.id)
        except MalformedCommand as error:
            await self._finish(CommitExtras(row=row.id, result=CommandResult(False, str(error))), [], row.by)
        except Exception as error:  # the boundary of a command: a bug in one must not stop the rounds
            log.exception("the command %s failed", row.verb)
            self._applied[row.id] = CommitExtras(
                row=row.id, result=CommandResult(False, f"internal error: {type(error).__name__}: {error}")
            )

    async def _apply(self, command: Command, by: str, asked: int, row: int = 0) -> CommandResult:
        handled = await self._handler(command, by, self._clock.wall_ms())
        async with self._lock:
            extras, transitions = self._effect(command, handled, by, asked)
            await self._commit_command(replace(extras, row=row), transitions, by)
            return extras.result

    def _effect(self, command: Command, handled: CommandResult | None, by: str, asked: int) -> tuple[CommitExtras, list[Transition]]:
        """The effect of a command; ``handled``: its result where the handler has applied it already."""
        now = self._clock.wall_ms()
        match command:
            case Acknowledge() | Unacknowledge() | Resolve():
                done = alert_commands.apply(self.evaluator, command, by, now, asked)
                return CommitExtras(done.audit, result=done.result), list(done.transitions)
            case AddSilence() | ExtendSilence() | EndSilence():
                return CommitExtras(result=apply_silence(self.planner, command, by, now, asked, self.alerts)), []
            case SendMessage():
                return _sent(command, by, now, *message_by_hand(command, by, self._routing, self.evaluator.host, now, self._origin)), []
            case SendTest():
                told = test_by_hand(command, by, self._routing, self.evaluator.host, now, self._origin, self.planner.language)
                return _sent(command, by, now, *told), []
        result = handled or CommandResult(False, f"this process cannot {VERBS[type(command)]}")
        return CommitExtras([_audit(command, result, by, now)], result=result), []

    async def _finish(self, extras: CommitExtras, transitions: list[Transition], by: str) -> None:
        async with self._lock:
            await self._commit_command(extras, transitions, by)

    async def _commit_command(self, extras: CommitExtras, transitions: list[Transition], by: str) -> None:
        if extras.row:
            self._applied[extras.row] = replace(extras, audit=(), messages=())  # a second try stores only the result
        for transition in transitions:
            if transition.change in ("acknowledged", "unacknowledged"):
                self._outbox.acknowledged(transition.alert.id, by if transition.change == "acknowledged" else "")
        await self._plan_and_commit(self._clock.wall_ms(), transitions, extras)

    # --- the commit ---------------------------------------------------------------------------------------------------

    async def _plan_and_commit(self, now: int, transitions: list[Transition], extras: CommitExtras | None = None) -> None:
        extras = extras or _NOTHING
        live = self.evaluator.alerts()
        plan = self.planner.plan(now, {alert.id: alert for alert in live}, transitions)
        if plan.suppression:
            self._muted = {key: names for key, names in {**self._muted, **plan.suppression}.items() if names}
            transitions = transitions + self.evaluator.suppress(now, self._muted)
            live = self.evaluator.alerts()
        self._live.publish(live)
        for transition in transitions:
            if transition.urgent:
                _log(transition)
        if any(transition.urgent for transition in transitions):
            await self._persist(now)
        self._unsaved.add(transitions, now)
        if self._unsaved.due(now) or not plan.empty or extras != _NOTHING:
            await self._commit(now, plan, extras)

    async def _persist(self, now: int) -> None:
        try:
            await self._persist_before_alert(now)
        except Exception:  # the boundary: a history that cannot be written must not prevent an alert
            log.exception("the samples that caused an alert cannot be stored")

    async def _commit(self, now: int, plan: Plan, extras: CommitExtras) -> None:
        transitions = self._unsaved.drain()
        messages = (*plan.messages, *extras.messages)
        audit = (*self._unwritten, *extras.audit, *plan.audit)
        finished = FinishedCommand(extras.row, extras.result) if extras.row else None
        unit = UnitOfWork(now, transitions, plan, messages, self._outbox.unrecorded(), audit, finished)
        self._outbox.announce(messages)
        try:
            await self._state.commit(unit)
        except Exception as error:
            # the boundary: neither a full disk nor a bug may prevent an alert: it is sent from memory, with a trouble
            ours = "" if isinstance(error, StorageFault) else f"{type(error).__name__}: "
            if ours:
                log.exception("a commit failed")
            self._troubles.raise_(TROUBLE, f"alerts are not recorded, messages may repeat: {ours}{error}")
            self._unsaved.requeue(transitions, now)
            self._unwritten = audit[-MOST_UNWRITTEN:]
            self._outbox.send_unrecorded(messages)
            if isinstance(error, StorageCorrupt):
                await self._reopen(now)
            return
        self._troubles.clear(TROUBLE)
        self._unwritten = ()
        if extras.row:
            self._applied.pop(extras.row, None)
        self.planner.committed(plan)
        if messages:
            self._outbox.wake()

    async def _reopen(self, now: int) -> None:
        """Replace a corrupt file, which is moved aside, by a new one with everything in memory."""
        try:
            aside = await self._state.reopen()
        except StorageFault as error:
            log.error("the corrupt state file cannot be replaced: %s", error)
            return
        if aside is not None:
            self._troubles.raise_(
                "state-corrupt", f"the state file was corrupt and was replaced by a new one; the old file is {aside.name}"
            )
            self._unsaved.add([Transition(now, "updated", alert) for alert in self.alerts], now)
            self.planner.store_again()


_NOTHING = CommitExtras()


def _sent(command: Command, by: str, now: int, result: CommandResult, messages: Sequence[Message]) -> CommitExtras:
    made = tuple(notification_id(message.notifier, message.key) for message in messages)
    return CommitExtras([_audit(command, result, by, now)], messages, result=replace(result, made=made))


def _audit(command: Command, result: CommandResult, by: str, now: int) -> Audit:
    """The audit entry of a command that is not about alerts or silences, which write their own."""
    text = result.text if result.ok else f"refused: {result.text}"
    if isinstance(command, SendMessage):
        return Audit(now, by, "sent" if result.ok else "send", text, command.title)
    if isinstance(command, SendTest):
        return Audit(now, by, "tested", text)
    return Audit(now, by, VERBS[type(command)], text)


def _log(transition: Transition) -> None:
    alert = transition.alert
    data = {
        "alert": alert.name,
        "id": alert.id,
        "change": transition.change,
        "severity": alert.severity,
        "labels": dict(alert.labels),
        "value": alert.value,
        "by": transition.by,
    }
    log.info("alert %s %s", alert.name, transition.change, extra={"data": data})
