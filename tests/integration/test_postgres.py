"""The PostgreSQL check against a real server that is healthy, refuses, hangs, restarts, fills up and blocks."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.support.peers.fixtures import present
from tests.support.peers.pgbouncer import pgbouncer
from tests.support.servers import PostgresServer, free_port, postgres_server
from tests.support.settings import made
from tui_monitor.core.values import HealthStatus, ProbeResult, label
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.postgres.connection import postgres_address
from tui_monitor.sources.postgres.probe import PostgresProbe
from tui_monitor.sources.postgres.settings import PostgresCheck
from tui_monitor.sources.queries import QuerySettings


@contextlib.asynccontextmanager
async def probing(dsn: str, **settings: object) -> AsyncIterator[PostgresProbe]:
    """A probe of this DSN, closed at the end."""
    probe = PostgresProbe(made(PostgresCheck, {"name": "db", "dsn": dsn, **settings}))
    try:
        yield probe
    finally:
        await probe.close()


@contextlib.asynccontextmanager
async def session(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A session beside the probe's."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        connection.terminate()


def value(result: ProbeResult, name: str, /, **labels: str) -> float:
    """The one sample of this name and these labels."""
    (found,) = [
        sample.value
        for sample in result.samples
        if label(sample.labels, "__name__") == name and all(label(sample.labels, key) == want for key, want in labels.items())
    ]
    return found


async def sessions_of_monitor(dsn: str) -> int:
    """How many connections the monitor has open, once those that were cut have ended."""
    async with session(dsn) as connection:
        return int(await connection.fetchval("select count(*) from pg_stat_activity where application_name = 'tui-monitor'"))


async def sessions(dsn: str) -> int:
    """How many clients are connected, this one with them; 0 while there is no place for it."""
    with contextlib.suppress(asyncpg.TooManyConnectionsError):
        async with session(dsn) as connection:
            return int(await connection.fetchval("select count(*) from pg_stat_activity where backend_type = 'client backend'"))
    return 0


async def until(condition: object, expected: object) -> None:
    """Ask again until the answer is the expected one."""
    async with asyncio.timeout(60):
        while (seen := await condition()) != expected:  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert seen == expected


async def as_poller(probe: PostgresProbe, timeout: float) -> ProbeResult:  # noqa: ASYNC109
    """What the poller does: its own timeout around the probe."""
    async with asyncio.timeout(timeout):
        return await probe.probe()


@pytest.fixture(scope="module")
def module_server() -> Iterator[PostgresServer]:
    """One server for the tests of this module that change only what they name."""
    with postgres_server(max_connections="20") as server:
        yield server


@pytest.fixture
async def server(module_server: PostgresServer) -> PostgresServer:
    """The module's server, once the sessions that the test before cut off have ended."""
    await until(lambda: sessions(module_server.dsn()), 1)
    return module_server


async def test_healthy_server_gives_every_figure(server: PostgresServer) -> None:
    """A well server is healthy, with the round trip as duration, all statistics as samples and facts for people."""
    async with probing(server.dsn()) as probe:
        result = await probe.probe()
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    assert result.duration is not None and 0 < result.duration < 1
    assert set(result.phases) == {"connect", "query"}
    assert value(result, "postgres_connections") == 1
    assert value(result, "postgres_connections_max") == 20
    assert value(result, "postgres_connections_usage_ratio") == 0.05
    assert value(result, "postgres_longest_transaction_seconds") == 0
    assert value(result, "postgres_blocked_sessions") == 0
    assert value(result, "postgres_deadlocks_total") == 0
    assert 0 <= value(result, "postgres_cache_hit_ratio") <= 1
    assert value(result, "postgres_transactions_total", result="commit") >= 0
    assert value(result, "postgres_database_size_bytes", database="postgres") > 1e6
    assert result.facts["connections"] == "1 of 20"
    assert result.facts["replication"] == "primary"
    assert result.facts["version"][0].isdigit()
    assert not [sample for sample in result.samples if "replication" in label(sample.labels, "__name__")]


