"""The MySQL check against a real MariaDB that is healthy, refuses, hangs, restarts, fills up and replicates."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.peers.base import wait_until
from tests.support.peers.fixtures import present
from tests.support.peers.hostile import hostile
from tests.support.peers.mariadb import MariaDb, mariadb
from tests.support.servers import free_port
from tests.support.settings import made
from tui_monitor.config.example import example_text
from tui_monitor.core.values import HealthStatus, ProbeResult, label
from tui_monitor.platform.service_discovery import discover
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.mysql.probe import MysqlProbe
from tui_monitor.sources.mysql.settings import MysqlCheck
from tui_monitor.sources.queries import QuerySettings

OURS = "select count(*) from information_schema.processlist where user = '{}'"


@contextlib.asynccontextmanager
async def probing(dsn: str, **settings: object) -> AsyncIterator[MysqlProbe]:
    """A probe of this DSN, closed at the end."""
    probe = MysqlProbe(made(MysqlCheck, {"name": "db", "dsn": dsn, **settings}))
    try:
        yield probe
    finally:
        await probe.close()


def values(result: ProbeResult) -> dict[str, float]:
    """The samples by name."""
    return {label(sample.labels, "__name__"): sample.value for sample in result.samples}


def sessions(server: MariaDb, user: str) -> int:
    """How many connections this account has open."""
    return int(server.sql(OURS.format(user)))


def query(sql: str, timeout: float = 5.0) -> QuerySettings:
    """A configured query."""
    return QuerySettings(metric="m", sql=sql, timeout=timeout)


@pytest.fixture(scope="module")
def server(mariadb_peer: MariaDb) -> MariaDb:
    """The run's server with a database and accounts of these tests."""
    mariadb_peer.sql(
        """
        create or replace database shop; create or replace user watcher identified by 'w/atch'; grant select on shop.* to watcher;
        create or replace user counted identified by 'x'; create or replace user queried identified by 'q';
        grant select on shop.* to queried;
        use shop; create table orders (status varchar(20), amount decimal(10,2), took time, paid bit(4), at datetime);
        insert into orders values ('new', 12.50, '00:01:30', b'0101', '2026-01-01'), ('paid', null, null, null, null);
        """
    )
    return mariadb_peer


@pytest.fixture(scope="module")
def own_server() -> Iterator[MariaDb]:
    """A server that tests may stop, pause and fill; its certificate does not fit 127.0.0.2."""
    with present(lambda: mariadb("--bind-address=0.0.0.0", "--max-connections=10", "--plugin-load-add=auth_ed25519")) as peer:
        peer.sql("create user watcher identified by 'w'; create user modern identified via ed25519 using password('m')")
        yield peer


async def test_a_healthy_server_gives_every_figure(server: MariaDb) -> None:
    """An account without any privilege gets the round trip, connections, counters, and what it may not see in words."""
    async with probing(server.dsn("watcher", "w%2Fatch", "shop")) as probe:
        result = await probe.probe()
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    assert result.duration is not None and 0 < result.duration < 1 and set(result.phases) == {"connect", "query"}
    found = values(result)
    assert found["mysql_connections"] >= 1 and found["mysql_connections_max"] == 151
    assert found["mysql_connections_usage_ratio"] == found["mysql_connections"] / 151
    assert found["mysql_queries_total"] > 0 and found["mysql_slow_queries_total"] >= 0 and found["mysql_threads_running"] >= 1
    assert "mysql_replication_lag_seconds" not in found
    assert "MariaDB" in result.facts["version"]
    assert result.facts["not told"] == "replication lag: GRANT SLAVE MONITOR ON *.* to this account"


async def test_the_connection_count_stays_flat(server: MariaDb) -> None:
    """A hundred probes use one connection, which is given back at the end."""
    async with probing(server.dsn("counted", "x", "")) as probe:
        results = [await probe.probe() for _ in range(100)]
        assert {result.status for result in results} == {HealthStatus.HEALTHY}
        assert await asyncio.to_thread(sessions, server, "counted") == 1
    await asyncio.to_thread(wait_until, lambda: sessions(server, "counted") == 0)


@pytest.mark.parametrize(
    ("user", "password", "database", "reason"),
    [
        ("watcher", "hush", "", "Access denied for user 'watcher'@'127.0.0.1' (using password: YES)"),
        ("watcher", "w%2Fatch", "mysql", "Access denied for user 'watcher'@'%' to database 'mysql'"),
        ("root", "", "nowhere", "Unknown database 'nowhere'"),
    ],
)
async def test_a_refused_login_is_told_in_the_servers_words(server: MariaDb, user: str, password: str, database: str, reason: str) -> None:
    """Wrong password, no right, no such database: unhealthy, and never with the secret."""
    async with probing(server.dsn(user, password, database)) as probe:
        result = await probe.probe()
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, reason)


