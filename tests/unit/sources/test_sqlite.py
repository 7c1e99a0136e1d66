"""The SQLite check against real files that are well, missing, locked, unreadable and hostile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.settings import made
from tui_monitor.core.values import HealthStatus, Sample, label, labels_of
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.queries import QuerySettings
from tui_monitor.sources.sqlite.probe import SqliteProbe
from tui_monitor.sources.sqlite.settings import SqliteCheck

ENDLESS = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) as value from n"


@contextlib.asynccontextmanager
async def probing(path: Path, timeout: str = "5s") -> AsyncIterator[SqliteProbe]:  # noqa: ASYNC109
    """A probe of this file, closed at the end."""
    probe = SqliteProbe(made(SqliteCheck, name="db", path=str(path), timeout=timeout))
    try:
        yield probe
    finally:
        await probe.close()


def query(sql: str, timeout: float = 5.0) -> QuerySettings:
    """A configured query."""
    return QuerySettings(metric="m", sql=sql, timeout=timeout)


def write(path: Path, sql: str) -> None:
    """Run statements as the application does."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


def contents(directory: Path) -> dict[str, bytes]:
    """Every file of a directory."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop #1?.db"  # signs that an address would take for its own
    write(path, "create table orders (status text, amount numeric); insert into orders values ('new', 12.5), (null, 3)")
    return path


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """The rights of the user nobody for this thread and those it starts: root may read everything."""
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(os.getuid())


async def test_a_well_file_is_measured(file: Path) -> None:
    """Healthy with its size; a file in WAL mode with that of its log as well, while the application holds it open."""
    async with probing(file) as probe:
        result = await probe.probe()
        assert (result.status, result.reason) == (HealthStatus.HEALTHY, "") and result.duration is not None
        assert result.samples == (
            Sample(labels_of("sqlite_size_bytes"), len(contents(file.parent)[file.name])), Sample(labels_of("sqlite_wal_size_bytes"), 0),
        )  # fmt: skip
        assert (result.facts["journal"], result.facts["schema"]) == ("rollback", "1 entries")
        with contextlib.closing(sqlite3.connect(file)) as application:
            application.executescript("pragma journal_mode = wal; insert into orders values ('paid', 1)")
            result = await probe.probe()
            assert result.facts["journal"] == "WAL" and result.samples[1].value > 0
            (sample,), _ = await probe.run_query(query("select count(*) as value from orders"))
            assert sample.value == 3


async def test_a_missing_file_is_unhealthy(tmp_path: Path) -> None:
    """It is never made by looking for it; it is seen when it comes, and when it is replaced."""
    path = tmp_path / "later.db"
    async with probing(path) as probe:
        result = await probe.probe()
        assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, f"no such file or directory ({path})") and not path.exists()
        assert (await probe.run_query(query("select 1 as value")))[1] == result.reason
        path.touch()
        assert (await probe.probe()).reason == "the file is empty: no table was ever written"
        write(path, "create table a (x)")
        assert (await probe.probe()).status is HealthStatus.HEALTHY
        other = tmp_path / "other.db"
        write(other, "create table b (x); insert into b values (1)")
        other.replace(path)
        assert (await probe.run_query(query("select count(*) as value from b")))[0][0].value == 1


@pytest.mark.parametrize("content", [b"x" * 4096, b"SQLite format 3\0" + b"\xff" * 4096])
async def test_what_is_no_database_is_unhealthy(tmp_path: Path, content: bytes) -> None:
    """SQLite's own words."""
    path = tmp_path / "x"
    path.write_bytes(content)
    async with probing(path) as probe:
        result = await probe.probe()
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, "file is not a database")


async def test_what_is_no_file_is_unhealthy(tmp_path: Path) -> None:
    """A directory and a pipe, which would hold up whoever opens it."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        async with probing(path) as probe:
            assert (await probe.probe()).reason == f"not a file ({path})"


async def test_a_locked_database_is_unknown(file: Path) -> None:
    """A write that lasts longer than the time limit is told as that, with advice; it says nothing of the target's health."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("begin exclusive")
        async with probing(file, "200ms") as probe:
            with pytest.raises(OwnTrouble, match=r"the database is locked by another process for more than 200ms: .*journal_mode = WAL"):
                await probe.probe()
            assert "is locked by another process" in (await probe.run_query(query("select 1 as value from orders", 0.1)))[1]
            writer.execute("rollback")
            assert (await probe.probe()).status is HealthStatus.HEALTHY


async def test_a_file_that_may_not_be_read_is_unknown(tmp_path: Path) -> None:
    """The reason says whose right is missing."""
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a file of root's that nobody may read")
    os.chmod(tmp_path, 0o755)
    for parent in tmp_path.parents:
        if not os.stat(parent).st_mode & 1:
            os.chmod(parent, 0o755)
    path = tmp_path / "secret.db"
    write(path, "create table a (x)")
    path.chmod(0o600)
    async with probing(path) as probe:
        with as_nobody(), pytest.raises(OwnTrouble, match="let the monitor's user read"):
            await probe.probe()


