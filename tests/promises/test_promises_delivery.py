"""Promises 1, 2 and 5 where modules meet: rules, planner, commit and outbox as one, with a disk that fails and processes that die."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from tests.support.alert_world import START, rules_of
from tests.support.outbox_tools import Events, FakeNotifier, HandClock, settle
from tests.support.raw_sql import raw_sql
from tests.support.settings import made
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.config.settings import Settings
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.delivery.retry_policy import outcome_of
from tui_monitor.dispatch.dispatcher import Dispatcher
from tui_monitor.dispatch.routing import NotifierPolicy, Routing, compile_routing
from tui_monitor.notifiers.api import SendError
from tui_monitor.runtime.alert_engine import AlertEngine
from tui_monitor.runtime.live_alerts import LiveAlerts
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.records import OutboxRow, UnitOfWork
from tui_monitor.storage.repository import State, StateRepository, write_unit
from tui_monitor.storage.state.database import SqliteRepository

T = TypeVar("T")
HOT = {"alert": "Hot", "expr": "heat > 80", "severity": "critical"}


class Life:
    """One process: memory, rules, planner, outbox and the state file; ``broken`` fills the disk."""

    def __init__(
        self, state: SqliteRepository, clock: HandClock, rules: list[Any], notifiers: tuple[FakeNotifier, ...], folder: Path
    ) -> None:
        self.state, self.clock, self.notifiers = state, clock, notifiers
        self.broken = False
        self.memory, self.troubles, self.events = SeriesMemory(), Troubles(), Events()
        self.reading = HistoryConnection(folder / "no-history.db")
        names = {notifier.name: notifier for notifier in notifiers}
        routing = Routing(notifiers={name: NotifierPolicy() for name in names}, by_severity={"info": tuple(names)})
        store = cast(StateRepository, self)
        self.outbox = Outbox(store, names, clock, self.events, jitter=lambda: 0.5)
        live = LiveAlerts()
        self.engine = AlertEngine(
            store, Evaluator(rules, "web-1"), Dispatcher(routing, host="web-1"), routing, self.outbox, self.memory, self.reading, clock,
            self.troubles, live,
        )  # fmt: skip

    async def transaction(self, work: Callable[[State], T]) -> T:
        """A transaction that fails while the disk is full."""
        if self.broken:
            raise StorageFault("database or disk is full")
        return await self.state.transaction(work)

    read = transaction

    async def commit(self, unit: UnitOfWork) -> None:
        """As the store does."""
        await self.transaction(lambda state: write_unit(state, unit))

    async def reopen(self) -> Path | None:
        """As the store does."""
        return await self.state.reopen()

    async def heat(self, value: float, seconds: float = 1.0, **labels: str) -> None:
        """Time passes, a sample comes, one round."""
        await self.clock.turn(seconds)
        self.memory.append(self.clock.wall_ms(), [Sample(labels_of("heat", **labels), value)])
        await self.engine.round()

    async def left(self, verb: str, **arguments: object) -> int:
        """Another process leaves a command."""
        return await self.state.transaction(lambda db: db.commands.add("kim", verb, json.dumps(arguments), self.clock.wall_ms()))

    async def told(self, count: int, which: int = 0) -> list[str]:
        """The kinds that a notifier has got, as soon as there are so many."""
        async with asyncio.timeout(60):
            while len(self.notifiers[which].sent) < count:  # noqa: ASYNC110  a thread is at work
                await asyncio.sleep(0.005)
        await settle()
        return [message.kind for message in self.notifiers[which].sent]

    async def entries(self) -> list[OutboxRow]:
        """The outbox, oldest first."""
        return (await self.state.read(lambda db: db.outbox.newest()))[::-1]


@pytest.fixture
def engine_life(tmp_path: Path) -> Callable[..., Any]:
    """Makes lives over one state file."""
    clock = HandClock(START)

    @asynccontextmanager
    async def begin(
        *notifiers: FakeNotifier, rules: list[Any] | None = None, kill: bool = False, stored: Mapping[int, float] | None = None
    ) -> AsyncIterator[Life]:
        state = await SqliteRepository.open(tmp_path / "state.db")
        life = Life(state, clock, rules or rules_of(HOT), notifiers or (FakeNotifier(),), tmp_path)
        for at, value in (stored or {}).items():
            life.memory.append(at, [Sample(labels_of("heat"), value)])
        await life.engine.restore()
        task = asyncio.create_task(life.outbox.run())
        async with asyncio.timeout(60):
            while not life.outbox._recovered:  # noqa: ASYNC110  a thread is at work
                await asyncio.sleep(0.005)
        try:
            yield life
        finally:
            if kill:
                await state.close()  # nothing that comes after this reaches the file
                life.broken = True
            await life.outbox.close(0.05)
            await task
            await life.reading.close()
            if not kill:
                await state.close()

    return begin


async def test_a_command_is_applied_once_though_its_commit_failed(engine_life: Callable[..., Any]) -> None:
    """The disk is full when a silence and a message are asked for, and has room for the next round: each is done once, and audited."""
    async with engine_life() as life:
        silence = await life.left("silence", matchers=["alertname=Other"], **{"for": 3600})
        send = await life.left("send", title="hello", message="you", to=["hook"])
        waiting = await life.state.read(lambda db: db.commands.pending())
        life.broken = True
        for command in waiting:
            await life.engine._apply_row(command)
        assert life.troubles.texts
        life.broken = False
        await life.heat(99)  # an alert: this round commits by itself
        await life.told(2)
        await life.engine.apply_stored_commands()
        await life.engine.apply_stored_commands()
        assert len(life.engine.planner.silences) == 1
        assert sorted(message.kind for message in life.notifiers[0].sent) == ["firing", "message"]
        results = [await life.state.read(lambda db, ident=ident: db.commands.result(ident)) for ident in (silence, send)]
        assert all(result is not None and result.ok for result in results)
        lines = await life.state.read(lambda db: db.audit.newest(100))
        assert sorted(line.verb for line in lines) == ["sent", "silenced"]
        assert not life.engine._applied


async def test_a_command_that_breaks_stops_no_round(engine_life: Callable[..., Any]) -> None:
    """What another version left in words that this one does not know is refused, and the rounds go on."""
    async with engine_life() as life:
        bad = await life.left("silence", matchers=None, **{"for": "soon"})
        worse = await life.left("ack", ids={"no": "list"}, **{"for": [1]})
        broken = await life.left("send", title="x", message="y", to=7)
        for _ in range(2):
            await life.engine.apply_stored_commands()
        results = [await life.state.read(lambda db, ident=ident: db.commands.result(ident)) for ident in (bad, worse, broken)]
        assert [result is not None and not result.ok for result in results] == [True] * 3
        await life.heat(99)
        assert await life.told(1) == ["firing"]


async def test_a_retry_from_memory_is_not_sent_again_from_the_file(engine_life: Callable[..., Any]) -> None:
    """A send that could not be recorded is retried from memory; another notifier's worker that writes meanwhile doubles nothing."""
    hook = FakeNotifier("hook", plan=[SendError("busy")])
    async with engine_life(hook, FakeNotifier("mail")) as life:
        record, flushed = life.outbox._record, []

        async def full(*arguments: Any) -> bool:
            life.broken = True
            flushed.append(await record(*arguments))
            return False

        life.outbox._record = full
        await life.heat(99)
        await life.told(1, which=1)
        async with asyncio.timeout(60):
            while len(hook.tried) < 1 or len(flushed) < 2:  # noqa: ASYNC110  a thread is at work
                await asyncio.sleep(0.005)
        life.outbox._record = record
        gate = hook.gate = asyncio.Event()
        await life.clock.turn(4)
        await settle()
        assert len(hook.tried) == 2, "it is being retried from memory"
        life.broken = False
        for _ in range(8):
            await life.clock.turn(1.5)
            await asyncio.sleep(0.02)  # the other worker writes what waits
        gate.set()
        await life.told(1)
        for _ in range(3):
            await life.clock.turn(30)
            await asyncio.sleep(0.05)
        assert len(hook.sent) == 1
        assert {entry.notifier: entry.state for entry in await life.entries()} == {"hook": "sent", "mail": "sent"}