async def test_what_is_refused_names_the_address() -> None:
    """Nothing listens, at a port and at a socket: the operating system's words, which the driver hides."""
    port = free_port()
    async with probing(f"mysql://me:hush@localhost:{port}/x") as probe:
        result = await probe.probe()
        assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, f"connection refused (localhost:{port})")
        assert await probe.run_query(query("select 1")) == ((), f"connection refused (localhost:{port})")
    async with probing("mysql://me@localhost/x?socket=/nowhere/s") as probe:
        assert (await probe.probe()).reason == "no such file or directory (local socket)"
    async with probing("mysql://me@nowhere.invalid/x") as probe:
        with contextlib.suppress(OwnTrouble):  # no resolver at all
            assert (await probe.probe()).reason == "no such host (nowhere.invalid:3306)"


async def test_the_local_socket_works(server: MariaDb) -> None:
    """`socket` in the address, with TLS left out of it."""
    async with probing(f"mysql://root@localhost/mysql?socket={server.socket}&ssl_mode=required") as probe:
        assert (await probe.probe()).status is HealthStatus.HEALTHY


@pytest.mark.parametrize("ca", ["right", "none"])
@pytest.mark.parametrize(
    ("host", "mode", "reason"),
    [
        ("127.0.0.1", "REQUIRED", ""),
        ("127.0.0.1", "verify-ca", "certificate comes from an unknown authority"),
        ("127.0.0.1", "verify_identity", "certificate comes from an unknown authority"),
        ("127.0.0.2", "verify_ca", "certificate comes from an unknown authority"),
        ("127.0.0.2", "verify_identity", "certificate is for another host, not 127.0.0.2"),
    ],
)
async def test_each_fault_of_tls_has_its_own_reason(own_server: MariaDb, host: str, mode: str, reason: str, ca: str) -> None:
    """An unknown authority and a certificate for another host are told apart; with the right ones the session is encrypted."""
    rest = f"&ssl-ca={own_server.ca_file}" if ca == "right" else ""
    dsn = own_server.dsn("watcher", "w", "").replace("127.0.0.1", host)
    async with probing(f"{dsn}?ssl-mode={mode}{rest}") as probe:
        result = await probe.probe()
        if ca == "right" and "authority" in reason:
            reason = ""
        elif ca == "none" and "another host" in reason:
            reason = "certificate comes from an unknown authority"
        assert result.reason == (reason and f"TLS: {reason} ({host}:{own_server.port})")
        if not reason:
            (sample,), _ = await probe.run_query(
                query("select variable_value <> '' as value from information_schema.session_status where variable_name = 'ssl_version'")
            )
            assert sample.value == 1


async def test_a_server_without_tls_is_refused_where_tls_is_wanted() -> None:
    """`ssl_mode=required` never goes on in clear text, `preferred` does."""
    with present(lambda: mariadb("--skip-ssl")) as peer:
        async with probing(f"{peer.dsn()}?ssl_mode=required") as probe:
            assert (await probe.probe()).reason == "the server offers no TLS (ssl_mode)"
        async with probing(peer.dsn()) as probe:
            assert (await probe.probe()).status is HealthStatus.HEALTHY


async def test_an_account_by_ed25519_says_what_to_install(own_server: MariaDb) -> None:
    """The library is ours, so the check is unknown, with the package's name; where it is installed, the login works."""
    async with probing(own_server.dsn("modern", "m", "")) as probe:
        try:
            import nacl  # type: ignore[import-not-found]  # noqa: F401
        except ImportError:
            with pytest.raises(OwnTrouble, match="this account logs in by ed25519: install pynacl"):
                await probe.probe()
        else:
            assert (await probe.probe()).status is HealthStatus.HEALTHY


async def test_a_silent_server_ends_in_the_timeout_of_the_login(own_server: MariaDb) -> None:
    """A paused server accepts and is silent: the stage is the login, each connection is given up, and afterwards one is open."""
    async with probing(own_server.dsn("watcher", "w", ""), timeout="10s") as probe:
        await probe.probe()
        own_server.pause()
        try:
            for stage in ("query", "login", "login"):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await probe.probe()
                assert probe.stage == stage
        finally:
            own_server.resume()
        assert (await probe.probe()).status is HealthStatus.HEALTHY
        await asyncio.to_thread(wait_until, lambda: sessions(own_server, "watcher") == 1)