async def test_connection_count_stays_flat(server: PostgresServer) -> None:
    """Two hundred probes use one connection, whose sizes are read once a minute."""
    async with probing(server.dsn()) as probe:
        results = [await probe.probe() for _ in range(200)]
        assert await sessions_of_monitor(server.dsn()) == 1
        assert {result.status for result in results} == {HealthStatus.HEALTHY}
        assert sum(label(s.labels, "database") == "postgres" for result in results for s in result.samples) == 1
        assert "connect" not in results[-1].phases
    await until(lambda: sessions_of_monitor(server.dsn()), 0)


async def test_session_is_read_only(server: PostgresServer) -> None:
    """The probe's own session can change nothing and names itself."""
    async with probing(server.dsn(), timeout="3s") as probe:
        await probe.probe()
        connection = await probe._main.get()
        assert await connection.fetchval("show default_transaction_read_only") == "on"
        assert await connection.fetchval("show statement_timeout") == "3s"
        assert await connection.fetchval("show application_name") == "tui-monitor"


async def test_refused_connection_names_the_address() -> None:
    """Nothing listens: unhealthy, with host and port and without the DSN."""
    port = free_port()
    async with probing(f"postgresql://me:hush@127.0.0.1:{port}/x") as probe:
        result = await probe.probe()
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, f"connection refused (127.0.0.1:{port})")
    async with probing(f"postgresql://me:hush@localhost:{port}/x") as probe:
        assert (await probe.probe()).reason == f"connection refused (localhost:{port})"


async def test_wrong_password_is_said_without_it(server: PostgresServer) -> None:
    """A wrong password and a missing database are reasons in the server's words, never with the secret."""
    async with session(server.dsn()) as admin:
        await admin.execute("create role secured login password 'right'")
    async with probing(server.dsn("secured", "wr0ng")) as probe:
        result = await probe.probe()
    assert result.status is HealthStatus.UNHEALTHY
    assert result.reason == 'password authentication failed for user "secured"'
    async with probing(server.dsn(database="nowhere")) as probe:
        assert (await probe.probe()).reason == 'database "nowhere" does not exist'


async def test_stopped_and_restarted_server(own_postgres: PostgresServer) -> None:
    """A stop is seen, the next start too, and a restart between two probes is no failure."""
    async with probing(own_postgres.dsn()) as probe:
        assert (await probe.probe()).status is HealthStatus.HEALTHY
        await asyncio.to_thread(own_postgres.restart)
        restarted = await probe.probe()
        assert restarted.status is HealthStatus.HEALTHY and "connect" in restarted.phases
        await asyncio.to_thread(own_postgres.stop)
        assert (await probe.probe()).reason == f"connection refused (127.0.0.1:{own_postgres.port})"
        await asyncio.to_thread(own_postgres.start)
        assert (await probe.probe()).status is HealthStatus.HEALTHY


async def test_hanging_server_times_out_and_recovers_without_leak(own_postgres: PostgresServer) -> None:
    """A paused server makes the poller's timeout strike in a named stage; afterwards one connection is open again."""
    async with probing(own_postgres.dsn(), timeout="10s") as probe:
        await probe.probe()
        own_postgres.pause()
        for stage in ("query", "connect", "connect"):
            with pytest.raises(TimeoutError):
                await as_poller(probe, 0.2)
            assert probe.stage == stage
        own_postgres.resume()
        assert (await as_poller(probe, 10)).status is HealthStatus.HEALTHY
        await until(lambda: sessions_of_monitor(own_postgres.dsn()), 1)


async def test_statistics_that_hang_do_not_make_it_unhealthy(server: PostgresServer) -> None:
    """A locked catalogue holds up the statistics, not the verdict of SELECT 1."""
    async with session(server.dsn()) as other, probing(server.dsn(), timeout="1s") as probe:
        await other.execute("begin; lock table pg_catalog.pg_database in access exclusive mode")
        await probe.probe()  # connecting needs the catalogue too: fails
        await other.execute("rollback")
        assert (await probe.probe()).status is HealthStatus.HEALTHY
        await other.execute("begin; lock table pg_catalog.pg_authid in access exclusive mode")
        result = await as_poller(probe, 1)
        assert result.status is HealthStatus.HEALTHY
        assert result.facts["statistics"].startswith("timed out after ")
        await other.execute("rollback")
        assert "version" in (await probe.probe()).facts