async def test_what_waits_in_memory_survives_once_the_disk_has_room(engine_life: Callable[..., Any]) -> None:
    """Full disk and a failing notifier: once there is room the file has the message beside what was told; kill -9 loses nothing."""
    async with engine_life(FakeNotifier(always=SendError("busy")), kill=True) as life:
        life.broken = True
        await life.heat(99)
        await settle()
        assert life.troubles.texts and life.notifiers[0].tried
        life.broken = False
        await life.heat(99)
        assert [entry.state for entry in await life.entries()] == ["sending"]
    async with engine_life() as life:
        await life.heat(99)
        assert await life.told(1) == ["firing"]
        assert life.notifiers[0].repeats == [True]
        await life.heat(20)
        assert await life.told(1) == ["firing"]
        await life.heat(20, 10)
        assert await life.told(2) == ["firing", "resolved"]
        assert [entry.state for entry in await life.entries()] == ["sent", "sent"]


async def test_what_was_sent_from_memory_is_listed_afterwards(engine_life: Callable[..., Any]) -> None:
    """While the disk was full one message went out and one was refused for good: once there is room, the list has both."""
    refuses = FakeNotifier("mail", always=SendError("no such mailbox", permanent=True))
    async with engine_life(FakeNotifier("hook"), refuses) as life:
        life.broken = True
        await life.heat(99)
        assert await life.told(1) == ["firing"]
        await settle()
        life.broken = False
        async with asyncio.timeout(60):
            while len(listed := await life.entries()) < 2:
                await life.clock.turn(5)
                await settle()
        assert {entry.notifier: (entry.state, entry.error) for entry in listed} == {
            "hook": ("sent", ""), "mail": ("failed", "no such mailbox"),
        }  # fmt: skip
        await life.heat(20)
        await life.heat(20, 10)
        assert await life.told(2) == ["firing", "resolved"]


