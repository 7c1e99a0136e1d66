"""The Redis check against a real server that is healthy, refuses, hangs, restarts, fills up and replicates."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.support.peers.hostile import hostile
from tests.support.servers import RedisServer, free_port, redis_server
from tests.support.settings import made
from tui_monitor.core.values import HealthStatus, ProbeResult, label
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.recent_ratio import RecentRatio
from tui_monitor.sources.redis.connection import database_of, redis_address
from tui_monitor.sources.redis.probe import RedisProbe
from tui_monitor.sources.redis.settings import RedisCheck
from tui_monitor.sources.redis.statistics import RedisStatistics


@contextlib.asynccontextmanager
async def probing(url: str, **settings: object) -> AsyncIterator[RedisProbe]:
    """A probe of this URL, closed at the end."""
    probe = RedisProbe(made(RedisCheck, {"name": "cache", "url": url, **settings}))
    try:
        yield probe
    finally:
        await probe.close()


@contextlib.asynccontextmanager
async def client(server: RedisServer) -> AsyncIterator[Redis]:
    """A client beside the probe."""
    redis = Redis.from_url(server.url())
    try:
        yield redis
    finally:
        await redis.aclose()


def values(result: ProbeResult) -> dict[str, float]:
    """The samples by name, and for databases by name and number."""
    return {label(s.labels, "__name__") + label(s.labels, "db"): s.value for s in result.samples}


@contextlib.asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    """The port of a server that answers everything with this, or hangs up where it is empty."""
    transports: list[asyncio.Transport] = []

    class Talk(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            transports.append(transport)

        def data_received(self, data: bytes) -> None:
            transports[-1].write(answer)
            if not answer:
                transports[-1].close()

    async with await asyncio.get_running_loop().create_server(Talk, "127.0.0.1", 0) as listener:
        try:
            yield listener.sockets[0].getsockname()[1]
        finally:
            for transport in transports:
                transport.abort()


async def connections_of_monitor(redis: Redis) -> int:
    """How many connections the monitor has open."""
    return sum(each["name"] == "tui-monitor" for each in await redis.client_list())


async def test_healthy_server_gives_every_figure(own_redis: RedisServer) -> None:
    """A well server is healthy, with the round trip as duration, INFO as samples and facts for people."""
    async with probing(own_redis.url(database=3)) as probe, client(own_redis) as redis:
        await redis.set("a", "b")
        await redis.get("a")
        await redis.get("missing")
        first, second = await probe.probe(), await probe.probe()
    assert (first.status, first.reason) == (HealthStatus.HEALTHY, "")
    assert first.duration is not None and 0 < first.duration < 1
    assert set(first.phases) == {"connect", "query"} and set(second.phases) == {"query"}
    found = values(first)
    assert found["redis_memory_used_bytes"] > 1e5
    assert (found["redis_connected_clients"], found["redis_blocked_clients"], found["redis_evicted_keys_total"]) == (2, 0, 0)
    assert (found["redis_hit_ratio"], found["redis_keys0"], found["redis_keys3"]) == (0.5, 1, 0)
    assert not {"redis_memory_max_bytes", "redis_memory_usage_ratio", "redis_replication_lag_seconds"} & set(found)
    assert first.facts["replication"] == "master" and first.facts["clients"] == "2"
    assert first.facts["version"].split()[0] in {"Redis", "Valkey"}


async def test_connection_count_stays_flat(own_redis: RedisServer) -> None:
    """Two hundred probes use one connection, which ends with close."""
    async with client(own_redis) as redis:
        async with probing(own_redis.url()) as probe:
            for _ in range(200):
                assert (await probe.probe()).status is HealthStatus.HEALTHY
            assert await connections_of_monitor(redis) == 1
            assert (await redis.info("stats"))["total_connections_received"] < 10
        async with asyncio.timeout(60):
            while await connections_of_monitor(redis):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_refused_connection_names_the_address() -> None:
    """Nothing listens: unhealthy, with host and port and without the URL."""
    port = free_port()
    for host in ("127.0.0.1", "localhost"):
        async with probing(f"redis://me:hush@{host}:{port}/0") as probe:
            result = await probe.probe()
        assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, f"connection refused ({host}:{port})")


async def test_passwords_and_permissions() -> None:
    """No password, a wrong one and a user who may only PING each give a plain verdict, never with the secret."""
    with redis_server(requirepass="right") as server:
        for url, reason in ((server.url(password=""), "authentication required"), (server.url("wr0ng"), "wrong user name or password")):
            async with probing(url) as probe:
                result = await probe.probe()
                assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, reason)
        async with client(server) as redis:
            await redis.execute_command("ACL", "SETUSER", "pinger", "on", ">only", "+ping")  # type: ignore[no-untyped-call]
        async with probing(server.url("only", "pinger")) as probe:
            result = await probe.probe()
            assert result.status is HealthStatus.HEALTHY
            assert result.facts == {"statistics": "this user may not do that (ACL)"}


async def test_local_socket(tmp_path: Path) -> None:
    """A server is reached through its socket, with the same figures; the reason names no path where nobody listens there."""
    path = tmp_path / "redis.sock"
    with redis_server(unixsocket=str(path)):
        async with probing(f"unix://{path}") as probe:
            result = await probe.probe()
    assert result.status is HealthStatus.HEALTHY and values(result)["redis_connected_clients"] >= 1
    async with probing(f"unix://{path}") as probe:
        assert "local socket" in (await probe.probe()).reason


async def test_stopped_and_restarted_server(own_redis: RedisServer) -> None:
    """A stop is seen, the next start too, and a restart between two probes is no failure and no absurd rate."""
    async with probing(own_redis.url()) as probe:
        for _ in range(20):
            await probe.probe()
        await asyncio.to_thread(own_redis.restart)
        restarted = await probe.probe()
        assert restarted.status is HealthStatus.HEALTHY and "connect" in restarted.phases
        assert "redis_commands_per_second" not in values(restarted)
        await asyncio.to_thread(own_redis.stop)
        assert (await probe.probe()).reason == f"connection refused (127.0.0.1:{own_redis.port})"
        await asyncio.to_thread(own_redis.start)
        assert (await probe.probe()).status is HealthStatus.HEALTHY


async def test_hanging_server_times_out_and_recovers_without_leak(own_redis: RedisServer) -> None:
    """A paused server makes the poller's timeout strike; afterwards one connection is open again."""
    async with probing(own_redis.url(), timeout="10s") as probe:
        await probe.probe()
        own_redis.pause()
        for stage in ("query", "connect", "connect"):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await probe.probe()
            assert probe.stage == stage
        own_redis.resume()
        async with asyncio.timeout(60):
            assert (await probe.probe()).status is HealthStatus.HEALTHY
            async with client(own_redis) as redis:
                while await connections_of_monitor(redis) != 1:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)


