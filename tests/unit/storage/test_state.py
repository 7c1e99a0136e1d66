"""state.db as a file: schema versions, corrupt files, readers beside the writer, and transitions that may wait."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.alert_world import START
from tests.support.raw_sql import raw_sql
from tests.unit.storage.test_repository import FULL
from tui_monitor.alerts.alert import Transition
from tui_monitor.storage.faults import StorageFault, StoreTooNew, StoreTooOld
from tui_monitor.storage.pending_transitions import PendingTransitions
from tui_monitor.storage.records import LeaderRow, UnitOfWork
from tui_monitor.storage.repository import State
from tui_monitor.storage.sqlite import connect, migrate
from tui_monitor.storage.state.database import SqliteRepository
from tui_monitor.storage.state.reader import StateReader, write_once
from tui_monitor.storage.state.tables import MIGRATIONS

ROW = LeaderRow(1, "headless", "0.1", "abc", START, START)
FIRES = UnitOfWork(START, [Transition(START, "firing", FULL)])


def leader(state: State) -> LeaderRow | None:
    return state.processes.leader()


def lead(state: State) -> None:
    state.processes.save_leader(ROW)


def tables(path: Path) -> set[str]:
    with closing(connect(path, read_only=True)) as db:
        return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


async def test_a_commit_without_durability_is_the_exception(tmp_path: Path) -> None:
    """Every other commit is on the disk when it returns."""
    store = await SqliteRepository.open(tmp_path / "state.db")
    await store.transaction(lead, durable=False)
    assert await raw_sql(store, "PRAGMA synchronous") == [(2,)]
    await store.close()


async def test_a_corrupt_file_is_moved_aside(tmp_path: Path) -> None:
    """Monitoring goes on with a new file, and the old one is kept."""
    path = tmp_path / "state.db"
    path.write_bytes(b"this is no database" * 1000)
    store = await SqliteRepository.open(path)
    assert store.moved_aside is not None and store.moved_aside.read_bytes().startswith(b"this is")
    assert await store.read(lambda state: state.alerts.live()) == []
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
        await SqliteRepository.open(path)
    with pytest.raises(StoreTooNew, match="upgrade"):
        StateReader(path)
    with pytest.raises(StoreTooNew, match="upgrade"):
        write_once(path, lead)
    assert tables(path) == {"t"}


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
async def test_an_older_file_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    """A leader opens the file of any earlier version and keeps what it holds; others wait for that. The table facts, never used, goes."""
    path = tmp_path / "state.db"
    with closing(connect(path)) as db:
        migrate(db, MIGRATIONS[:version])
        db.execute("INSERT INTO leader VALUES (1, 1, 'headless', '0.1', 'abc', ?, ?)", (START, START))
    assert ("facts" in tables(path)) == (version < 5)
    with pytest.raises(StorageFault, match="has no schema yet"):
        StateReader(path)
    with pytest.raises(StoreTooOld, match="start tui-monitor once"):
        write_once(path, lead)
    store = await SqliteRepository.open(path)
    assert await store.read(leader) == ROW
    await store.commit(FIRES)
    assert "facts" not in tables(path)
    await store.close()


async def test_a_reader_follows_the_writer(tmp_path: Path) -> None:
    """A commit changes the reader's version; the reader cannot write; a file begun anew is noticed."""
    path = tmp_path / "state.db"
    with pytest.raises(StorageFault) as error:
        StateReader(path)
    assert isinstance(error.value.__cause__, FileNotFoundError)
    store = await SqliteRepository.open(path)
    reader = StateReader(path)
    before = reader.data_version()
    assert reader.data_version() == before
    await store.commit(FIRES)
    assert reader.data_version() != before
    assert reader.read(lambda state: state.alerts.live()) == [FULL]
    with pytest.raises(StorageFault, match="readonly"):
        reader.read(lead)
    write_once(path, lead)
    assert await store.read(leader) == reader.read(leader) == ROW
    await store.close()
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    other = await SqliteRepository.open(path)
    assert reader.read(lambda state: state.alerts.live()) == []
    await other.close()
    reader.close()


async def test_a_reader_may_look_where_it_may_not_write(tmp_path: Path) -> None:
    """A file at rest in a directory that may not be written can be read, and is followed once a writer is back."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    folder = tmp_path / "state"
    folder.mkdir()
    store = await SqliteRepository.open(folder / "state.db")
    await store.commit(FIRES)
    await store.close()
    folder.chmod(0o555)
    try:
        reader = StateReader(folder / "state.db")
        assert reader.read(lambda state: state.alerts.live()) == [FULL]
        folder.chmod(0o755)
        store = await SqliteRepository.open(folder / "state.db")
        await store.transaction(lead)
        assert reader.read(leader) == ROW
        await store.close()
        reader.close()
    finally:
        folder.chmod(0o755)


async def test_the_claim_uses_its_index(tmp_path: Path) -> None:
    """Finding the next notification costs what waits, not what the table holds."""
    store = await SqliteRepository.open(tmp_path / "state.db")
    sql = "SELECT seq FROM notifications WHERE notifier = 'hook' AND next_try IS NOT NULL ORDER BY seq LIMIT 1"
    plan = await raw_sql(store, f"EXPLAIN QUERY PLAN {sql}")
    assert any("notifications_waiting" in str(row) for row in plan), plan
    await store.close()


def test_what_may_wait_is_merged() -> None:
    """A pending alert that ends at once never reaches the disk, updates merge, urgent steps are due at once and in order."""
    waiting = PendingTransitions()
    pending = replace(FULL, state="pending", starts_at=0)
    other = replace(FULL, id="0000000b")
    waiting.add([Transition(START, "pending", pending), Transition(START, "updated", other)], START)
    assert not waiting.due(START + 1000)
    waiting.add([Transition(START, "dropped", pending), Transition(START, "updated", replace(other, value=9.0))], START + 1000)
    assert waiting.due(START + 1500)
    assert [(step.change, step.alert.value) for step in waiting.drain()] == [("updated", 9.0)]
    waiting.add([Transition(START, "pending", pending)], START)
    waiting.add([Transition(START, "updated", pending), Transition(START, "firing", FULL)], START)
    assert waiting.due(START)
    taken = waiting.drain()
    assert [step.change for step in taken] == ["pending", "firing"]
    waiting.requeue(taken, START)
    assert waiting.due(START) and waiting.drain() == taken and not waiting.due(START + 99_999)
