"""What PostgreSQL knows beside its health: sessions by state, pg_stat_statements; and PgBouncer's console."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from tests.support.peers.fixtures import present
from tests.support.peers.hostile import hostile
from tests.support.peers.pgbouncer import PASSWORD, USER, PgBouncer, pgbouncer
from tests.support.servers import PostgresServer, postgres_server
from tests.support.settings import made
from tui_monitor.core.values import HealthStatus, ProbeResult, label
from tui_monitor.sources.kinds import build_probe
from tui_monitor.sources.postgres.pgbouncer import PgBouncerProbe, read_pools
from tui_monitor.sources.postgres.probe import PostgresProbe
from tui_monitor.sources.postgres.settings import PostgresCheck
from tui_monitor.sources.postgres.statements import GrowingSum


@contextlib.asynccontextmanager
async def probing(dsn: str, **settings: object) -> AsyncIterator[Any]:
    """A probe of this DSN, closed at the end."""
    probe = build_probe(made(PostgresCheck, {"name": "db", "dsn": dsn, **settings}))
    try:
        yield probe
    finally:
        await probe.close()


@contextlib.asynccontextmanager
async def session(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A session beside the probe's."""
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        yield connection
    finally:
        connection.terminate()


def values(result: ProbeResult, name: str, by: str = "state") -> dict[str, float]:
    """The samples of one metric by a label."""
    return {label(s.labels, by): s.value for s in result.samples if label(s.labels, "__name__") == name}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server(max_connections="20", shared_preload_libraries="pg_stat_statements") as found:
        yield found


async def test_sessions_are_counted_by_state(server: PostgresServer) -> None:
    """Active (the probe's own), idle, in a transaction, in a failed one; a role that may not see others gets none of them."""
    async with contextlib.AsyncExitStack() as stack:
        idle, open_, failed = [await stack.enter_async_context(session(server.dsn())) for _ in range(3)]
        await idle.execute("select 1; drop role if exists blind; create role blind login password 'b'")
        await open_.execute("begin")
        with contextlib.suppress(asyncpg.PostgresError):
            await failed.execute("begin; select 1 / 0")
        async with probing(server.dsn()) as probe:
            found = values(await probe.probe(), "postgres_sessions")
        assert found == {"active": 1, "idle": 1, "idle in transaction": 1, "idle in transaction (aborted)": 1}
        async with probing(server.dsn("blind", "b")) as probe:
            assert values(await probe.probe(), "postgres_sessions") == {}


async def test_statements_are_counted_and_the_slowest_named(server: PostgresServer) -> None:
    """Counts begin at 0 and grow; ten statements at most, without constants, and never one that sets a password."""
    async with session(server.dsn()) as admin, probing(server.dsn()) as probe:
        before = await probe.probe()
        assert not values(before, "postgres_queries_total") and not any("slow" in fact for fact in before.facts)
        await admin.execute("create schema metrics; create extension pg_stat_statements schema metrics")
        await admin.execute("create role leaky password 'hush'")
        for number in range(12):
            await admin.execute(f"select {number} as a{number}")
        await admin.execute("/* report */ select pg_sleep(0.05), 'secret'")
        probe._statements._due = 0.0
        first = await probe.probe()
        assert values(first, "postgres_queries_total") == {"": 0} and values(first, "postgres_query_seconds_total") == {"": 0}
        slowest = [text for fact, text in first.facts.items() if fact.startswith("slow statement")]
        assert len(slowest) == 10 and "times: /* report */ select pg_sleep($1), $2" in " ".join(slowest)
        assert "hush" not in str(first.facts) and "secret" not in str(first.facts)
        again = await probe.probe()
        assert not values(again, "postgres_queries_total") and again.facts.keys() >= {"slow statement 1", "slow statement 10"}
        await admin.execute("select pg_sleep(0.02)")
        probe._statements._due = 0.0
        second = await probe.probe()
        assert values(second, "postgres_queries_total")[""] >= 1 and values(second, "postgres_query_seconds_total")[""] >= 0.02
        await admin.execute("drop schema metrics cascade")


async def test_an_extension_that_is_not_loaded_is_named() -> None:
    """It has to be in shared_preload_libraries; the check stays healthy and says so."""
    with postgres_server() as plain:
        async with session(plain.dsn()) as admin, probing(plain.dsn()) as probe:
            await admin.execute("create extension pg_stat_statements")
            result = await probe.probe()
    assert result.status is HealthStatus.HEALTHY
    assert result.facts["not told: statements"] == "pg_stat_statements must be loaded via shared_preload_libraries"


def test_a_sum_that_falls_is_no_reset() -> None:
    """pg_stat_statements forgets the rarest statements: what it forgot is neither counted again nor taken for a restart."""
    sums = GrowingSum()
    assert [sums.add(value) for value in (1000, 1010, 900, 905, 0, 3)] == [0, 10, 10, 15, 15, 18]


@pytest.fixture(scope="module")
def pool(server: PostgresServer) -> Iterator[PgBouncer]:
    options = {"default_pool_size": "1", "stats_users": USER, "pool_mode": "session"}
    with present(lambda: pgbouncer(server, **options)) as found:
        yield found


