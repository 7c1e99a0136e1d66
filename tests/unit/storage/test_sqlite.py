"""The opening of both stores: migrations by version, integrity, newer schemas, corrupt files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tui_monitor.storage.faults import StorageCorrupt, StoreTooNew
from tui_monitor.storage.sqlite import connect, migrate, move_aside, open_store, schema_version

FIRST = "CREATE TABLE one (a);\nCREATE TABLE two (b);\n"


def add_row(db: sqlite3.Connection) -> None:
    """A step that SQL alone could do, as a function."""
    db.execute("INSERT INTO one VALUES (7)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a store?.db"


def test_migrations_run_once_each_in_order(path: Path) -> None:
    """A new file gets all steps, an older one those it lacks."""
    db, aside = open_store(path, (FIRST,), synchronous="NORMAL")
    assert (schema_version(db), aside) == (1, None)
    db.close()
    for _ in range(2):
        db, _ = open_store(path, (FIRST, add_row), synchronous="FULL")
        assert schema_version(db) == 2 and db.execute("SELECT a FROM one").fetchall() == [(7,)]
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",) and db.execute("PRAGMA synchronous").fetchone() == (2,)
        db.close()


def test_a_step_that_fails_leaves_the_version_before(path: Path) -> None:
    """Each step is a transaction of its own."""
    db = connect(path)
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, (FIRST, "CREATE TABLE three (c);\nCREATE TABLE one (again);\n"))
    assert schema_version(db) == 1
    assert {name for (name,) in db.execute("SELECT name FROM sqlite_master")} == {"one", "two"}
    db.close()


def test_a_newer_file_is_refused_and_not_written_to(path: Path) -> None:
    """Please upgrade: the file stays as it is, and is not taken for corrupt."""
    open_store(path, (FIRST, add_row), synchronous="NORMAL", auto_vacuum=True)[0].close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="upgrade"):
        open_store(path, (FIRST,), synchronous="NORMAL", auto_vacuum=True)
    assert path.read_bytes() == before


def test_a_corrupt_file_is_moved_aside_each_time_under_another_name(path: Path) -> None:
    """Two within a second do not overwrite each other; log and index of the old file are gone."""
    names = set()
    for number in range(3):
        path.write_bytes(b"garbage %d " % number * 1000)
        path.with_name(path.name + "-wal").write_bytes(b"old log")
        db, aside = open_store(path, (FIRST,), synchronous="NORMAL")
        assert aside is not None and aside.read_bytes().startswith(b"garbage %d" % number)
        names.add(aside)
        assert schema_version(db) == 1
        db.close()
        path.unlink()
    assert len(names) == 3


def test_the_check_is_the_callers(path: Path) -> None:
    """What the check calls corrupt is moved aside; without a schema there is nothing to check."""

    def refuse(db: sqlite3.Connection) -> None:
        raise StorageCorrupt("I do not like it")

    db, aside = open_store(path, (FIRST,), synchronous="NORMAL", check=refuse)
    assert aside is None
    db.close()
    db, aside = open_store(path, (FIRST,), synchronous="NORMAL")
    db.close()
    with pytest.raises(sqlite3.OperationalError):
        open_store(path.parent, (FIRST,), synchronous="NORMAL")
    db, aside = open_store(path, (FIRST,), synchronous="NORMAL", check=refuse)
    assert aside is not None
    db.close()
    assert move_aside(path) != aside


def test_only_a_new_file_becomes_one_that_can_shrink(path: Path) -> None:
    """auto_vacuum is incremental where asked for, and survives reopening."""
    open_store(path, (FIRST,), synchronous="NORMAL", auto_vacuum=True)[0].close()
    db = connect(path, read_only=True)
    assert db.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    with pytest.raises(sqlite3.OperationalError):
        db.execute("INSERT INTO one VALUES (1)")
    db.close()