async def test_sent_from_memory_is_sent_once(engine_life: Callable[..., Any]) -> None:
    """What went out from memory while the disk was full is not sent again by the next process, and its end is told."""
    async with engine_life(kill=True) as life:
        life.broken = True
        await life.heat(99)
        assert await life.told(1) == ["firing"]
        life.broken = False
        await life.heat(99)
        await life.heat(99, 60)
        assert len(life.notifiers[0].sent) == 1
    async with engine_life() as life:
        await life.heat(99)
        await life.heat(20)
        await life.heat(20, 10)
        assert await life.told(1) == ["resolved"]


async def test_a_history_that_ends_before_the_kill_ends_and_begins_nothing(engine_life: Callable[..., Any]) -> None:
    """The last second of samples is lost with the process: what state.db knows of the alert holds until a new sample comes."""
    async with engine_life(kill=True) as life:
        await life.heat(20)
        before = {life.clock.wall_ms(): 20.0}
        await life.heat(99)
        assert await life.told(1) == ["firing"]
    async with engine_life(kill=True, stored=before) as life:
        await life.clock.turn(1)
        await life.engine.round()
        await life.heat(99)
        before = {life.clock.wall_ms(): 99.0}
        assert [alert.state for alert in life.engine.alerts] == ["firing"] and not life.notifiers[0].sent
        await life.heat(20)
        await life.heat(20, 10)
        assert await life.told(1) == ["resolved"]
    async with engine_life(stored=before) as life:
        await life.clock.turn(1)
        await life.engine.round()
        assert not life.engine.alerts and not life.notifiers[0].sent
        await life.heat(99)
        assert [alert.state for alert in life.engine.alerts] == ["firing"]


async def test_of_many_unsaved_alerts_none_keeps_an_old_state(engine_life: Callable[..., Any]) -> None:
    """Thousands of alerts come and go while the disk is full: once it has room the file knows how each of them is."""
    async with engine_life() as life:
        life.broken = True
        for value in (99, 20):
            await life.clock.turn(1)
            life.memory.append(life.clock.wall_ms(), [Sample(labels_of("heat", room=str(n)), value) for n in range(1500)])
            await life.engine.round()
        life.broken = False
        await life.heat(99, room="new")
        states = dict(await raw_sql(life.state, "SELECT state, COUNT(*) FROM alerts GROUP BY state"))
        assert states == {"resolved": 1500, "firing": 1}