async def test_too_many_connections(server: PostgresServer) -> None:
    """Nine tenths of max_connections are degraded; without a place for the monitor it is unhealthy and says why."""
    async with contextlib.AsyncExitStack() as stack, probing(server.dsn()) as probe:
        for _ in range(17):
            await stack.enter_async_context(session(server.dsn()))
        result = await probe.probe()
        assert (result.status, result.reason) == (HealthStatus.DEGRADED, "connections 18 of 20")
        await stack.enter_async_context(session(server.dsn()))
        async with probing(server.dsn()) as late:
            assert (await late.probe()).status is HealthStatus.DEGRADED
            async with probing(server.dsn()) as too_late:
                refused = await too_late.probe()
                assert (refused.status, refused.reason) == (HealthStatus.UNHEALTHY, "too many connections")


async def test_works_with_login_alone_and_with_pg_monitor(server: PostgresServer) -> None:
    """LOGIN gives what everybody may see and names what is missing; pg_monitor gives everything."""
    async with session(server.dsn()) as admin:
        await admin.execute("create role watcher login password 'w'")
        async with probing(server.dsn("watcher", "w")) as probe:
            result = await probe.probe()
            assert result.status is HealthStatus.HEALTHY
            assert "pg_monitor" in result.facts["not permitted"]
            assert value(result, "postgres_connections") == 2
            assert not [s for s in result.samples if "longest" in label(s.labels, "__name__")]
            await admin.execute("grant pg_monitor to watcher")
            await admin.execute("begin")
            result = await probe.probe()
            assert "not permitted" not in result.facts
            assert value(result, "postgres_longest_transaction_seconds") > 0
            assert value(result, "postgres_connections") == 2


async def test_blocked_session_is_counted(server: PostgresServer) -> None:
    """A session that waits for another's lock is a blocked session, for any role that may log in."""
    async with session(server.dsn()) as holder, session(server.dsn()) as waiter, probing(server.dsn()) as probe:
        await holder.execute("begin; select pg_advisory_xact_lock(7)")
        waiting = asyncio.create_task(waiter.execute("select pg_advisory_xact_lock(7)"))

        async def blocked() -> float:
            return value(await probe.probe(), "postgres_blocked_sessions")

        await until(blocked, 1.0)
        assert (await probe.probe()).facts["blocked sessions"] == "1"
        await holder.execute("rollback")
        await waiting


async def test_replication_lag_of_both_sides(server: PostgresServer) -> None:
    """A standby that has caught up lags 0 s and is told apart from its primary, which counts it."""
    with postgres_server() as primary, postgres_server(primary) as standby:
        async with probing(primary.dsn()) as first, probing(standby.dsn()) as second, session(primary.dsn()) as writer:

            async def seen() -> tuple[str, str]:
                return (await first.probe()).facts["replication"], (await second.probe()).facts["replication"]

            await until(seen, ("primary of 1 standby", "standby"))
            await writer.execute("create table t as select generate_series(1, 100)")
            async with session(standby.dsn()) as reader:
                await until(lambda: reader.fetchval("select to_regclass('t')::text"), "t")

            async def lags() -> tuple[float, float]:
                both = await first.probe(), await second.probe()
                return tuple(value(each, "postgres_replication_lag_seconds") for each in both)  # type: ignore[return-value]

            await until(lambda: _second(lags()), 0.0)
            assert (await lags())[0] < 5


async def _second(pair: object) -> float:
    return float((await pair)[1])  # type: ignore[misc]


