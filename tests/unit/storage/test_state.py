"""state.db: alerts, commands, audit, leader and viewers, over a real file."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.alert_world import START, World, changes, rules_of
from tui_monitor.alerts.alert import Acknowledgement, Alert, Rung, Transition
from tui_monitor.core.commands import CommandResult
from tui_monitor.storage.sqlite import StoreTooNew
from tui_monitor.storage.state import alerts, audit, commands
from tui_monitor.storage.state import leadership as leader
from tui_monitor.storage.state.database import MIGRATIONS, StateReader, StateStore, prune

FULL = Alert(
    id="0123abcd", fingerprint="f" * 16, rule="Hot", state="firing", severity="critical", labels={"alertname": "Hot", "room": "a"},
    annotations={"summary": "hot"}, value=1.5, active_at=START, starts_at=START + 1, keep_until=START + 9,
    acknowledged=Acknowledgement("kim", START + 2, "mine", START + 3), note="n", no_data=True, flaps=3,
    evidence={"reason": "x", "values": [[1, 2.0]]},
    suppressed_by=("silence:1",), rungs={"Hot/critical": Rung(START, True, START + 9, (("room", "a"),))}, digest="d",
)  # fmt: skip


@pytest.fixture
async def store(tmp_path: Path) -> StateStore:
    return await StateStore.open(tmp_path / "state.db")


async def test_an_alert_comes_back_as_it_was_saved(store: StateStore) -> None:
    """Every field of a live alert survives the file."""
    await store.transaction(lambda db: alerts.save_transitions(db, [Transition(START, "firing", FULL)]))
    assert await store.run(alerts.load_live) == [FULL]
    odd = replace(FULL, id="00000001", value=float("inf"), evidence={"v": float("inf")})
    await store.transaction(lambda db: alerts.save_transitions(db, [Transition(START, "firing", odd)]))
    assert odd in await store.run(alerts.load_live)
    await store.close()


async def test_history_events_and_ids(store: StateStore) -> None:
    """Steps are kept, with the summary of then, but value updates are not; a dropped pending alert leaves nothing; prefixes find."""
    pending = replace(FULL, id="0aaaaaaa", state="pending", starts_at=0, acknowledged=None)
    done = replace(FULL, id="0123ffff", state="resolved", ends_at=START + 50)
    held = replace(FULL, id="0bbbbbbb", state="resolved", ends_at=START + 60, held=True)

    def save(db: sqlite3.Connection) -> None:
        alerts.save_transitions(
            db,
            [
                Transition(START, "pending", pending), Transition(START + 1, "dropped", pending), Transition(START, "firing", FULL),
                Transition(START + 1, "updated", FULL), Transition(START + 2, "acknowledged", FULL, by="kim", note="mine"),
                Transition(START + 50, "resolved", done), Transition(START + 60, "resolved", held, by="kim"),
            ],
        )  # fmt: skip

    await store.transaction(save)
    assert [alert.id for alert in await store.run(alerts.load_live)] == ["0123abcd", "0bbbbbbb"]
    assert [alert.id for alert in await store.run(alerts.history)] == ["0123abcd", "0bbbbbbb", "0123ffff"]
    steps = await store.run(lambda db: alerts.events(db, "0123abcd"))
    assert [(step.change, step.by, step.note) for step in steps] == [("firing", "", "hot"), ("acknowledged", "kim", "mine")]
    assert await store.run(lambda db: alerts.events(db, "0aaaaaaa")) == []
    assert len(await store.run(lambda db: alerts.events_between(db, START + 50, START + 60))) == 2
    assert (await store.run(lambda db: alerts.find(db, "0123a"))).id == "0123abcd"
    assert (await store.run(lambda db: alerts.find(db, "0123"))).id == "0123abcd", "a live one before an ended one"
    await store.transaction(lambda db: alerts.save_transitions(db, [Transition(START, "firing", replace(FULL, id="0cccccc1"))]))
    for prefix, text in (("0", "several ids"), ("9", 'id "9"'), ("x%", 'id "x%"'), ("", 'id ""')):
        with pytest.raises(LookupError, match=text):
            await store.run(lambda db, prefix=prefix: alerts.find(db, prefix))
    assert await store.run(alerts.taken_ids) == {"0123abcd", "0123ffff", "0bbbbbbb", "0cccccc1"}
    assert [alert.id for alert in await store.run(lambda db: alerts.load_recent(db, START + 86_400_051))] == ["0bbbbbbb"]
    await store.close()


async def test_retention_is_bounded(store: StateStore) -> None:
    """Old and surplus ended alerts go with their events; live and held ones stay."""

    def fill(db: sqlite3.Connection) -> None:
        for number in range(30):
            ended = replace(FULL, id=f"{number:08x}", state="resolved", ends_at=START + number, held=number == 0)
            alerts.save_transitions(db, [Transition(START, "resolved", ended)])
        alerts.save_transitions(db, [Transition(START, "firing", FULL)])

    await store.transaction(fill)
    assert await store.transaction(lambda db: alerts.prune(db, START, keep=10)) == 19
    assert len(await store.run(alerts.history)) == 12
    assert await store.transaction(lambda db: alerts.prune(db, START + 366 * 86_400_000)) == 10
    assert len(await store.run(lambda db: db.execute("SELECT DISTINCT alert FROM alert_events").fetchall())) == 2
    await store.transaction(lambda db: prune(db, START))
    await store.close()


async def test_commands_are_applied_once(store: StateStore) -> None:
    """A command waits until it is finished, and can be finished once only."""
    ident = await store.transaction(lambda db: commands.add(db, "kim", "ack", '{"ids": ["0123"]}', START))
    (waiting,) = await store.run(commands.pending)
    assert (waiting.id, waiting.by, waiting.verb, waiting.arguments, waiting.at) == (
        ident,
        "kim",
        "ack",
        '{"ids": ["0123"]}',
        START,
    )
    assert await store.run(lambda db: commands.result(db, ident)) is None
    assert await store.transaction(lambda db: commands.finish(db, ident, CommandResult(True, "done"), START + 5))
    assert not await store.transaction(lambda db: commands.finish(db, ident, CommandResult(False, "again"), START + 6))
    assert await store.run(commands.pending) == []
    assert await store.run(lambda db: commands.result(db, ident)) == CommandResult(True, "done")
    assert await store.transaction(lambda db: commands.prune(db, START + 8 * 86_400_000)) == 1
    with pytest.raises(LookupError):
        await store.run(lambda db: commands.result(db, ident))
    await store.close()


async def test_audit_leader_and_viewers(store: StateStore) -> None:
    """Who did what, who leads, who looks on and was heard of lately."""
    row = leader.LeaderRow(12, "dashboard", "0.1", "abc", START, START)

    def write(db: sqlite3.Connection) -> None:
        audit.add(db, START, "kim", "ack", "0123 Hot", "note")
        leader.put(db, row)
        leader.put_viewer(db, leader.ViewerRow(13, "dashboard", "lee", START, START))

    await store.transaction(write)
    assert [(entry.by, entry.verb, entry.note) for entry in await store.run(audit.entries)] == [("kim", "ack", "note")]
    assert await store.run(leader.get) == row
    assert [viewer.pid for viewer in await store.run(lambda db: leader.viewers(db, START + 14_000))] == [13]
    assert not await store.run(lambda db: leader.viewers(db, START + 15_000))
    await store.transaction(lambda db: (leader.clear(db, 12), leader.forget_viewers(db, START + 20_000)))
    assert await store.run(leader.get) is None
    assert not await store.run(lambda db: leader.viewers(db, START))
    await store.close()


def put_fact(db: sqlite3.Connection, key: str, value: int) -> None:
    db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))


def facts(db: sqlite3.Connection) -> dict[str, int]:
    return {key: int(value) for key, value in db.execute("SELECT key, value FROM facts")}


async def test_a_transaction_is_all_or_nothing_and_serialised(store: StateStore) -> None:
    """An exception takes everything back; many at once do not mix; a commit without durability restores it."""

    def fail(db: sqlite3.Connection) -> None:
        put_fact(db, "a", 1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.transaction(fail)
    assert await store.run(facts) == {}

    def count(db: sqlite3.Connection) -> None:
        put_fact(db, "n", facts(db).get("n", 0) + 1)

    await asyncio.gather(*(store.transaction(count, durable=number % 2 == 0) for number in range(50)))
    assert await store.run(facts) == {"n": 50}
    assert await store.run(lambda db: db.execute("PRAGMA synchronous").fetchone()) == (2,)
    await store.close()
    with pytest.raises((sqlite3.ProgrammingError, RuntimeError)):
        await store.run(facts)


async def test_a_corrupt_file_is_moved_aside(tmp_path: Path) -> None:
    """Monitoring goes on with a new file, and the old one is kept."""
    path = tmp_path / "state.db"
    path.write_bytes(b"this is no database" * 1000)
    store = await StateStore.open(path)
    assert store.aside is not None and store.aside.read_bytes().startswith(b"this is")
    assert await store.run(alerts.load_live) == []
    await store.close()


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    """A file of a newer version is refused with advice, by writer and reader, and not changed."""
    path = tmp_path / "state.db"
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.execute("CREATE TABLE t (x)")
    db.commit()
    db.close()
    with pytest.raises(StoreTooNew, match="upgrade"):
        await StateStore.open(path)
    with pytest.raises(StoreTooNew, match="upgrade"):
        StateReader(path)


async def test_in_memory_it_works_the_same() -> None:
    """Without a file, too, what is committed is read back."""
    store = await StateStore.in_memory()
    await store.transaction(lambda db: alerts.save_transitions(db, [Transition(START, "firing", FULL)]), durable=False)
    assert await store.run(alerts.load_live) == [FULL]
    await store.close()


async def test_a_reader_follows_the_writer(tmp_path: Path) -> None:
    """A commit changes the reader's version; the reader cannot write; a file begun anew is noticed."""
    path = tmp_path / "state.db"
    with pytest.raises(FileNotFoundError):
        StateReader(path)
    store = await StateStore.open(path)
    reader = StateReader(path)
    before = reader.data_version()
    assert reader.data_version() == before
    await store.transaction(lambda db: alerts.save_transitions(db, [Transition(START, "firing", FULL)]))
    assert reader.data_version() != before
    assert reader.read(alerts.load_live) == [FULL]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.read(lambda db: put_fact(db, "a", 1))
    await store.close()
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    other = await StateStore.open(path)
    assert reader.read(alerts.load_live) == []
    await other.close()
    reader.close()


