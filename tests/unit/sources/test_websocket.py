"""The WebSocket kind against a real server of the library websockets whose messages are the test's, and against hostile ones."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.server import ServerProtocol

from tests.support.clocks import ManualClock, settle
from tests.support.peers.hostile import hostile
from tests.support.servers import free_port
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import METRIC_NAME, HealthStatus, ProbeResult, label
from tui_monitor.sources.api import Feed
from tui_monitor.sources.websocket.feed import WebSocketFeed
from tui_monitor.sources.websocket.message import MessageReader
from tui_monitor.sources.websocket.settings import WebSocketCheck

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
NOW = 1_790_000_000_000


class Exchange:
    """A server whose connections the test holds: what they were sent, and a way to send."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.received: list[str] = []
        self.changed = asyncio.Event()
        self.url = ""

    async def take(self, connection: ServerConnection) -> None:
        """One connection, until it ends."""
        self.connections.append(connection)
        self.changed.set()
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                self.received.append(str(message))
                self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds."""
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    made_here = Exchange()
    async with serve(made_here.take, "127.0.0.1", 0) as server:
        made_here.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield made_here


@contextlib.asynccontextmanager
async def running(url: str, clock: ManualClock | None = None, **keys: Any) -> AsyncIterator[WebSocketFeed]:
    """A feed that runs."""
    feed = WebSocketFeed(made(WebSocketCheck, {"name": "feed", "url": url, **keys}), clock or ManualClock(NOW))
    feed.restore(None, 0)
    task = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await feed.close()


async def told(feed: WebSocketFeed, condition: Callable[[ProbeResult], bool]) -> ProbeResult:
    """The first probe for which the condition holds."""
    async with asyncio.timeout(10):
        while not condition(result := await feed.probe()):
            await settle()
    return result


def found(result: ProbeResult) -> dict[str, float]:
    """The values by name."""
    return {label(labels, METRIC_NAME).removeprefix("websocket_"): value for labels, value in result.samples}


def counted(number: int) -> Callable[[ProbeResult], bool]:
    """Whether this many messages have been counted."""
    return lambda result: found(result)["messages_total"] == number


async def test_it_subscribes_and_counts(exchange: Exchange) -> None:
    """What `send` says goes out after connecting; messages count, ignored ones do not; lag and gaps come from the messages."""
    keys: dict[str, Any] = {"send": '{"op":"subscribe"}', "ignore": ["heartbeat"], "time": "at", "sequence": "n", "headers": {"X-Key": "k"}}
    async with running(exchange.url + "/stream?x=1", **keys) as feed:
        assert isinstance(feed, Feed)
        await exchange.until(lambda: exchange.received == ['{"op":"subscribe"}'])
        (peer,) = exchange.connections
        assert peer.request is not None and peer.request.path == "/stream?x=1" and peer.request.headers["X-Key"] == "k"
        assert "Sec-WebSocket-Extensions" not in peer.request.headers
        for number in (1, 2, 5):
            await peer.send(json.dumps({"n": number, "at": (NOW - 250) / 1000}))
            await peer.send('{"event":"heartbeat"}')
        result = await told(feed, lambda result: result.facts.get("ignored") == "3")
    assert (result.status, result.reason) == (HEALTHY, "")
    assert found(result) == {"messages_total": 3, "gaps_total": 2, "message_age_seconds": 0, "lag_seconds": 0.25}


async def test_only_messages_are_signs_of_freshness(exchange: Exchange) -> None:
    """Pings of the server and ignored messages do not count; the first one after that ends it, and both are news."""
    clock = ManualClock(NOW)
    async with running(exchange.url, clock, max_age="30s", ignore=["beat"], ping_interval="0s") as feed:
        await exchange.until(lambda: bool(exchange.connections))
        (peer,) = exchange.connections
        await feed.probe()
        feed.news.clear()
        await clock.advance(29)
        await peer.send("beat")
        await (await peer.ping())
        assert (await feed.probe()).status is HEALTHY and not feed.news.is_set()
        await clock.advance(2)
        assert feed.news.is_set()
        stale = await feed.probe()
        assert (stale.status, stale.reason) == (UNHEALTHY, "no message since it connected 31s ago, max_age is 30s")
        await peer.send("price")
        assert (await told(feed, counted(1))).status is HEALTHY
        await clock.advance(40)
        assert (await feed.probe()).reason == "no message for 40s, max_age is 30s"


async def test_what_messages_must_say(exchange: Exchange) -> None:
    """A message that is not as expected is unhealthy with its words until the next good one, and is no sign of freshness."""
    async with running(exchange.url, expect_json={"type": "ticker"}) as feed:
        await exchange.until(lambda: bool(exchange.connections))
        (peer,) = exchange.connections
        await peer.send('{"type":"error","message":"no such pair"}')
        bad = await told(feed, lambda result: result.status is UNHEALTHY)
        assert bad.reason == 'sent a message in which $.type is "error", not "ticker"' and "no such pair" in bad.facts["newest"]
        assert "message_age_seconds" not in found(bad)
        await peer.send(b'{"type":"ticker"}')
        assert (await told(feed, counted(1))).status is HEALTHY
        await peer.send("\x1b[31moops")
        assert (await told(feed, lambda result: result.status is UNHEALTHY)).reason == 'sent a message that is no JSON: "oops"'


async def test_own_pings_must_be_answered(exchange: Exchange) -> None:
    """A good server answers and its round trip is the duration; one that hangs is given up, then tried again."""
    clock = ManualClock(NOW)

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        writer.write(b"".join(protocol.data_to_send()))
        while await reader.read(65536):
            pass

    async with running(exchange.url, clock, ping_interval="20s", timeout="3s") as feed:
        await exchange.until(lambda: bool(exchange.connections))
        connecting = (await feed.probe()).duration
        await settle()
        await clock.advance(20)
        await told(feed, lambda result: result.duration != connecting)
        await clock.advance(5)
        assert (await feed.probe()).status is HEALTHY
    async with hostile(mute) as server, running(f"ws://127.0.0.1:{server.port}", clock, ping_interval="20s", timeout="3s") as feed:
        assert (await feed.probe()).status is HEALTHY
        await settle()
        await clock.advance(20)
        await clock.advance(3)
        lost = await told(feed, lambda result: result.status is UNHEALTHY)
        assert lost.reason == "does not answer a ping within 3s"
        await clock.advance(2)
        assert (await told(feed, lambda result: result.status is HEALTHY)).reason == "" and server.connections == 2


async def test_a_connection_that_ends_is_made_anew(exchange: Exchange) -> None:
    """The close code and reason are told; counts go on."""
    clock = ManualClock(NOW)
    async with running(exchange.url, clock) as feed:
        await exchange.until(lambda: bool(exchange.connections))
        await exchange.connections[0].send("one")
        await told(feed, counted(1))
        await exchange.connections[0].close(1013, "come\x1b[2J later")
        lost = await told(feed, lambda result: result.status is UNHEALTHY)
        assert lost.reason == 'closed the connection: 1013 (try again later), "come later"'
        await settle()
        await clock.advance(1.3)
        await exchange.until(lambda: len(exchange.connections) == 2)
        await exchange.connections[1].send("two")
        assert (await told(feed, counted(2))).status is HEALTHY


async def test_a_large_message_is_refused_and_a_fragmented_one_is_one(exchange: Exchange) -> None:
    """The limit holds for the whole of a message in pieces too."""
    async with running(exchange.url, max_message="64KiB", sequence="n") as feed:
        await exchange.until(lambda: bool(exchange.connections))
        await exchange.connections[0].send(['{"n"', ": 7", "}"])
        assert found(await told(feed, counted(1)))["gaps_total"] == 0
        with contextlib.suppress(ConnectionClosed):
            await exchange.connections[0].send(["x" * 40_000, "x" * 40_000])
        lost = await told(feed, lambda result: result.status is UNHEALTHY)
    assert lost.reason == "sends a message larger than max_message = 64KiB; raise it"


async def test_what_a_server_echoes_of_secrets_is_hidden(exchange: Exchange) -> None:
    """Keys that were sent, in headers, or in the address."""
    keys: dict[str, Any] = {"send": ['{"token":"0123456789abcdef0123"}'], "headers": {"Authorization": "Bearer hush-hush"}}
    async with running(exchange.url + "/?key=s3cr3t-value", **keys) as feed:
        await exchange.until(lambda: bool(exchange.received))
        await exchange.connections[0].send(exchange.received[0] + "hush-hush s3cr3t-value")
        result = await told(feed, counted(1))
    shown = f"{result.reason} {result.facts}"
    assert not any(secret in shown for secret in ("0123456789abcdef0123", "hush-hush", "s3cr3t-value"))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "401 Unauthorized at the upgrade"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 OK at the upgrade"),
        (b"HTTP/1.1 302 Found\r\nLocation: wss://b.example.com/\r\nContent-Length: 0\r\n\r\n",
         "302 Found at the upgrade, leads to wss://b.example.com/: give that address"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
         "does not upgrade to WebSocket"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "does not upgrade to WebSocket"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "does not upgrade to WebSocket"),
        (b"", "closed the connection without an answer to the upgrade"),
    ],
)  # fmt: skip
async def test_refusals_of_the_upgrade(answer: bytes, reason: str) -> None:
    """Each in words."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with hostile(refuse) as server, running(f"ws://127.0.0.1:{server.port}") as feed:
        result = await feed.probe()
    assert result.status is UNHEALTHY and reason in result.reason, result