async def test_query_rows_become_samples(server: PostgresServer) -> None:
    """The column value is the value, text columns are labels, NULLs are left out, hostile text is made harmless."""
    async with session(server.dsn()) as admin:
        await admin.execute("""create table orders as select * from (values ('new', 3, null), (E'\\x1b[31mred\\n', 2, 'x'),
            (repeat('long', 100), 1, 'y'), ('lost', null, 'z')) as t(status, amount, type)""")
    query = QuerySettings(metric="orders", sql="select status, type, sum(amount) as value from orders group by 1, 2")
    async with probing(server.dsn()) as probe:
        samples, error = await probe.run_query(query)
    assert error == ""
    found = {label(s.labels, "status"): s for s in samples}
    assert found["new"].value == 3 and label(found["new"].labels, "__name__") == "orders"
    assert label(found["new"].labels, "exported_type") == ""
    assert len(samples) == 3 and all(status.isprintable() and len(status) <= 120 for status in found)
    assert sorted(label(s.labels, "exported_type") for s in samples) == ["", "x", "y"]


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("update pg_description set description = ''", "cannot execute UPDATE in a read-only transaction"),
        ("select pg_sleep(10)::text as x, 1 as value", "timed out after 100ms (query)"),
        ("select 1 as value; drop table x", "cannot insert multiple commands into a prepared statement"),
        ("select 1 as number", 'the query has no column "value"'),
        ("select 'much' as value", '"much" in the column "value" is not a number'),
        ("select 1 as value from generate_series(1, 2)", "several rows have the same labels: the first of them counts"),
        ("selec 1", 'syntax error at or near "selec"'),
    ],
)
async def test_wrong_query_gives_a_reason(server: PostgresServer, sql: str, error: str) -> None:
    """Writing, sleeping, malformed and valueless queries end in a text, not an exception, and the next query works."""
    async with probing(server.dsn()) as probe:
        assert (await probe.run_query(QuerySettings(metric="m", sql=sql, timeout=0.1)))[1] == error
        samples, none = await probe.run_query(QuerySettings(metric="m", sql="select 2 as value"))
        assert (none, samples[0].value) == ("", 2)
        assert await sessions_of_monitor(server.dsn()) == 1


async def test_query_gives_at_most_a_thousand_rows(server: PostgresServer) -> None:
    """A query with a million rows gives a thousand samples, says so, and does not fetch the rest."""
    sql = "select n::text, n as value from generate_series(1, 1000000) as n"
    async with probing(server.dsn()) as probe:
        samples, error = await probe.run_query(QuerySettings(metric="m", sql=sql))
    assert (len(samples), error) == (1000, "more than 1,000 rows: the rest is left out")


async def test_slow_query_does_not_delay_the_verdict(server: PostgresServer) -> None:
    """While a query sleeps on its own connection, SELECT 1 answers; the two connections are all there are."""
    async with probing(server.dsn()) as probe:
        sleeping = asyncio.create_task(
            probe.run_query(QuerySettings(metric="m", sql="select 1 as value, pg_sleep(0.6)::text as x", timeout=5))
        )
        result = await probe.probe()
        assert result.status is HealthStatus.HEALTHY and not sleeping.done()
        assert await sessions_of_monitor(server.dsn()) == 2
        assert (await sleeping)[1] == ""


async def test_query_of_an_unreachable_server_gives_a_reason() -> None:
    """Queries of a server that is gone tell the reason."""
    port = free_port()
    async with probing(f"postgresql://me@127.0.0.1:{port}/x") as probe:
        assert await probe.run_query(QuerySettings(metric="m", sql="select 1")) == ((), f"connection refused (127.0.0.1:{port})")


async def test_works_behind_a_pooler_that_refuses_session_settings(server: PostgresServer) -> None:
    """pgbouncer refuses unknown startup parameters: the probe goes without them, and queries are read-only still."""

    async def pooler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        refused = b"SERROR\0VFATAL\0C08P01\0Munsupported startup parameter: statement_timeout\0\0"
        await reader.readexactly(8)
        writer.write(b"N")
        length = await reader.readexactly(4)
        startup = length + await reader.readexactly(int.from_bytes(length) - 4)
        if b"statement_timeout" in startup:
            writer.write(b"E" + (len(refused) + 4).to_bytes(4) + refused)
            writer.close()
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", server.port)
        inner_writer.write(startup)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    listener = await asyncio.start_server(pooler, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, probing(f"postgresql://postgres@127.0.0.1:{port}/postgres") as probe:
        result = await probe.probe()
        assert result.status is HealthStatus.HEALTHY and "version" in result.facts
        query = QuerySettings(metric="m", sql="update pg_description set description = ''")
        assert (await probe.run_query(query))[1] == "cannot execute UPDATE in a read-only transaction"


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"N" + b"\xff" * 200, b"", b"S"])
async def test_what_is_not_postgres_is_unhealthy(answer: bytes) -> None:
    """A port where something else answers, or closes, is unhealthy with a reason that names the address."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(answer)
        writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, probing(f"postgresql://me:hush@127.0.0.1:{port}/x", timeout="1s") as probe:
        result = await probe.probe()
    assert result.status is HealthStatus.UNHEALTHY
    assert f"127.0.0.1:{port}" in result.reason and "hush" not in result.reason


@pytest.mark.parametrize("rest", ["5432/x?sslmode=verify-full&sslrootcert=/nowhere"])
async def test_unusable_dsn_is_own_trouble(rest: str) -> None:
    """A DSN with a missing certificate file is the monitor's fault: unknown, without secrets."""
    async with probing(f"postgresql://me:hush@127.0.0.1:{rest}") as probe:
        with pytest.raises(OwnTrouble, match="the dsn, or a file that it names, cannot be used"):
            await probe.probe()
        assert (await probe.run_query(QuerySettings(metric="m", sql="select 1")))[1].startswith("the dsn")