async def test_a_reader_may_look_where_it_may_not_write(tmp_path: Path) -> None:
    """A file at rest in a directory that may not be written can be read, and is followed once a writer is back."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    folder = tmp_path / "state"
    folder.mkdir()
    store = await StateStore.open(folder / "state.db")
    await store.transaction(lambda db: alerts.save_transitions(db, [Transition(START, "firing", FULL)]))
    await store.close()
    folder.chmod(0o555)
    try:
        reader = StateReader(folder / "state.db")
        assert reader.read(alerts.load_live) == [FULL]
        folder.chmod(0o755)
        store = await StateStore.open(folder / "state.db")
        await store.transaction(lambda db: put_fact(db, "a", 1))
        assert reader.read(facts) == {"a": 1}
        await store.close()
        reader.close()
    finally:
        folder.chmod(0o755)


def test_what_may_wait_is_merged() -> None:
    """A pending alert that ends at once never reaches the disk, updates merge, urgent steps are due at once and in order."""
    unsaved = alerts.Unsaved()
    pending = replace(FULL, state="pending", starts_at=0)
    other = replace(FULL, id="0000000b")
    unsaved.add([Transition(START, "pending", pending), Transition(START, "updated", other)], START)
    assert not unsaved.due(START + 1000)
    unsaved.add([Transition(START, "dropped", pending), Transition(START, "updated", replace(other, value=9.0))], START + 1000)
    assert unsaved.due(START + 1500)
    assert [(step.change, step.alert.value) for step in unsaved.take()] == [("updated", 9.0)]
    unsaved.add([Transition(START, "pending", pending)], START)
    unsaved.add([Transition(START, "updated", pending), Transition(START, "firing", FULL)], START)
    assert unsaved.due(START)
    taken = unsaved.take()
    assert [step.change for step in taken] == ["pending", "firing"]
    unsaved.put_back(taken, START)
    assert unsaved.due(START) and unsaved.take() == taken and not unsaved.due(START + 99_999)


async def test_alerts_survive_a_restart_through_the_file(store: StateStore) -> None:
    """What the evaluator saved is what the next one takes up: `for` progress, acknowledgement, ids."""
    rules = rules_of({"alert": "Hot", "expr": "heat > 10", "for": "60s"}, {"alert": "Warm", "expr": "heat > 5"})
    world = World(rules)
    world.step("heat", 11)
    await store.transaction(lambda db: alerts.save_transitions(db, world.seen))
    second = World(rules)
    second.now = world.now + 59_000
    live, taken = await store.run(lambda db: (alerts.load_live(db), alerts.taken_ids(db)))
    assert second.evaluator.restore(second.now, live, (), taken) == []
    assert second.step("heat", 11) == ["firing"]
    assert {alert.id for alert in second.evaluator.alerts()} == {alert.id for alert in world.evaluator.alerts()}
    assert changes(second.tick(3600)) == []
    await store.close()