async def test_memory_against_maxmemory_degrades() -> None:
    """More than memory_degraded of maxmemory is degraded and says how much; less is healthy."""
    with redis_server(maxmemory="20mb") as server:
        async with probing(server.url(), memory_degraded="35%") as probe, client(server) as redis:
            assert (await probe.probe()).status is HealthStatus.HEALTHY
            await redis.set("big", b"x" * 8_000_000)
            result = await probe.probe()
    ratio = values(result)["redis_memory_usage_ratio"]
    assert ratio > 0.35 and values(result)["redis_memory_max_bytes"] == 20 * 2**20
    assert (result.status, result.reason) == (HealthStatus.DEGRADED, f"memory {100 * ratio:.0f}% of maxmemory")


async def test_too_many_clients() -> None:
    """A server without a place for the monitor is unhealthy and says why."""
    with redis_server(maxclients="2") as server:
        async with probing(server.url()) as one, probing(server.url()) as two, probing(server.url()) as three:
            assert (await one.probe()).status is HealthStatus.HEALTHY
            assert (await two.probe()).status is HealthStatus.HEALTHY
            refused = await three.probe()
    assert (refused.status, refused.reason) == (HealthStatus.UNHEALTHY, "too many connections")


async def test_replica_and_lost_master() -> None:
    """Master and replica tell their lag; a replica that lost its master is degraded, or unhealthy where it serves nothing."""
    with redis_server(repl_ping_replica_period="1") as master, redis_server(replicaof=f"127.0.0.1 {master.port}") as replica:
        async with probing(master.url()) as first, probing(replica.url()) as second, client(replica) as redis:
            async with asyncio.timeout(60):
                while (await second.probe()).status is not HealthStatus.HEALTHY:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                while "redis_replication_lag_seconds" not in values(await first.probe()):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            both = await first.probe(), await second.probe()
            assert [each.facts["replication"] for each in both] == ["master of 1", "replica"]
            assert all(values(each)["redis_replication_lag_seconds"] < 10 for each in both)
            await asyncio.to_thread(master.stop)
            async with asyncio.timeout(60):
                while (lost := await second.probe()).status is HealthStatus.HEALTHY:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert (lost.status, lost.reason) == (HealthStatus.DEGRADED, "the link to the master is down")
            await redis.config_set("replica-serve-stale-data", "no")
            stale = await second.probe()
            if stale.status is not HealthStatus.DEGRADED:  # some versions answer PING all the same
                assert stale.reason == "the link to the master is down and stale data is not served"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", "the server is loading its data set"),
        (b"-MISCONF Redis is configured to save RDB snapshots\r\n", "MISCONF Redis is configured to save RDB snapshots"),
        (b"-MASTERDOWN Link with MASTER is down\r\n", "the link to the master is down and stale data is not served"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the answer is not Redis' (127.0.0.1:{port})"),
        (b"", "connection closed by the server (127.0.0.1:{port})"),
        (b"-ERR \x1b[31mred\xff\r\n", "red"),
        (b"*1\r\n" * 100_000, "the answer is not Redis' (127.0.0.1:{port})"),
        (b"+" + b"a" * 1_000_000, "the answer is not Redis' (127.0.0.1:{port})"),
        (b"$900000000\r\n" + b"a" * 1000, "the answer is not Redis' (127.0.0.1:{port})"),
        (b"$-5\r\nx", "the answer is not Redis' (127.0.0.1:{port})"),
        (b":" + b"9" * 10_000 + b"\r\n", "the answer is not Redis' (127.0.0.1:{port})"),
    ],
)
async def test_what_the_server_says_becomes_a_plain_reason(answer: bytes, reason: str) -> None:
    """Every refusal and every garbage is unhealthy with a harmless reason."""

    async with answering(answer) as port, probing(f"redis://127.0.0.1:{port}/0", timeout="1s") as probe:
        async with asyncio.timeout(60):
            result = await probe.probe()
    assert result.status is HealthStatus.UNHEALTHY
    assert reason.format(port=port) in result.reason and result.reason.isprintable()