async def test_a_restart_between_two_probes_is_no_failure(own_server: MariaDb) -> None:
    """The kept connection is replaced; a stop is told."""
    async with probing(own_server.dsn("watcher", "w", "")) as probe:
        assert (await probe.probe()).status is HealthStatus.HEALTHY
        await asyncio.to_thread(own_server.restart)
        restarted = await probe.probe()
        assert restarted.status is HealthStatus.HEALTHY and "connect" in restarted.phases
        await asyncio.to_thread(own_server.stop)
        assert (await probe.probe()).reason == f"connection refused (127.0.0.1:{own_server.port})"
        await asyncio.to_thread(own_server.start)
        assert (await probe.probe()).status is HealthStatus.HEALTHY


async def test_the_number_of_connections_is_judged(own_server: MariaDb) -> None:
    """Nine tenths of max_connections are degraded; without a place for the monitor it is unhealthy and says why."""
    async with contextlib.AsyncExitStack() as stack, probing(own_server.dsn("watcher", "w", "")) as probe:
        for _ in range(8):
            await (await stack.enter_async_context(probing(own_server.dsn("watcher", "w", "")))).probe()
        result = await probe.probe()
        assert (result.status, result.reason) == (HealthStatus.DEGRADED, "connections 9 of 10")
        await (await stack.enter_async_context(probing(own_server.dsn("watcher", "w", "")))).probe()
        async with probing(own_server.dsn("watcher", "w", "")) as late:
            assert (await late.probe()).reason == "too many connections"


async def test_rows_become_samples(server: MariaDb) -> None:
    """Decimals, times (seconds), bits and text labels are read; NULL is no sample, NULL labels are no labels."""
    async with probing(server.dsn("queried", "q", "shop")) as probe:
        for sql, value in (
            ("select amount as value, status from orders", 12.5),
            ("select took as value, status from orders", 90),
            ("select paid as value, status from orders", 5),
            ("select at as value, status from orders", 1767225600),
            ("select amount > 10 as value, status from orders", 1),
        ):
            (sample,), wrong = await probe.run_query(query(sql))
            assert (sample.value, label(sample.labels, "status"), wrong) == (value, "new", "")
        (sample,), _ = await probe.run_query(query("select 1 as value, null as x, '상태\x1b[31m' as y, 2 as y"))
        assert dict(sample.labels) == {"__name__": "m", "y": "상태", "y_2": "2"}


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("select sleep(10) as value", "timed out after 100ms (query)"),
        ("select 1 as number", 'the query has no column "value"'),
        ("select '1.5' as value", '"1.5" in the column "value" is not a number'),
        ("select 1 as value union all select 2", "several rows have the same labels: the first of them counts"),
        ("with x as (select 1) delete from orders", "You have an error in your SQL syntax"),
        ("select 1 as value; drop table orders", "You have an error in your SQL syntax"),
        ("select * from nowhere", "Table 'shop.nowhere' doesn't exist"),
        ("select repeat('x', 9000000) as x, 1 as value", "the answer is too long"),
    ],
)
async def test_a_wrong_query_gives_a_reason(server: MariaDb, sql: str, error: str) -> None:
    """Sleeping, malformed, several statements in one: a text, no exception, and the next query works."""
    async with probing(server.dsn("queried", "q", "shop")) as probe:
        said = (await probe.run_query(query(sql, 0.1 if "sleep" in sql else 5.0)))[1]
        assert said.startswith(error)
        (sample,), none = await probe.run_query(query("select 2 as value"))
        assert (none, sample.value) == ("", 2)
        assert await asyncio.to_thread(sessions, server, "queried") == 1


@pytest.mark.parametrize(
    "sql",
    [
        "drop table shop.orders",
        "update shop.orders set amount = 1",
        "kill 1",
        "/*! kill */ 1",
        "set global max_connections = 1",
        "show tables",
    ],
)
async def test_what_does_more_than_read_is_refused(server: MariaDb, sql: str) -> None:
    """A statement that is no query is a fault of the configuration; the session itself is read-only beside that, also for root."""
    with pytest.raises(ValueError, match='queries: "m": a statement that begins with SELECT'):
        MysqlProbe(made(MysqlCheck, name="db", dsn=server.dsn(), queries=[{"metric": "m", "sql": sql}]))
    async with probing(server.dsn()) as probe:
        for written in ("drop table shop.orders", "update shop.orders set amount = 1"):
            assert (await probe.run_query(query(written)))[1] == "Cannot execute statement in a READ ONLY transaction"


