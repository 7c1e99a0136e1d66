"""Answers of JSON-RPC, gRPC, WebSocket and RDAP servers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from websockets.protocol import Protocol, State

from fuzz.fences import replaced, unfenced
from fuzz.target import Target
from fuzz.targets.answers import MemoryStream, driven
from tests.support.settings import made
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.domain.bootstrap import BadList, servers_in
from tui_monitor.sources.domain.registration import BadRegistration, registration_of
from tui_monitor.sources.domain.state import state_from, verdict
from tui_monitor.sources.grpc.call import UnaryCall
from tui_monitor.sources.grpc.health import BadMessage, judged, request
from tui_monitor.sources.http.exchange import Answer
from tui_monitor.sources.http.request import parse_url
from tui_monitor.sources.json.values import ValueReader
from tui_monitor.sources.jsonrpc.envelope import rpc_number
from tui_monitor.sources.jsonrpc.node import calls_of, node_state
from tui_monitor.sources.jsonrpc.reader import RpcReader
from tui_monitor.sources.jsonrpc.settings import JsonRpcCheck
from tui_monitor.sources.net.connect import Failure
from tui_monitor.sources.websocket.connection import Connection
from tui_monitor.sources.websocket.message import MessageReader
from tui_monitor.sources.websocket.settings import WebSocketCheck
from tui_monitor.sources.websocket.state import FeedState

NOW = 1_790_000_000.0
_NODE = made(JsonRpcCheck, name="a", url="http://a/", max_block_age="1m", chain_id=1, min_peers=2, values=[{"metric": "m", "path": "@"}])


def _rpc(data: bytes) -> bool:
    """The first byte says with which status."""
    reader = RpcReader(calls_of(_NODE), 20_000)
    answer = Answer(500 if data[:1] == b"!" else 200, "HTTP/1.1", [], data.removeprefix(b"!"), False, False)
    fault = driven(reader.fault(answer))
    state = node_state(_NODE, reader.replies, NOW)
    for reply in reader.replies.values():
        ValueReader(_NODE.values[0], rpc_number).read(reply.result)
    return not fault and not state.faults


_WORDS = (
    '{"jsonrpc":"2.0","id":1,"result":"0x10"}', '{"id":2,"result":{"timestamp":"0x6ab13b80"}}', '{"id":3,"result":false}', '"error":',
    '{"id":4,"result":"0x1"}', '{"id":5,"result":"0x7"}', '{"code":-32601,"message":"x"}', '"0x', "null", "[", "]", "{", "}", ",", "!",
    '"id":1.0', '"id":true', "1e400", "NaN", '"currentBlock":"0x1"', '"highestBlock":"0xzz"', "-1",
)  # fmt: skip

_HEADERS = [(":method", "POST"), (":scheme", "http"), (":path", "/p"), (":authority", "a"), ("te", "trailers")]


def _grpc(data: bytes) -> bool:
    """What a server says on a connection."""
    stream: Any = MemoryStream(data)
    try:
        judged(driven(UnaryCall(stream, False).run(_HEADERS, request("a"))), "a")
    except (Failure, BadMessage, OwnTrouble):
        return False
    return True


def _grpc_seeds() -> list[bytes]:
    """A good answer, one of trailers only, a reset, a GOAWAY: each by a server that has had the client's request."""
    return [_served(answer) for answer in (_good, _refused, lambda http2: http2.reset_stream(1, 7), lambda http2: http2.close_connection())]


def _served(answer: Callable[[H2Connection], None]) -> bytes:
    client, server = H2Connection(), H2Connection(H2Configuration(client_side=False))
    client.initiate_connection()
    client.send_headers(1, _HEADERS, end_stream=True)
    server.initiate_connection()
    server.receive_data(client.data_to_send())
    answer(server)
    return server.data_to_send()


def _good(http2: H2Connection) -> None:
    http2.send_headers(1, [(":status", "200"), ("content-type", "application/grpc")])
    http2.send_data(1, b"\x00\x00\x00\x00\x02\x08\x01")
    http2.send_headers(1, [("grpc-status", "0")], end_stream=True)


def _refused(http2: H2Connection) -> None:
    http2.send_headers(1, [(":status", "200"), ("grpc-status", "14"), ("grpc-message", "try%20later")], end_stream=True)