async def test_wal_mode_in_a_directory_that_may_not_be_written_is_unknown_with_advice(tmp_path: Path) -> None:
    """SQLite needs -shm and -wal beside the file: the reason says so, and what to change; while the application is there it works."""
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a directory of root's that nobody may read")
    for place in (tmp_path, *tmp_path.parents):
        if not os.stat(place).st_mode & 1:
            os.chmod(place, 0o755)
    path = tmp_path / "wal.db"
    write(path, "pragma journal_mode = wal; create table a (x)")
    os.chmod(path, 0o644)
    assert list(contents(tmp_path)) == ["wal.db"]
    with as_nobody():
        async with probing(path) as probe:
            with pytest.raises(OwnTrouble, match="is in WAL mode, and this user may not write its directory"):
                await probe.probe()
            assert "is in WAL mode" in (await probe.run_query(query("select 1 as value from a")))[1]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("attach '{directory}/other.db' as other", "only reading is possible here (not authorized)"),
        ("pragma writable_schema = 1", "only reading is possible here (not authorized)"),
        ("pragma query_only = 0", "only reading is possible here (not authorized)"),
        ("delete from orders", "only reading is possible here (not authorized)"),
        ("update sqlite_master set sql = ''", "table sqlite_master may not be modified"),
        ("drop table orders", "only reading is possible here (not authorized)"),
        ("vacuum into '{directory}/other.db'", "only reading is possible here (authorization denied)"),
        ("begin immediate", "only reading is possible here (not authorized)"),
        ("select load_extension('/x') as value", "only reading is possible here (not authorized to use function: load_extension)"),
        ("select * from pragma_table_info('orders')", "only reading is possible here (not authorized)"),
        ("select 1 as value; drop table orders", "You can only execute one statement at a time."),
        ("selec 1", 'near "selec": syntax error'),
        ("select 1 as number", 'the query has no column "value"'),
        ("select '1.5' as value", '"1.5" in the column "value" is not a number'),
        ("select x'00ff' as value", '"b\'\\x00\\xff\'" in the column "value" is not a number'),
        ("select 1e999 as value", '"inf" in the column "value" is not a number'),
        ("select 1 as value union all select 2", "several rows have the same labels: the first of them counts"),
        ("select zeroblob(900000000) as x, 1 as value", "string or blob too big"),
        ("", "the statement gives no rows"),
    ],
)
async def test_a_wrong_query_gives_a_reason(file: Path, sql: str, reason: str) -> None:
    """What writes or opens other files is refused before it does anything; the next query works, and no file appears."""
    before = contents(file.parent)
    async with probing(file) as probe:
        _, said = await probe.run_query(query(sql.format(directory=file.parent) or " "))
        assert said.startswith(reason)
        (sample,), wrong = await probe.run_query(query("select count(*) as value from orders"))
        assert (sample.value, wrong) == (2, "")
    assert contents(file.parent) == before


async def test_rows_become_samples(file: Path) -> None:
    """NULL is no sample and no label, hostile text is made harmless, text that is no UTF-8 too; a thousand rows count."""
    async with probing(file) as probe:
        samples, wrong = await probe.run_query(query("select status, amount as value from orders"))
        assert ({label(s.labels, "status"): s.value for s in samples}, wrong) == ({"new": 12.5, "": 3}, "")
        (sample,), _ = await probe.run_query(query("select 1 as value, cast(x'ff411b5b33316d' as text) as x, '상태' as \"type\""))
        assert dict(sample.labels) == {"__name__": "m", "x": "\N{REPLACEMENT CHARACTER}A", "exported_type": "상태"}
        many = "with recursive n(x) as (select 1 union all select x + 1 from n) select x as value, x as n from n"
        samples, wrong = await probe.run_query(query(many))
        assert (len(samples), wrong) == (1000, "more than 1,000 rows: the rest is left out")


async def test_full_text_tables_can_be_read(tmp_path: Path) -> None:
    """FTS asks for settings of its own, which stay allowed."""
    path = tmp_path / "text.db"
    for kind in ("fts4", "fts5"):
        write(path, f"create virtual table {kind} using {kind}(body); insert into {kind} values ('late order')")
        async with probing(path) as probe:
            (sample,), wrong = await probe.run_query(query(f"select count(*) as value from {kind} where {kind} match 'late'"))
            assert (sample.value, wrong) == (1, "")


async def test_an_endless_query_is_interrupted_and_delays_no_verdict(file: Path) -> None:
    """It ends at its limit; the verdict meanwhile comes from a thread of its own, and the query's thread is free again."""
    async with probing(file) as probe:
        running = asyncio.create_task(probe.run_query(query(ENDLESS, 0.3)))
        await asyncio.sleep(0)
        assert (await probe.probe()).status is HealthStatus.HEALTHY and not running.done()
        assert await running == ((), "timed out after 300ms (query)")
        for _ in range(20):
            async with asyncio.timeout(10):
                while "has not come back" in (await probe.run_query(query("select 1 as value")))[1]:  # noqa: ASYNC110  nobody else tells
                    await asyncio.sleep(0.01)
            assert (await probe.run_query(query(ENDLESS, 0.01)))[1] == "timed out after 10ms (query)"
        assert sum(thread.name == "sqlite" for thread in threading.enumerate()) <= 2


async def test_a_reading_that_hangs_holds_one_thread(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system stands still, later probes say so instead of joining."""
    release = threading.Event()
    real = os.stat
    monkeypatch.setattr("tui_monitor.sources.sqlite.file.os.stat", lambda path: release.wait(20) and real(path))
    async with probing(file) as probe:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await probe.probe()
        assert probe.stage == "read"
        with pytest.raises(OwnTrouble, match="an earlier read has not come back"):
            await probe.probe()
        release.set()
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(OwnTrouble):
                    if (await probe.probe()).status is HealthStatus.HEALTHY:
                        break
                await asyncio.sleep(0.01)