@pytest.mark.parametrize("sql", ["\n -- why\n SELECT 1", "/* a */ (select 1)", "with x as (select 1) select * from x", "# a\nvalues (1)"])
def test_comments_and_parentheses_may_come_first(sql: str) -> None:
    """What only reads is not refused for its looks."""
    assert MysqlProbe(made(MysqlCheck, name="db", dsn="mysql://h/x", queries=[{"metric": "m", "sql": sql}]))


async def test_a_thousand_rows_count(server: MariaDb) -> None:
    """The rest does not even leave the server; with a LIMIT of its own beyond that the connection is closed in the middle."""
    async with probing(server.dsn("queried", "q", "shop")) as probe:
        for more in ("", " limit 3000000"):
            samples, wrong = await probe.run_query(query(f"select seq as value, seq as n from seq_1_to_5000000{more}"))
            assert (len(samples), wrong) == (1000, "more than 1,000 rows: the rest is left out")


async def test_timeouts_leave_no_statement_behind(server: MariaDb) -> None:
    """After twenty queries that ran into their limit the server has one session of ours, and nothing runs in it."""
    async with probing(server.dsn("queried", "q", "shop")) as probe:
        for _ in range(20):
            assert (await probe.run_query(query("select sleep(30) as value", 0.05)))[1].startswith("timed out")
        assert await asyncio.to_thread(sessions, server, "queried") <= 1
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await probe.run_query(query("select sleep(30) as value", 0.4))
    await asyncio.to_thread(wait_until, lambda: sessions(server, "queried") == 0)


async def test_replication_has_a_lag_and_its_end_is_degraded() -> None:
    """A replica that has caught up lags 0 s; one whose replication fails is degraded with the server's words."""
    with present(lambda: mariadb("--server-id=1", "--log-bin")) as primary, present(lambda: mariadb("--server-id=2")) as replica:
        primary.sql(
            "create user copy identified by 'c'; grant replication slave on *.* to copy; create database a; create table a.t (x int)"
        )
        replica.sql("create user watcher identified by 'w'; grant slave monitor on *.* to watcher")
        replica.sql(
            f"change master to master_host='127.0.0.1', master_port={primary.port}, master_user='copy', master_password='c'; start slave"
        )
        async with probing(replica.dsn("watcher", "w", "")) as probe:

            async def until(status: HealthStatus, lag: float | None) -> ProbeResult:
                async with asyncio.timeout(30):
                    while True:
                        result = await probe.probe()
                        if (result.status, values(result).get("mysql_replication_lag_seconds")) == (status, lag):
                            return result
                        await asyncio.sleep(0.05)

            assert "replica of 127.0.0.1" in (await until(HealthStatus.HEALTHY, 0.0)).facts["replication"]
            replica.sql("drop database a")
            primary.sql("insert into a.t values (1)")
            broken = await until(HealthStatus.DEGRADED, None)
            assert broken.reason.startswith("replication does not run: Error 'Table 'a.t' doesn't exist' on query")


async def test_config_init_finds_it(server: MariaDb) -> None:
    """By its greeting; one that does not let this machine in is found by its refusal."""
    refusal = b"Host 'x' is not allowed to connect to this MariaDB server"

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes([len(refusal) + 3, 0, 0, 0]) + b"\xff\x6a\x04" + refusal)

    async with hostile(refuse) as other:
        found = await discover([("127.0.0.1", port) for port in (server.port, other.port)])
    assert [service.kind for service in found] == ["mysql", "mysql"]
    assert f'dsn = "mysql://monitor@127.0.0.1:{server.port}/mysql"' in example_text(found)


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ("?ssl-mode=odd", "ssl_mode: one of disabled, preferred, required, verify_ca, verify_identity is wanted"),
        ("?sslmode=require", 'unknown parameter "sslmode"; did you mean "ssl_mode"?'),
        ("?connect-timeout=soon", "connect_timeout: a whole number of seconds is wanted"),
        ("?socket=mysql.sock", "socket: the path of a socket is wanted"),
        ("?ssl_caa=hush", 'unknown parameter "ssl_caa"; did you mean "ssl_ca"?'),
        ("/h@ush", 'one host is wanted; a "/" in a user\'s name or password is written %2F'),
    ],
)
def test_a_parameter_that_cannot_be_kept_is_refused(rest: str, problem: str) -> None:
    """`config check` says which part of the address is wrong and what to write, never its value."""
    with pytest.raises(ValueError, match=r"^dsn: ") as refused:
        MysqlProbe(made(MysqlCheck, name="db", dsn=f"mysql://me:hush@h/x{rest}"))
    assert problem in str(refused.value) and "hush" not in str(refused.value)