@pytest.mark.parametrize("behaviour", ["hang", "garbage", "endless head", "endless body", "endless line", "reset", "close at once"])
async def test_hostile_targets_are_unhealthy(behaviour: str) -> None:
    """Within the time limit, with a reason, and nothing raised."""
    async with hostile(behaviour) as server, running(f"ws://127.0.0.1:{server.port}", timeout="500ms") as feed:
        result = await asyncio.wait_for(feed.probe(), 10)
    assert result.status is UNHEALTHY and result.reason, result


async def test_a_refused_port_is_the_targets_fault() -> None:
    """At once."""
    async with running(f"ws://127.0.0.1:{free_port()}") as feed:
        assert "connection refused" in (await feed.probe()).reason


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[" * 100_000, b'{"at": 1e400, "n": -1}', b'{"at": "x", "n": true}', b'{"n": 1.5}'])
def test_no_message_raises(data: bytes) -> None:
    """Whatever it holds: unknown parts are None."""
    reader = MessageReader(made(WebSocketCheck, {"name": "f", "url": "ws://x/", "time": "at", "sequence": "n"}))
    facts = reader.read(data, NOW)
    assert (facts.stamp, facts.sequence) == (None, None)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"url": "http://x/"}, "ws://"),
        ({"ping_interval": "100ms"}, "at least 1s"),
        ({"ignore": ["("]}, "ignore"),
    ],
)
def test_keys_that_cannot_be_are_refused(keys: dict[str, Any], text: str) -> None:
    """By the reader."""
    with pytest.raises(ConfigurationError, match=text):
        made(WebSocketCheck, {"name": "x", "url": "ws://x/", **keys})


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"time": "a["}, 'time: "a\\["'),
        ({"headers": {"a": "b\r\nc"}}, "headers: "),
        ({"key_file": "/k"}, "key_file: there is no cert_file"),
        ({"url": "ws:///x"}, "url: no valid host"),
    ],
)
def test_settings_that_cannot_be_used_name_their_key(keys: dict[str, Any], text: str) -> None:
    """When the feed is made, so that `config check` tells it."""
    with pytest.raises(ValueError, match=text):
        WebSocketFeed(made(WebSocketCheck, {"name": "x", "url": "ws://x/", **keys}))
