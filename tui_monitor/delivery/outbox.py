"""The outbox workers: one per notifier, so that a failing notifier never delays another.

State before send: a row is claimed in one transaction, sent, and its outcome written in another. A process that dies in between
leaves the row in ``sending``; the next one finds it and allows one retry, marked as a possible repeat.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tui_monitor.alerts.alert import Alert
from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.delivery.follow_ups import FollowUps
from tui_monitor.delivery.memory_queue import MemoryQueue
from tui_monitor.delivery.next_message import IDLE_S, claim_next
from tui_monitor.delivery.receivers import Fate, fate_of, row_of, write_fate
from tui_monitor.delivery.retry_policy import GIVE_UP_MS
from tui_monitor.dispatch.message import Kind, Message, State
from tui_monitor.dispatch.wording import is_resolved, late_note
from tui_monitor.notifiers.abilities import Addressed, Editable
from tui_monitor.notifiers.api import Notifier, SendError
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.records import OutboxRow, SendResult
from tui_monitor.storage.repository import OutboxTable, StateRepository
from tui_monitor.storage.repository import State as Tables

log = logging.getLogger(__name__)
HOUSEKEEPING_S = 3600.0
_MOST_PAST = 1000
_GUARD_S = 5.0
"""A notifier that overstays its own time limit by so much is stopped from outside."""
_STORE_PAUSE_S = 1.0
_SUMMARISED = SendResult("unknown", error="told from memory, in a summary")
"""What becomes of a row whose message was joined with others while the store could not be written."""


@frozen
class OutboxEvent:
    """An event of one message: for the log, the board and tests. ``recorded`` False: the store could not be written."""

    notifier: str
    id: str
    kind: Kind
    state: State
    attempts: int
    alerts: tuple[str, ...]
    error: str = ""
    provider_id: str = ""
    recorded: bool = True


class Outbox:
    """The workers; ``run`` until ``close``. ``on_event`` is called on the loop, right after each outcome, and must not raise."""

    def __init__(
        self,
        repository: StateRepository,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        on_event: Callable[[OutboxEvent], None],
        *,
        alerts: Callable[[], Iterable[Alert]] = tuple,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``alerts``: all alerts as they are now, for channels that want to be told again what fires."""
        self._repository = repository
        self._notifiers = dict(notifiers)
        self._clock = clock
        self._on_event = on_event
        self._jitter = jitter
        self._follow_ups = FollowUps(repository, clock, alerts)
        self._wakes: dict[str, asyncio.Event] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, float] = {}
        self._retired: list[Notifier] = []
        self._memory: dict[str, MemoryQueue] = {}
        self._unwritten: dict[str, Fate] = {}
        self._past: dict[str, tuple[OutboxRow, SendResult, int]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._closing = asyncio.Event()
        self._ended = asyncio.Event()
        self._recovered = False

    @property
    def progressed_at(self) -> float:
        """Monotonic seconds of the slowest worker's last step: at most its notifier's time limit + 15 s ago while all is well."""
        return min(self._progress.values(), default=self._clock.monotonic())

    async def run(self) -> None:
        """Recover what a dead process left, then send until closed."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._start_workers()
                group.create_task(self._recover_and_prune())
        finally:
            self._group = None
            for notifier in [*self._notifiers.values(), *self._retired]:
                await _close(notifier)
            self._ended.set()

    def announce(self, messages: Iterable[Message]) -> None:
        """Tell of new messages as queued, before a worker may tell their outcome: an alert is told only when each notifier has it."""
        for one in messages:
            alerts = tuple(alert.id for alert in one.alerts)
            self._on_event(OutboxEvent(one.notifier, one.key, one.kind, "queued", 0, alerts, "", "", recorded=True))

    def wake(self) -> None:
        """Wake the workers: a message was committed to the table."""
        for event in self._wakes.values():
            event.set()

    def send_unrecorded(self, messages: Iterable[Message]) -> None:
        """Send from memory what the state database could not take; each says that it is not recorded and may repeat."""
        for message in messages:
            if message.notifier in self._notifiers:
                self._memory_of(message.notifier).add(message, self._clock.wall_ms())
        for name, notifier in self._notifiers.items():
            self._memory_of(name).bound(notifier.rate_limit.count)
        self.wake()

    def unrecorded(self) -> list[OutboxRow]:
        """The messages being sent from memory: for `UnitOfWork.resumed` of the next commit, after which they survive this process."""
        found = [entry for memory in self._memory.values() for entry in memory.entries]
        for entry in found:
            self._unwritten.setdefault(entry.id, Fate(_SUMMARISED))
        return found

    def acknowledged(self, alert_id: str, by: str) -> None:
        """Edit sent messages, where a channel can: acknowledged by this person ("": no longer acknowledged)."""
        self._show(self._notifiers.values(), [alert_id], by)
        self.wake()

    def reconfigure(self, notifiers: Mapping[str, Notifier]) -> None:
        """Use these notifiers from now on; one that is sending finishes first."""
        self._retired += [old for name, old in self._notifiers.items() if notifiers.get(name) is not old]
        self._notifiers = dict(notifiers)
        self._start_workers()
        self.wake()

    async def close(self, grace_s: float = 5.0) -> None:
        """Let what is being sent finish for ``grace_s`` seconds; what is then still out becomes unknown, for the next process to retry."""
        self._closing.set()
        self.wake()
        if self._group is None:
            return
        if self._workers:
            await asyncio.wait(self._workers.values(), timeout=grace_s)
        for task in self._workers.values():
            task.cancel()
        await self._ended.wait()

    def _start_workers(self) -> None:
        if self._group is None or self._closing.is_set():
            return
        for name in self._notifiers:
            if name not in self._workers or self._workers[name].done():
                self._wakes[name] = asyncio.Event()
                self._progress[name] = self._clock.monotonic()
                self._workers[name] = self._group.create_task(self._work(name), name=f"outbox {name}")

    async def _work(self, name: str) -> None:
        wake = self._wakes[name]
        while not self._closing.is_set():
            wake.clear()
            self._progress[name] = self._clock.monotonic()
            await self._close_retired(name)
            if name not in self._notifiers:  # looked at after the closing, during which a reload may have brought it back
                break
            pause = await self._step(self._notifiers[name])
            if pause > 0 and name in self._notifiers and not any(old.name == name for old in self._retired):
                await self._wait(wake, pause)
        self._progress.pop(name, None)

    async def _close_retired(self, name: str) -> None:
        """Close the notifiers that this worker no longer uses; it is between two sends."""
        for old in [notifier for notifier in self._retired if notifier.name == name]:
            self._retired.remove(old)
            await _close(old)

    async def _step(self, notifier: Notifier) -> float:
        """Do one thing for a notifier; how many seconds there is nothing more to do."""
        memory = self._memory_of(notifier.name)
        now = self._clock.wall_ms()
        due = memory.wait(now)
        if due == 0.0:
            await self._send_from_memory(notifier, memory.pop(now))
            return 0.0
        pause = IDLE_S if due is None else due
        try:
            if not self._recovered or not await self._flush():
                return min(pause, _STORE_PAUSE_S)
            receivers = notifier.receivers if isinstance(notifier, Addressed) else ()
            claim = await self._repository.transaction(
                lambda state: claim_next(state.outbox, notifier.name, notifier.rate_limit, now, receivers)
            )
            if claim.entry is None:
                again = await self._follow_ups.step(notifier)
                return min(pause, claim.wait) if again is None else min(pause, claim.wait, again)
        except StorageFault:
            return min(pause, _STORE_PAUSE_S)
        await self._send_row(notifier, claim.entry)
        return 0.0

    async def _send_row(self, notifier: Notifier, entry: OutboxRow) -> None:
        try:
            fate = await self._deliver(notifier, entry)
        except asyncio.CancelledError:
            stopped = SendError("stopped while sending", maybe_delivered=True)
            fate = fate_of(entry, stopped, self._clock.wall_ms(), 0.0)
            await self._record(entry, Fate(replace(fate.result, next_try=self._clock.wall_ms())))
            raise
        recorded = await self._record(entry, fate)
        self._tell(entry, fate, recorded)
        if not recorded:
            self._keep_in_memory(entry, fate)
        if fate.result.state == "sent" and isinstance(notifier, Editable):
            self._show([notifier], [alert.id for alert in entry.message.alerts if is_resolved(alert)], None)

    async def _send_from_memory(self, notifier: Notifier, entry: OutboxRow) -> None:
        fate = await self._deliver(notifier, entry, phrases(entry.message.language).unrecorded)
        self._tell(entry, fate, recorded=False)
        self._keep_in_memory(entry, fate)
        if fate.result.next_try is None:
            if entry.id in self._unwritten:
                self._unwritten[entry.id] = Fate(fate.result, fate.message)
            else:
                self._remember(entry, fate.result)
            self._memory_of(entry.notifier).done()

    def _keep_in_memory(self, entry: OutboxRow, fate: Fate) -> None:
        """What could not be written and must be tried again; of the parts, those that are finished are remembered."""
        memory, now = self._memory_of(entry.notifier), self._clock.wall_ms()
        if fate.result.next_try is not None:
            memory.put_back(_again(entry, fate))
        for message, result in fate.parts:
            if result.next_try is not None:
                memory.add_row(row_of(message, result, now))
            else:
                self._remember(row_of(message, result, now), result)

    def _remember(self, entry: OutboxRow, outcome: SendResult) -> None:
        """Add messages that went out from memory to the table, once that is possible."""
        now = self._clock.wall_ms()
        self._past[entry.id] = (replace(entry, claimed_at=now), outcome, now)
        while len(self._past) > _MOST_PAST:
            del self._past[next(iter(self._past))]

    async def _deliver(self, notifier: Notifier, entry: OutboxRow, remark: str = "") -> Fate:
        message = entry.message
        note = " · ".join(filter(None, (late_note(message, self._clock.wall_ms()), remark)))
        try:
            async with asyncio.timeout(notifier.timeout + _GUARD_S):
                provider_id = await notifier.send(message, note, entry.possible_repeat)
        except SendError as error:
            failure = error
        except TimeoutError:
            failure = SendError("the notifier did not come back in time", maybe_delivered=True)
        except Exception as error:  # noqa: BLE001  the boundary: a faulty channel must not stop the worker; its text may hold secrets
            # want of descriptors or memory passes (they are missing even where a driver is only being loaded); a bug does not
            failure = SendError(f"internal error: {type(error).__name__}", permanent=not isinstance(error, OSError | MemoryError))
        else:
            return Fate(SendResult("sent", provider_id=provider_id, apart=bool(message.to)))
        return fate_of(entry, failure, self._clock.wall_ms(), self._jitter())

    async def _record(self, entry: OutboxRow, fate: Fate) -> bool:
        self._unwritten[entry.id] = fate
        try:
            return await self._flush(entry.id)
        except StorageFault:
            self._unwritten[entry.id] = Fate(fate.result, fate.message)  # the parts go on in memory
            return False

    async def _flush(self, only: str = "") -> bool:
        """Write outcomes that are not written yet, except those that memory still works on."""
        pending = [only] if only else list(self._unwritten)
        outcomes = {key: self._unwritten[key] for key in pending if not any(key in memory for memory in self._memory.values())}
        past = {} if only else dict(self._past)
        if not outcomes and not past:
            return True
        now = self._clock.wall_ms()
        await self._repository.transaction(lambda state: _write(state.outbox, outcomes, now, past.values()))
        for key in outcomes:
            self._unwritten.pop(key, None)
        for key in past:
            self._past.pop(key, None)
        return True

    def _memory_of(self, name: str) -> MemoryQueue:
        return self._memory.setdefault(name, MemoryQueue())

    def _tell(self, entry: OutboxRow, fate: Fate, recorded: bool) -> None:
        self._tell_one(entry, fate.result, recorded)
        for message, result in fate.parts:
            self._tell_one(row_of(message, result, self._clock.wall_ms()), result, recorded)

    def _tell_one(self, entry: OutboxRow, result: SendResult, recorded: bool) -> None:
        event = OutboxEvent(
            entry.notifier, entry.id, entry.kind, result.state, entry.attempts, entry.alerts, result.error, result.provider_id, recorded
        )
        self._on_event(event)

    def _show(self, notifiers: Iterable[Notifier], alert_ids: Iterable[str], by: str | None) -> None:
        idents = list(alert_ids)
        for notifier in notifiers:
            self._follow_ups.queue(notifier, idents, by)

    async def _recover_and_prune(self) -> None:
        """Recover at the start what a dead process was sending; each hour prune old rows and fail those of unknown notifiers."""
        while not self._closing.is_set():
            try:
                await self._repository.transaction(self._tidy)
            except StorageFault:
                await self._wait(self._closing, _STORE_PAUSE_S)
                continue
            if not self._recovered:
                self._recovered = True
                self.wake()
            await self._wait(self._closing, HOUSEKEEPING_S)

    def _tidy(self, state: Tables) -> None:
        now = self._clock.wall_ms()
        if not self._recovered:
            state.outbox.recover(now, [entry.id for memory in self._memory.values() for entry in memory.entries])
        state.outbox.fail_orphans(list(self._notifiers), now, GIVE_UP_MS)
        state.outbox.prune(now)

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        """Until the event is set or the clock says that the time is over."""
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._clock.sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()


async def _close(notifier: Notifier) -> None:
    try:
        async with asyncio.timeout(_GUARD_S):
            await notifier.close()
    except Exception as error:  # noqa: BLE001  the boundary: what a channel leaves open must not stop the worker
        log.warning("%s cannot be closed: %s", notifier.name, type(error).__name__)


def _write(outbox: OutboxTable, fates: Mapping[str, Fate], now_ms: int, past: Iterable[tuple[OutboxRow, SendResult, int]] = ()) -> None:
    for row, result, at in past:
        outbox.adopt(row)
        outbox.record(row.id, result, at)
    for ident, fate in fates.items():
        write_fate(outbox, ident, fate, now_ms)


def _again(entry: OutboxRow, fate: Fate) -> OutboxRow:
    payload = entry.payload if fate.message is None else fate.message.to_json()
    repeat = entry.possible_repeat or fate.result.possible_repeat
    return replace(entry, next_try=fate.result.next_try, possible_repeat=repeat, payload=payload)