@pytest.mark.parametrize(
    ("dsn", "address"),
    [
        ("postgresql://u:p%40@db.example/x", "db.example:5432"),
        ("postgresql://u:p@[::1]:6000/x", "[::1]:6000"),
        ("postgres://a:1,b:2/x", "a:1,b:2"),
        ("postgresql://u:pa/ss@host/x", "unreadable address"),
        ("postgresql://u:p@ss@host/x", "host:5432"),
        ("postgresql://u:p@%2Frun%2Fpostgresql/x", "local socket"),
        ("postgresql:///x", "local socket"),
        ("postgresql:///x?host=/run/postgresql", "local socket"),
        ("postgresql:///x?host=db&user=me", "db:5432"),
    ],
)
def test_address_for_people(dsn: str, address: str) -> None:
    """The address shown has host and port, never user, password or database."""
    assert postgres_address(dsn) == address


@pytest.mark.parametrize(
    "sql",
    ["select timestamptz '20000-01-01' as value", "select time '24:00:00' as value", "select 1 as value, date '20000-01-01' as day"],
)
async def test_a_value_that_python_does_not_know_fails_its_query_only(server: PostgresServer, sql: str) -> None:
    """The reason names the value's kind, not the dsn; the next query of the same connection answers."""
    async with probing(server.dsn()) as probe:
        samples, error = await probe.run_query(QuerySettings(metric="m", sql=sql))
        assert not samples and error.startswith("the answer holds a value that Python cannot represent: ")
        assert (await probe.run_query(QuerySettings(metric="m", sql="select 1 as value")))[1] == ""


@pytest.mark.parametrize("sql", ["select timestamptz 'infinity' as value", "select repeat('9', 400)::numeric as value"])
async def test_a_value_beyond_every_number_is_no_sample(server: PostgresServer, sql: str) -> None:
    """Said as what it is."""
    async with probing(server.dsn()) as probe:
        samples, error = await probe.run_query(QuerySettings(metric="m", sql=sql))
        assert not samples and error.endswith("is not a number")


