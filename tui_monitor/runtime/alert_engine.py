"""From samples to messages: rules, the planner and the commit of both, one round at a time. State before send."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tui_monitor.alerts import commands as verbs
from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.alerts.commands import Command
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.core.audit import Audit
from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import Labels
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.dispatch.dispatcher import Planner
from tui_monitor.dispatch.manual import message_by_hand, silence_command
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.routing import Routing
from tui_monitor.dispatch.state import Plan
from tui_monitor.promql.queryable import Queryable
from tui_monitor.runtime.restored_series import outdated
from tui_monitor.storage.history.background import Reading
from tui_monitor.storage.history.reader import HistoryFault
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.prefetched import Prefetched
from tui_monitor.storage.sqlite import StoreTooNew
from tui_monitor.storage.state import alerts as alert_rows
from tui_monitor.storage.state import audit as audit_rows
from tui_monitor.storage.state import commands as command_rows
from tui_monitor.storage.state import dispatch as planner_rows
from tui_monitor.storage.state import outbox as outbox_rows
from tui_monitor.storage.state.database import StateStore

log = logging.getLogger(__name__)
TROUBLE = "state"
WIDE_EVERY_MS = 60_000
MOST_UNWRITTEN = 1000
RECENT_MS = 2 * 86_400_000
SETTLE_MS = 3000
"""After a start nobody is reminded for so long: what was acknowledged or has ended meanwhile is taken up first."""

Do = Callable[[Mapping[str, Any], str, int], Awaitable[str]]
"""A further command: arguments, who, now (UTC ms) → a sentence for people."""


@frozen
class Work:
    """What one commit holds beside transitions and plan."""

    audit: Sequence[Audit] = ()
    messages: Sequence[Message] = ()
    command: Command | None = None
    result: str = ""
    ok: bool = True


class Alerting:
    """One leader's alerts. All rounds go through one lock, so memory and state.db never disagree about the order of events."""

    def __init__(
        self,
        state: StateStore,
        evaluator: Evaluator,
        planner: Planner,
        routing: Routing,
        outbox: Outbox,
        storage: SeriesMemory,
        reading: Reading,
        clock: Clock,
        troubles: Troubles,
    ) -> None:
        self._state = state
        self.evaluator = evaluator
        self.planner = planner
        self._outbox = outbox
        self._storage = storage
        self._reading = reading
        self._clock = clock
        self._troubles = troubles
        self._lock = asyncio.Lock()
        self._muted: dict[str, tuple[str, ...]] = {}
        self._unsaved = alert_rows.Unsaved()
        self._unwritten: Sequence[Audit] = ()
        self._applied: dict[int, Work] = {}
        self.others: dict[str, Do] = {}
        self.keep: Callable[[int], Awaitable[None]] | None = None
        """Called before the change of an alert is committed: what it was judged by is kept, so that the next process judges the same."""
        self.routing = routing
        self._wide_at = 0
        self.alerts: list[Alert] = []

    async def restore(self, complete_until: int = 0) -> set[Labels]:
        """Take up from state.db the alerts and what was told; answers with the series that it ended, as the alerts know more than they do.

        ``complete_until``: until when (UTC ms) the samples that were loaded are complete.
        """
        now = self._clock.wall_ms()
        try:
            live, recent, taken, remembered = await self._state.run(
                lambda db: (
                    alert_rows.load_live(db),
                    alert_rows.load_recent(db, now, RECENT_MS),
                    alert_rows.taken_ids(db),
                    planner_rows.load(db),
                )
            )
        except sqlite3.Error as error:
            self._troubles.raise_(TROUBLE, f"what was told before cannot be read, messages may repeat: {error}")
            return set()
        transitions = self.evaluator.restore(now, live, recent, taken)
        doubtful = outdated(self.evaluator.book, [*live, *recent], self._storage, complete_until)
        for labels in doubtful:
            self._storage.mark_stale(now, labels)
        self._muted = {alert.id: alert.suppressed_by for alert in live if alert.suppressed_by}
        self.planner.restore(remembered, remind_from=now + SETTLE_MS)
        async with self._lock:
            await self._carry(now, transitions)
        return doubtful

    async def round(self, which: Iterable[Rule] | None = None) -> None:
        """Evaluate (all that is due, or these rules), plan and commit."""
        storage = await self._storage_for(which)
        async with self._lock:
            now = self._clock.wall_ms()
            await self._carry(now, self.evaluator.evaluate(now, storage, which, wide=storage is not self._storage))

    async def _storage_for(self, which: Iterable[Rule] | None) -> Queryable:
        now = self._clock.wall_ms()
        if which is not None or 0 < self._wide_at - now <= WIDE_EVERY_MS:
            return self._storage
        self._wide_at = now + WIDE_EVERY_MS
        wide = [rule.query for rule in self.evaluator.rules if rule.wide]
        try:
            return await self._reading.ask(lambda reader: Prefetched(self._storage).fetch(wide, reader, now))
        except (HistoryFault, StoreTooNew):
            return self._storage

    async def clock_jumped(self, delta_ms: int) -> None:
        """Suspend or a clock step: what is under way keeps its progress."""
        async with self._lock:
            self.evaluator.clock_jumped(delta_ms, self._clock.wall_ms())

    async def replace_rules(self, rules: Sequence[Rule], checks: Mapping[str, Mapping[str, str]]) -> None:
        """A reload: unchanged rules keep `for` and alerts."""
        async with self._lock:
            now = self._clock.wall_ms()
            await self._carry(now, self.evaluator.replace_rules(rules, now, checks))

    async def note(self, by: str, verb: str, subject: str, text: str) -> None:
        """Write a line into the audit log."""
        async with self._lock:
            now = self._clock.wall_ms()
            await self._carry(now, [], Work([Audit(now, by, verb, subject, text)]))

    # --- commands -----------------------------------------------------------------------------------------------------

    async def take_commands(self) -> None:
        """Apply what viewers and the command line have asked for."""
        try:
            waiting = await self._state.run(command_rows.pending)
        except sqlite3.Error as error:
            self._troubles.raise_(TROUBLE, f"the state cannot be read: {error}")
            return
        for command in waiting:
            try:
                await self._apply(command, stored=True)
            except Exception as error:  # the boundary of a command: what another version left must not stop the rounds
                log.exception("the command %s broke", command.verb)
                self._applied[command.id] = Work((), (), command, f"refused: {type(error).__name__}: {error}", ok=False)

    async def apply(self, verb: str, arguments: Mapping[str, Any], by: str) -> str:
        """Apply one command of this process's own dashboard; the answer is a sentence for people."""
        return await self._apply(Command(0, by, verb, arguments, self._clock.wall_ms()), stored=False)

    async def _apply(self, command: Command, *, stored: bool) -> str:
        done = self._applied.get(command.id)
        do = self.others.get(command.verb) if done is None else None
        early = await do(command.arguments, command.by, self._clock.wall_ms()) if do is not None else ""
        async with self._lock:
            now = self._clock.wall_ms()
            transitions: list[Transition] = []
            if done is None:
                done, transitions = self._do(command, early if do is not None else None, now)
            if stored:
                done = replace(done, command=command)
                self._applied[command.id] = replace(done, audit=(), messages=())  # a second try only says what it came to
            for transition in transitions:
                if transition.change in ("acknowledged", "unacknowledged"):
                    self._outbox.acknowledged(transition.alert.id, command.by if transition.change == "acknowledged" else "")
            await self._carry(now, transitions, done)
            return done.result

    def _do(self, command: Command, early: str | None, now: int) -> tuple[Work, list[Transition]]:
        """What the command comes to; ``early``: the answer where one of the others has done it already."""
        verb, arguments, by = command.verb, command.arguments, command.by
        if verb in verbs.VERBS:
            done = verbs.apply(self.evaluator, verb, arguments, by, now, command.at)
            return Work(done.audit, (), None, done.result, done.ok), list(done.transitions)
        if verb == "send":
            text, messages = message_by_hand(arguments, by, self.routing, self.evaluator.host, now)
            line = Audit(now, by, "sent" if messages else "send", text, str(arguments.get("title", "")))
            return Work([line], messages, None, text, bool(messages)), []
        if early is not None:
            return Work([Audit(now, by, verb, early)], (), None, early, not early.startswith("refused")), []
        text = silence_command(self.planner, verb, arguments, by, now, command.at)
        return Work((), (), None, text, not text.startswith("refused")), []

    # --- the commit ---------------------------------------------------------------------------------------------------

    async def _carry(self, now: int, transitions: list[Transition], work: Work | None = None) -> None:
        work = work or _NO_WORK
        self.alerts = self.evaluator.alerts()
        plan = self.planner.plan(now, {alert.id: alert for alert in self.alerts}, transitions)
        if plan.suppression:
            self._muted = {key: names for key, names in {**self._muted, **plan.suppression}.items() if names}
            transitions = transitions + self.evaluator.suppress(now, self._muted)
            self.alerts = self.evaluator.alerts()
        for transition in transitions:
            if transition.urgent:
                _log(transition)
        if any(transition.urgent for transition in transitions):
            await self._keep(now)
        self._unsaved.add(transitions, now)
        if self._unsaved.due(now) or not plan.empty or work != _NO_WORK:
            await self._commit(now, plan, work)

    async def _keep(self, now: int) -> None:
        try:
            if self.keep is not None:
                await self.keep(now)
        except Exception:  # the boundary: what cannot be kept must not silence an alarm
            log.exception("what an alert was judged by cannot be kept")

    async def _commit(self, now: int, plan: Plan, work: Work) -> None:
        transitions = self._unsaved.take()
        messages = (*plan.messages, *work.messages)
        audit = (*self._unwritten, *work.audit, *plan.audit)
        from_memory = self._outbox.unrecorded()

        def write(db: sqlite3.Connection) -> None:
            alert_rows.save_transitions(db, transitions)
            planner_rows.save(db, plan)
            for message in messages:
                outbox_rows.enqueue(db, message, now)
            for entry in from_memory:
                outbox_rows.adopt(db, entry)
            for line in audit:
                audit_rows.add(db, line.at, line.by, line.verb, line.subject, line.note)
            if work.command is not None:
                command_rows.finish(db, work.command.id, work.result, now, ok=work.ok)

        try:
            await self._state.transaction(write)
        except Exception as error:
            # the boundary: decide in memory, send, say so: neither a full disk nor a fault of ours must silence an alarm
            ours = "" if isinstance(error, sqlite3.Error) else f"{type(error).__name__}: "
            if ours:
                log.exception("a commit broke")
            self._troubles.raise_(TROUBLE, f"alerts are not recorded, messages may repeat: {ours}{error}")
            self._unsaved.put_back(transitions, now)
            self._unwritten = audit[-MOST_UNWRITTEN:]
            self._outbox.send_unrecorded(messages)
            if type(error) is sqlite3.DatabaseError:
                await self._begin_anew(now)
            return
        self._troubles.clear(TROUBLE)
        self._unwritten = ()
        if work.command is not None:
            self._applied.pop(work.command.id, None)
        self.planner.committed(plan)
        if messages:
            self._outbox.wake()

    async def _begin_anew(self, now: int) -> None:
        """The file is corrupt: it is moved aside, and everything that is known is written into a new one."""
        try:
            aside = await self._state.reopen()
        except (sqlite3.Error, OSError) as error:
            log.error("the state cannot be begun anew: %s", error)
            return
        if aside is not None:
            self._troubles.raise_("state-corrupt", f"the state was corrupt and begun anew; the old file is {aside.name}")
            self._unsaved.add([Transition(now, "updated", alert) for alert in self.alerts], now)
            self.planner.store_again()


_NO_WORK = Work()


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