async def test_unusable_url_is_own_trouble() -> None:
    """A URL with a file that is not there is the monitor's fault: unknown, without the secret."""
    async with probing("rediss://:hush@127.0.0.1/0?ssl_ca_certs=/nowhere") as probe:
        with pytest.raises(OwnTrouble, match="the url, or a file that it names, cannot be used"):
            await probe.probe()


@pytest.mark.parametrize("timeouts", ["?timeout=5", "?socket_timeout=5&socket_connect_timeout=0.5s&max_connections=3&protocol=3"])
async def test_parameters_of_other_clients_do_no_harm(redis_url: str, timeouts: str) -> None:
    """Time limits and pool sizes that other clients need are honoured or dropped: no probe breaks on them."""
    for scheme in ("redis", "valkey"):
        async with probing(redis_url.replace("redis:", f"{scheme}:") + timeouts) as probe:
            assert (await probe.probe()).status is HealthStatus.HEALTHY


async def test_the_addresss_own_time_limit_holds() -> None:
    """`timeout=` of the address ends connecting sooner than the check's limit."""
    async with hostile("hang") as server, probing(f"redis://:x@127.0.0.1:{server.port}/0?timeout=0.1", timeout="60s") as probe:
        async with asyncio.timeout(30):
            result = await probe.probe()
    assert result.status is HealthStatus.UNHEALTHY and "timed out" in result.reason


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("redis://h/0?timeouts=5", 'unknown parameter "timeouts"; did you mean "timeout"?'),
        ("redis://h/0?timeout=soon", "timeout: seconds are wanted, for example timeout=2.5"),
        ("rediss://h/0?ssl_cert_reqs=maybe", "ssl_cert_reqs: one of none, optional, required is wanted"),
        ("redis://h/main", "the database is a number, for example redis://host:6379/0"),
        ("redis://a/hush@h/0", 'a "/" in a user\'s name or password is written %2F'),
        ("redis://h/0?hush@h", "parameters of the form name=value are wanted"),
    ],
)
def test_a_parameter_that_is_not_understood_is_refused(url: str, problem: str) -> None:
    """`config check` says which part of the address is wrong and what to write, never a value."""
    with pytest.raises(ValueError, match=r"^url: ") as refused:
        RedisProbe(made(RedisCheck, {"name": "cache", "url": url}))
    assert problem in str(refused.value) and "hush" not in str(refused.value)