@pytest.mark.parametrize("down_s", [5, 3600])
async def test_recovered_while_down_is_told_once_and_only_after_a_sample(engine_life: Callable[..., Any], down_s: int) -> None:
    """Firing at the crash, well at the restart: nothing for want of samples, then one resolve after the first real one."""
    async with engine_life(kill=True) as life:
        await life.heat(99)
        assert await life.told(1) == ["firing"]
    async with engine_life() as life:
        await life.clock.turn(down_s)
        for _ in range(3):
            await life.clock.turn(60)
            await life.engine.round()
        await settle()
        assert life.notifiers[0].sent == [] and [alert.state for alert in life.engine.alerts] == ["firing"]
        await life.heat(20)
        assert await life.told(1) == ["resolved"]
        for _ in range(10):
            await life.heat(20, 10)
        assert await life.told(1) == ["resolved"]
    async with engine_life() as life:
        await life.heat(20)
        await life.heat(20, 30)
        await settle()
        assert life.notifiers[0].sent == []


async def test_a_notifier_that_a_reload_takes_away_and_brings_back(engine_life: Callable[..., Any]) -> None:
    """Its rows wait for it; brought back, also while it is still being closed, it sends them and goes on."""
    hook = FakeNotifier("hook", always=SendError("busy"))
    async with engine_life(hook, FakeNotifier("mail")) as life:
        await life.heat(99)
        await life.told(1, which=1)
        closing, go_on = asyncio.Event(), asyncio.Event()

        async def slowly() -> None:
            closing.set()
            await go_on.wait()

        hook.close = slowly  # type: ignore[method-assign]
        life.outbox.reconfigure({"mail": life.notifiers[1]})
        await asyncio.wait_for(closing.wait(), 60)
        back = FakeNotifier("hook")
        life.outbox.reconfigure({"hook": back, "mail": life.notifiers[1]})
        go_on.set()
        async with asyncio.timeout(60):
            while not back.sent:
                await life.clock.turn(1)
                await asyncio.sleep(0.005)
        assert [message.kind for message in back.sent] == ["firing"]


async def test_a_notifier_that_cannot_be_closed_stops_nobody(engine_life: Callable[..., Any]) -> None:
    """An error while an old notifier gives its connections back is left at that."""
    hook = FakeNotifier("hook")
    async with engine_life(hook, FakeNotifier("mail")) as life:

        async def broken() -> None:
            raise RuntimeError("unable to perform operation on <TCPTransport closed=True>")

        hook.close = broken  # type: ignore[method-assign]
        life.outbox.reconfigure({"mail": life.notifiers[1]})
        await life.heat(99)
        assert await life.told(1, which=1) == ["firing"]


async def test_label_values_of_any_kind_are_told(engine_life: Callable[..., Any]) -> None:
    """Newlines, quotes, controls, undecodable bytes and very long values in a label that groups: told, recorded, ended, restored."""
    values = ["two\nlines", 'a"b\\c', "\x1b[2J\x9b", "bad \udcff byte", "\u202eabc", "x" * 10_000, "\0nul", "{}", "한국어 🔥"]
    rules = rules_of({**HOT, "summary": "{{ $labels.room }} is hot", "labels": {"team": "{{ $labels.room }}"}})
    async with engine_life(rules=rules) as life:
        settings = made(Settings, {
            "notifiers": [{"name": "hook", "type": "webhook", "url": "http://127.0.0.1:9/"}],
            "routes": [{"notifiers": ["hook"], "group_by": ["room"]}],
        })  # fmt: skip
        life.engine.planner.reconfigure(compile_routing(settings))
        for value in values:
            await life.heat(99, room=value)
        assert life.troubles.texts == ()
        assert sorted(await life.told(len(values))) == ["firing"] * len(values)
    async with engine_life(rules=rules) as life:
        assert len([alert for alert in life.engine.alerts if alert.state == "firing"]) == len(values)
        life.engine.planner.reconfigure(compile_routing(settings))
        for value in values:
            await life.heat(20, room=value)
        await life.heat(20, 10)
        assert sorted(await life.told(len(values))) == ["resolved"] * len(values)
        assert life.troubles.texts == ()