async def test_the_console_of_pgbouncer_gives_its_pools(pool: PgBouncer) -> None:
    """Clients and servers by pool and state, over one kept connection; clients that wait for more than a second make it degraded."""
    async with probing(pool.dsn(database="pgbouncer")) as probe:
        assert isinstance(probe, PgBouncerProbe)
        result = await probe.probe()
        assert (result.status, result.reason, result.facts["pools"]) == (HealthStatus.HEALTHY, "", "0")
        assert "PgBouncer" in result.facts["version"]
        async with session(pool.dsn()) as busy:
            await busy.execute("select 1")
            result = await probe.probe()
            assert "connect" not in result.phases
            clients, servers = values(result, "pgbouncer_clients"), values(result, "pgbouncer_servers")
            assert clients["active"] == 1 and clients["waiting"] == 0 and servers["active"] == 1 and servers["idle"] == 0
            assert set(values(result, "pgbouncer_clients", "pool")) == {f"postgres/{USER}"}
            assert result.inventories[0].values == {f"postgres/{USER}"}
            waiting = asyncio.create_task(_select(pool.dsn()))
            async with asyncio.timeout(20):
                while (result := await probe.probe()).status is not HealthStatus.DEGRADED:  # noqa: ASYNC110  only asking tells
                    await asyncio.sleep(0.05)
            assert result.reason.startswith(f"1 clients wait for a connection of the pool postgres/{USER}, for ")
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)


async def _select(dsn: str) -> None:
    async with session(dsn) as connection:
        await connection.execute("select 1")


async def test_the_console_refuses_in_its_own_words(pool: PgBouncer, server: PostgresServer) -> None:
    """A wrong password, a user without the right, a database of that name that does not exist: unhealthy, without the secret."""
    async with probing(pool.dsn(password="hush", database="pgbouncer")) as probe:
        assert (await probe.probe()).reason == "SASL authentication failed"
    with present(lambda: pgbouncer(server)) as other:
        async with probing(other.dsn(database="pgbouncer")) as probe:
            result = await probe.probe()
            assert result.status is HealthStatus.UNHEALTHY and "not allowed" in result.reason
    async with probing(server.dsn(database="pgbouncer")) as probe:
        assert (await probe.probe()).reason == 'database "pgbouncer" does not exist'
    with pytest.raises(ValueError, match="queries: the console of PgBouncer"):
        build_probe(made(PostgresCheck, name="p", dsn=pool.dsn(database="pgbouncer"), queries=[{"metric": "m", "sql": "select 1"}]))
    assert isinstance(build_probe(made(PostgresCheck, name="p", dsn=server.dsn())), PostgresProbe)
    assert PASSWORD not in result.reason


async def test_a_console_that_restarts_or_hangs_up_is_told(server: PostgresServer) -> None:
    """A restart between two probes is no failure, a stop is."""
    with present(lambda: pgbouncer(server, stats_users=USER)) as own:
        async with probing(own.dsn(database="pgbouncer")) as probe:
            assert (await probe.probe()).status is HealthStatus.HEALTHY
            await asyncio.to_thread(own.restart)
            assert "connect" in (await probe.probe()).phases
            await asyncio.to_thread(own.stop)
            assert (await probe.probe()).reason == f"connection refused (127.0.0.1:{own.port})"
            await asyncio.to_thread(own.start)


VERSION = b"server_version\x0015.4\x00"
LET_IN = b"R\x00\x00\x00\x08\x00\x00\x00\x00S" + (len(VERSION) + 4).to_bytes(4) + VERSION + b"Z\x00\x00\x00\x05I"
BROKEN = {
    "no message": b"\xff" * 50,
    "a cut description": b"T\x00\x00\x00\x05\xff",
    "cells that are not there": b"D\x00\x00\x00\x06\xff\xff",
    "two gigabytes": b"D\x7f\xff\xff\xff",
    "a length of nothing": b"E\x00\x00\x00\x00",
    "parameters without end": b"S\x00\x01\x00\x00" + bytes(65_532),
    "nothing": b"",
}


@pytest.mark.parametrize("login", [LET_IN, LET_IN.replace(b"server_version", b"server_verzion")], ids=["version", "no version"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the driver's half-made connection without a version
@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_a_console_that_breaks_the_protocol_is_unhealthy(answer: bytes, login: bytes) -> None:
    """After a good login anything may come: a verdict with the address."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"N")
        length = int.from_bytes(await reader.readexactly(4))
        await reader.readexactly(length - 4)
        writer.write(login)
        await reader.read(1000)
        writer.write(answer * (20 if len(answer) > 60_000 else 1))
        await writer.drain()

    async with hostile(talk) as peer, probing(f"postgresql://me:hush@127.0.0.1:{peer.port}/pgbouncer") as probe:
        async with asyncio.timeout(5):
            result = await probe.probe()
    assert result.status is HealthStatus.UNHEALTHY and f"127.0.0.1:{peer.port}" in result.reason


def test_odd_rows_of_pools_cost_themselves() -> None:
    """No numbers, no names, a thousand pools: bounded, and nothing is said to have ended where not all is kept."""
    rows = [{"database": "a\x1b[31m", "user": str(n), "cl_active": "x", "sv_idle": "7", "cl_waiting": "²"} for n in range(1000)]
    told = read_pools([*rows, {}], "")
    assert len(told.samples) == 500 and not told.inventories and told.facts["pools"] == "1001" and not told.degraded
