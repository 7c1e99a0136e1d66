"""/api/events: boards and changes as server-sent events, bounded, ended at once with the server."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from tests.support.board_backend import FakeBackend
from tests.support.event_reader import event_stream
from tests.support.http_face import face, token_of
from tests.support.processes import until
from tui_monitor.board.values import Delivery
from tui_monitor.serving import event_stream as streams
from tui_monitor.serving.event_stream import MOST_WAITING, EventStream, event


async def test_a_stream_begins_with_the_board_and_tells_changes() -> None:
    """An alert that ends, one that is acknowledged and a message's new state come as events of their own after the board."""
    backend = FakeBackend()
    async with face(backend, open=["read"]) as server, event_stream(server.port, "/api/events") as events:
        assert events.status == 200 and "text/event-stream" in events.headers and "x-accel-buffering: no" in events.headers
        name, board = await events.next()
        assert name == "board" and board["host"] == "web-1" and board["checks"][0]["duration_ms"] == 132.0
        first, second, *rest = backend.example.alerts
        backend.push(backend.example)
        sent = Delivery("ops-mail", "firing", "sent", 5)
        backend.push(replace(backend.example, alerts=(replace(second, acknowledged_by="kim", deliveries=(sent,)), *rest)))
        told = [await events.next() for _ in range(5)]
        assert [kind for kind, _ in told] == ["board", "board", "alert", "delivery", "alert"]
        assert told[2][1]["acknowledged_by"] == "kim" and told[3][1]["notifier"] == "ops-mail"
        assert told[4][1] | {"id": first.id, "state": "resolved"} == told[4][1]


async def test_events_need_the_scope_read() -> None:
    """Without a token 401, with one for push 403, with read the stream."""
    push, pushing = token_of("push", name="p")
    read, reading = token_of("read", name="r")
    backend = FakeBackend()
    backend.access_tokens = [pushing, reading]
    async with face(backend) as server:
        assert (await server.get("/api/events")).status == 401
        assert (await server.get("/api/events", token=push)).status == 403
        async with event_stream(server.port, "/api/events", read) as events:
            assert (await events.next())[0] == "board"


async def test_streams_end_at_once_with_the_server() -> None:
    """Closing does not wait for readers: they are told the end of the body."""
    server_face = face(open=["read"])
    server = await server_face.__aenter__()
    async with event_stream(server.port, "/api/events") as events:
        await events.next()
        begin = time.monotonic()
        await asyncio.gather(server_face.__aexit__(None, None, None), events.ends())
        assert time.monotonic() - begin < 15, "a generous guard: it takes milliseconds"


async def test_a_stream_too_many_gets_503_and_its_place_is_free_when_a_reader_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit counts open readers only."""
    monkeypatch.setattr(streams, "MOST_STREAMS", 1)
    async with face(open=["read"]) as server:
        async with event_stream(server.port, "/api/events") as events:
            await events.next()
            refused = await server.get("/api/events")
            assert refused.status == 503 and refused.headers["retry-after"] == "5"
        assert server.service._app is not None
        shared = server.service._app.shared
        await until(lambda: not len(shared.streams))
        async with event_stream(server.port, "/api/events") as events:
            assert (await events.next())[0] == "board"


async def test_a_reader_that_is_too_slow_loses_its_stream() -> None:
    """A bounded number of events waits; then the stream ends, and the reader begins anew with the present state."""
    stream = EventStream()
    for number in range(MOST_WAITING + 1):
        stream.put(event("board", str(number)))
    assert stream.ended and [each async for each in stream.messages()] == [b"retry: 2000\n\n"]


async def test_a_silent_stream_gets_comments() -> None:
    """So that no proxy takes it for dead."""
    messages = EventStream().messages(comment_every=0.01)
    assert [await anext(messages) for _ in range(3)] == [b"retry: 2000\n\n", b":\n\n", b":\n\n"]


def test_an_event_keeps_its_lines() -> None:
    """A line break in the data cannot begin another field."""
    assert event("x", "a\nevent: b") == b"event: x\ndata: a\ndata: event: b\n\n"