async def test_a_hang_up_in_the_tls_handshake_is_told_as_that() -> None:
    """A server that closes in the middle of the TLS handshake is named so."""
    async with hostile("hang up") as server, probing(f"rediss://127.0.0.1:{server.port}/0") as probe:
        result = await probe.probe()
    assert result.reason == f"hung up during the TLS handshake (127.0.0.1:{server.port})"


def test_rates_of_info() -> None:
    """Commands per second come from two readings; a counter that fell gives none."""
    statistics = RedisStatistics(0.9, 0)

    def rate(commands: int, now: float) -> float | None:
        samples = statistics.read(f"total_commands_processed:{commands}\r\n", now).samples
        return next((s.value for s in samples if label(s.labels, "__name__") == "redis_commands_per_second"), None)

    assert [rate(100, 0.0), rate(150, 10.0), rate(20, 20.0), rate(40, 30.0)] == [None, 5.0, None, 2.0]


def test_hostile_info_is_read_without_harm() -> None:
    """Nonsense in INFO gives no sample and no control characters in facts."""
    text = "maxmemory:nan\r\nused_memory:lots\r\ndb0:keys\r\nredis_version:7\x1b[2J\r\nrole:slave\r\nslave0:lag=x\r\n\r\n:::\r\n"
    statistics = RedisStatistics(0.9, 0).read(text, 0.0)
    assert {label(s.labels, "__name__"): s.value for s in statistics.samples} == {"redis_keys": 0.0}
    assert all(fact.isprintable() for fact in statistics.facts.values())


def test_recent_ratio_is_calm() -> None:
    """Few events keep the last ratio, enough make a new one, a reset starts anew."""
    ratio = RecentRatio(10)
    assert [ratio.update(*pair) for pair in ((0, 0), (3, 4), (3, 8), (3, 14), (10, 24), (1, 10))] == [None, 0.75, 0.75, 0.0, 0.7, 0.1]


@pytest.mark.parametrize(
    ("url", "address", "database"),
    [
        ("redis://u:p@cache/2", "cache:6379", 2),
        ("rediss://[::1]:7000", "[::1]:7000", 0),
        ("redis://[::1]/1?timeout=1", "[::1]:6379", 1),
        ("valkeys://[::1]?db=3", "[::1]:6379", 3),
        ("redis://", "localhost:6379", 0),
        ("unix:///run/redis.sock", "local socket", 0),
    ],
)
def test_address_for_people(url: str, address: str, database: int) -> None:
    """The address shown has host and port, never user, password or database."""
    assert (redis_address(url), database_of(url)) == (address, database)