async def test_what_cannot_be_written_for_any_reason_is_sent(engine_life: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that breaks in a way that nobody foresaw loses no message: it goes out from memory, and the trouble is told."""
    async with engine_life() as life:
        monkeypatch.setattr("tui_monitor.storage.state.alerts.SqliteAlerts.save", _breaks)
        await life.heat(99)
        assert await life.told(1) == ["firing"]
        assert "ValueError" in life.troubles.texts[0]
        monkeypatch.undo()
        await life.heat(99)
        assert life.troubles.texts == ()
        await life.heat(20)
        await life.heat(20, 10)
        assert await life.told(2) == ["firing", "resolved"]


def _breaks(*_arguments: object) -> None:
    raise ValueError("unforeseen")


async def test_retries_are_spread(engine_life: Callable[..., Any]) -> None:
    """The pause before a retry is random by a fifth either way, so that many monitors do not come back in one moment."""
    async with engine_life(FakeNotifier(always=SendError("busy"))) as life:
        await life.heat(99)
        async with asyncio.timeout(60):
            while not (entries := await life.entries()) or entries[0].state != "retrying":  # noqa: ASYNC110  a thread is at work
                await asyncio.sleep(0.005)
        pauses = [(outcome_of(entries[0], SendError("busy"), 0, jitter).next_try or 0) for jitter in (0.0, 0.5, 1.0)]
        assert pauses == [1600, 2000, 2400]


async def test_a_restart_resolves_nothing_for_want_of_samples_by_any_policy(engine_life: Callable[..., Any]) -> None:
    """Also with no_data = "resolve" the alert waits for the first sample after a restart; what stays missing ends after the grace."""
    rules = rules_of({**HOT, "no_data": "resolve"})
    async with engine_life(rules=rules) as life:
        await life.heat(99)
        assert await life.told(1) == ["firing"]
        await life.clock.turn(3600)
    async with engine_life(rules=rules) as life:
        for _ in range(5):
            await life.clock.turn(1)
            await life.engine.round()
        await life.heat(99)
        assert [alert.state for alert in life.engine.alerts] == ["firing"]
        assert life.notifiers[0].sent == []
        await life.clock.turn(600)
        await life.engine.round()
        assert await life.told(1) == ["resolved"]


async def test_a_state_that_goes_bad_is_begun_anew(engine_life: Callable[..., Any], tmp_path: Path) -> None:
    """Pages of the open file are overwritten: it is moved aside, told, and the new one knows what fires and what was told."""
    async with engine_life(kill=True) as life:
        await life.heat(99)
        assert await life.told(1) == ["firing"]
        await raw_sql(life.state, "PRAGMA wal_checkpoint(TRUNCATE)")
        file = tmp_path / "state.db"
        size = file.stat().st_size
        with file.open("r+b") as raw:
            raw.seek(4096)
            raw.write(b"\xa5" * (size - 4096))
        await raw_sql(life.state, "PRAGMA shrink_memory")
        await life.heat(99, 10, room="second")
        assert await life.told(2) == ["firing", "firing"]
        for _ in range(4):
            await life.heat(99)
        assert [text for text in life.troubles.texts if "corrupt" in text]
        assert [name.startswith("state.db.corrupt-") for name in os.listdir(tmp_path)].count(True) == 1
    async with engine_life() as life:
        assert len([alert for alert in life.engine.alerts if alert.state == "firing"]) == 2
        for _ in range(3):
            await life.heat(20, 10)
            await life.heat(20, 0, room="second")
            await asyncio.sleep(0.02)
        told = {(alert.status, alert.id) for message in life.notifiers[0].sent for alert in message.alerts if alert.status == "resolved"}
        assert len(told) == 2
        assert all(life.notifiers[0].repeats[n] for n, message in enumerate(life.notifiers[0].sent) if message.kind == "firing")