async def test_a_database_without_a_directory_costs_its_own_size_only(server: PostgresServer) -> None:
    """As for a moment in every DROP DATABASE: pg_database_size is NULL, the check and the other sizes stay."""
    async with session(server.dsn()) as connection:
        await connection.execute("create database broken")
        oid = await connection.fetchval("select oid from pg_database where datname = 'broken'")
        directory = await connection.fetchval("show data_directory")
        await connection.execute("checkpoint")
        await connection.execute("update pg_database set datconnlimit = -2 where datname = 'broken'")
        shutil.rmtree(f"{directory}/base/{oid}")
        try:
            async with probing(server.dsn()) as probe:
                result = await probe.probe()
        finally:
            await connection.execute("delete from pg_database where datname = 'broken'")
    sized = {label(sample.labels, "database") for sample in result.samples}
    assert result.status is HealthStatus.HEALTHY and "postgres" in sized and "broken" not in sized


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ("sslmode=require&channel_binding=require", "channel_binding: only disable and prefer can be kept: the driver has no"),
        ("gssencmode=require", "gssencmode: only disable and prefer can be kept"),
        ("hostaddr=127.0.0.1", "the parameter hostaddr is not supported: write the address as the host"),
        ("sslmode=odd", "sslmode: one of disable, allow, prefer, require, verify-ca, verify-full is wanted"),
        ("connect_timeout=soon", "connect_timeout: a whole number is wanted"),
        ("aplication_name=x", 'unknown parameter "aplication_name"; did you mean "application_name"?'),
        ("database=x", 'unknown parameter "database"; did you mean "dbname"?'),
        ("search_path=hush", 'unknown parameter "search_path"; a setting of the session is written options=-c%20search_path%3D...'),
        ("hu?sh@host/x", "parameters of the form name=value are wanted"),
    ],
)
def test_a_parameter_that_cannot_be_kept_is_refused(rest: str, problem: str) -> None:
    """`config check` says which parameter of the DSN is wrong and what to do, never its value."""
    with pytest.raises(ValueError, match=r"^dsn: ") as refused:
        PostgresProbe(made(PostgresCheck, {"name": "db", "dsn": f"postgresql://me:hush@h/x?{rest}"}))
    assert problem in str(refused.value) and "hush" not in str(refused.value)


async def test_parameters_of_libpq_are_honoured_or_dropped(server: PostgresServer) -> None:
    """What psql takes works here: time limits, keep-alive, the session's name and options; harmless wishes are dropped."""
    harmless = "channel_binding=prefer&gssencmode=disable&keepalives=1&client_encoding=UTF8&sslmode=prefer&load_balance_hosts=disable"
    honoured = "connect_timeout=5&keepalives_idle=17&application_name=my+app%201&options=-c%20work_mem%3D1234kB"
    async with probing(f"{server.dsn()}?{harmless}&{honoured}") as probe:
        result = await probe.probe()
        assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
        connection = await probe._main.get()
        assert await connection.fetchval("show application_name") == "my+app 1"
        assert await connection.fetchval("show work_mem") == "1234kB"
        sock = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 17


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [("read-write", ""), ("primary", ""), ("any", ""), ("standby", "no host is standby"), ("read-only", "no host is read-only")],
)
async def test_the_kind_of_session_is_the_servers(server: PostgresServer, wanted: str, reason: str) -> None:
    """As psql has it: a primary is read-write, though our own session asks for nothing but reading."""
    async with probing(f"{server.dsn()}?target_session_attrs={wanted}") as probe:
        result = await probe.probe()
        assert result.reason == reason
        rows = await probe.run_query(QuerySettings(metric="m", sql="select current_setting('transaction_read_only') as way, 1 as value"))
    if not reason:
        assert [label(sample.labels, "way") for sample in rows[0]] == ["on"]


async def test_a_server_that_only_reads_is_not_read_write(server: PostgresServer) -> None:
    """A database that is read-only by the server's own setting has no session that is read-write: the reason says so, as psql does."""
    async with session(server.dsn()) as admin:
        await admin.execute("create database archive; ")
        await admin.execute("alter database archive set default_transaction_read_only = on")
    async with probing(f"{server.dsn(database='archive')}?target_session_attrs=read-write") as probe:
        assert (await probe.probe()).reason == "no host is read-write"
    async with probing(f"{server.dsn(database='archive')}?target_session_attrs=read-only") as probe:
        assert (await probe.probe()).status is HealthStatus.HEALTHY


async def test_each_group_of_figures_stands_alone(server: PostgresServer) -> None:
    """A server that refuses one function (as Amazon Aurora's readers do) gives all other figures; what is refused is a fact."""
    async with session(server.dsn()) as admin:
        await admin.execute(
            """
            create schema if not exists reader;
            create or replace function reader.pg_is_in_recovery() returns bool language sql as 'select true';
            create or replace function reader.pg_last_wal_receive_lsn() returns pg_lsn language plpgsql as $$ begin
                raise feature_not_supported using message = 'Function pg_last_wal_receive_lsn() is currently not supported'; end $$;
            create or replace function reader.pg_last_wal_replay_lsn() returns pg_lsn language plpgsql as $$ begin
                raise feature_not_supported using message = 'Function pg_last_wal_replay_lsn() is currently not supported'; end $$;
            create or replace function reader.pg_last_xact_replay_timestamp() returns timestamptz language plpgsql as $$ begin
                raise feature_not_supported using message = 'Function is currently not supported'; end $$
            """
        )
    async with probing(f"{server.dsn()}?options=-c%20search_path%3Dreader,pg_catalog") as probe:
        for result in [await probe.probe() for _ in range(3)]:
            assert result.status is HealthStatus.HEALTHY
            assert len({label(sample.labels, "__name__") for sample in result.samples}) >= 7
            assert value(result, "postgres_connections_max") == 20
            assert result.facts["replication"] == "standby"
            assert result.facts["not told: replication lag"] == "Function is currently not supported"
        assert "statistics" not in result.facts