_FRAMES = (
    "\x00\x00\x00\x04\x00\x00\x00\x00\x00", "\x00\x00\x00\x04\x01\x00\x00\x00\x00", "\x00\x00\x07\x00\x01\x00\x00\x00\x01",
    "\x00\x00\x01\x01\x05\x00\x00\x00\x01\x88", "\x00\x00\x08\x06\x00\x00\x00\x00\x00", "HTTP/1.1 400\r\n\r\n",
    "\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x07",
)  # fmt: skip

_FEED = made(WebSocketCheck, name="a", url="ws://a/", ignore=["beat"], time="at", sequence="n", expect_json={"type": "t"})
_MESSAGES = MessageReader(_FEED)


def _websocket(data: bytes) -> bool:
    """What a server says after a good upgrade: messages until the connection ends, which is always a Failure."""
    stream: Any = MemoryStream(data)
    connection, state = Connection(stream, parse_url("http://a/"), 65_536), FeedState()
    connection._protocol.state = State.OPEN
    connection._protocol.parser = Protocol.parse(connection._protocol)
    next(connection._protocol.parser)
    try:
        driven(_listened(connection, state))
    except (Failure, OwnTrouble):
        return state.messages > 0
    raise AssertionError("a connection cannot end well")


async def _listened(connection: Connection, state: FeedState) -> None:
    async for message in connection.messages():
        state.take(_MESSAGES.read(message, 0), 0.0, 0)


def _upgrade(data: bytes) -> bool:
    """What a server says to the upgrade."""
    stream: Any = MemoryStream(data)
    try:
        driven(Connection(stream, parse_url("http://a/"), 65_536).upgrade({}))
    except (Failure, OwnTrouble):
        return False
    return True


_WS = (
    "\x81\x02{}", "\x88\x00",
    '\x81\x2d{"type":"t","n":1,"at":"2026-01-01T00:00:00Z"}', "\x01\x01a", "\x80\x01b", "\x00\x00", "\x89\x00", "\x8a\x01x",
    "\x88\x05\x03\xf5bye", "\x82\x7e\x00\x05", "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", "\xc1\x01x", "beat",
)  # fmt: skip
_EVENTS = (
    "objectClassName", "domain", "ldhName", "example.com", "events", "eventAction", "expiration", "eventDate", "2027-08-13T04:00:00Z",
    "entities", "roles", "registrar", "vcardArray", "fn", "status", "services", "https://a/", "com", "looked", "listed",
    "9999-99-99T00:00:00",
)  # fmt: skip
_HEADS = (
    "HTTP/1.1 101 Switching Protocols\r\n", "HTTP/1.1 401 Unauthorized\r\n", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n", "\r\n",
    "Sec-WebSocket-Accept: x\r\n", "Sec-WebSocket-Extensions: permessage-deflate\r\n", "Sec-WebSocket-Protocol: x\r\n",
    "Location: wss://x/\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.1 302 Found\r\n", "zz\r\n",
)  # fmt: skip


def _rdap(text: str) -> bool:
    """An answer about a domain, as a list of servers and as a stored state too."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    for read in (lambda: servers_in(document, "a.example.com"), lambda: registration_of(document, "example.com")):
        try:
            read()
        except (BadList, BadRegistration):
            continue
    state = state_from(document if isinstance(document, dict) else None, "example.com", 2_000_000_000_000)
    verdict(state, 2_000_000_000_000, 86_400.0)
    return state_from(state.to_json(), "example.com", 2_000_000_000_000) is not None and state.tried


def _raising(*_: object) -> str:
    raise ValueError("unguarded")


TARGETS = (
    Target(name="jsonrpc-answer", kind="bytes", call=_rpc, words=_WORDS, fence=lambda: unfenced(RpcReader._fault)),
    Target(name="grpc-answer", kind="bytes", call=_grpc, words=_FRAMES, seeds=_grpc_seeds, fence=lambda: unfenced(UnaryCall.run)),
    Target(name="rdap-answer", kind="json", call=_rdap, words=_EVENTS, fence=lambda: unfenced(state_from)),
    Target(name="websocket-frames", kind="bytes", call=_websocket, words=_WS, fence=lambda: unfenced(MessageReader.read)),
    Target(name="websocket-upgrade", kind="bytes", call=_upgrade, words=_HEADS, fence=lambda: replaced(Connection, "_refusal", _raising)),
)