async def test_the_poolers_own_words_are_told(server: PostgresServer) -> None:
    """PgBouncer's refusals reach people: a wrong password, no such database, no more clients; our session settings do not matter."""
    with present(lambda: pgbouncer(server, max_client_conn="4")) as pool:
        for dsn, reason in (
            (pool.dsn(password="wrong"), "SASL authentication failed"),
            (pool.dsn(database="nodb"), "no such database: nodb"),
            (pool.dsn(), ""),
        ):
            async with probing(dsn) as probe:
                result = await probe.probe()
                assert (result.reason, result.status is HealthStatus.HEALTHY) == (reason, not reason)
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(4):
                await stack.enter_async_context(session(pool.dsn()))
            async with probing(pool.dsn()) as probe:
                assert (await probe.probe()).reason == "no more connections allowed (max_client_conn)"


async def test_a_full_pool_is_told(server: PostgresServer) -> None:
    """PgBouncer without a free server connection says after its wait what is wrong."""
    with present(lambda: pgbouncer(server, default_pool_size="1", query_wait_timeout="1", pool_mode="session")) as pool:
        async with session(pool.dsn()) as busy:
            await busy.execute("select 1")
            async with probing(pool.dsn(), timeout="20s") as probe:
                result = await probe.probe()
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, "query_wait_timeout")


async def test_a_hang_up_in_the_tls_handshake_is_told_as_that() -> None:
    """A server that agrees to TLS and closes in the middle of the handshake is named so."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"S")
        await reader.read(100)
        writer.close()

    listener = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, probing(f"postgresql://me:hush@127.0.0.1:{port}/x?sslmode=require") as probe:
        result = await probe.probe()
    assert result.reason == f"hung up during the TLS handshake (127.0.0.1:{port})"


async def test_columns_that_make_the_same_label_stay_apart(server: PostgresServer) -> None:
    """Names that differ only in signs, and columns of one name, are labels of their own; two values are refused."""
    async with probing(server.dsn()) as probe:
        sql = """select 1 as "a-b", 2 as "a b", 3 as value, 4 as same, 5 as same, 6 as "type", 7 as exported_type, 8 as "a_b_2" """
        (sample,), wrong = await probe.run_query(QuerySettings(metric="m", sql=sql))
        assert (dict(sample.labels), sample.value, wrong) == (
            {
                "__name__": "m", "a_b": "1", "a_b_2": "2", "same": "4", "same_2": "5", "exported_type": "6", "exported_type_2": "7",
                "a_b_2_2": "8",
            },
            3.0,
            "",
        )  # fmt: skip
        assert (await probe.run_query(QuerySettings(metric="m", sql="select 1 as value, 2 as value")))[1] == (
            'the query has more than one column "value"'
        )


async def test_what_databases_there_are_is_told_with_their_sizes(own_postgres: PostgresServer) -> None:
    """A reading of the sizes says which databases there are, so that the series of one that was dropped ends; others say nothing."""
    async with session(own_postgres.dsn()) as admin, probing(own_postgres.dsn()) as probe:
        await admin.execute("create database shop")
        (found,) = (await probe.probe()).inventories
        assert (found.label, found.values) == ("database", {"postgres", "shop"})
        assert (await probe.probe()).inventories == ()
        await admin.execute("drop database shop")
        probe._sizes_due = 0.0
        (found,) = (await probe.probe()).inventories
        assert (found.metrics, found.values) == (("postgres_database_size_bytes",), {"postgres"})
