"""Requests that are wrong, endless or too many: each ends, and the others are answered meanwhile."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.http_face import Answer, Face, face, token_of
from tests.support.processes import eventually, until
from tui_monitor.serving import protocol
from tui_monitor.serving.access import RateLimits
from tui_monitor.serving.protocol import head_fault


@pytest.fixture
async def server() -> AsyncIterator[Face]:
    async with face() as opened:
        yield opened


REFUSED = {
    "garbage": (b"\x00\x01\x02 what\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 300 + b"\r\n\r\n", 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "no Host": (b"GET /api/live HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET /api/live HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n", 400),
    "wrong Host": (b"GET /api/live HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421),
    "two lengths": (b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "both lengths": (b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked in 1.0": (b"POST /x HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "folded header": (b"GET /api/live HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n c\r\n\r\n", 400),
    "space before colon": (b"GET /api/live HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
    "other coding": (b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    "not ASCII": ("GET /한글 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), 400),
    "large head": (b"GET /api/live HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "endless head": (b"GET /api/live HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 140_000, 431),
}


@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_no_clear_request_is_refused(server: Face, sent: bytes, status: int) -> None:
    """A wrong request gets its status, the connection is closed, and the next request is answered."""
    got = Answer(await server.raw(sent))
    assert got.status == status or (status == 501 and got.status == 400)
    assert (await server.get("/api/live")).status == 200


async def test_an_unfinished_head_is_given_up(server: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that sends its head byte by byte is closed after the limit (10 s; here 0.1)."""
    monkeypatch.setattr(protocol, "HEAD_WITHIN_S", 0.1)
    assert await server.raw(b"GET /api/live HTTP/1.1\r\nHost: loc") == b""


async def test_connections_beyond_the_limit_are_closed_at_once(server: Face) -> None:
    """256 idle connections take 128 places; when they go, requests are answered again."""
    opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", server.port) for _ in range(256)))
    await until(lambda: sum(reader.at_eof() for reader, _ in opened) >= 128, what="the second half is closed")
    for _, writer in opened:
        writer.close()
    await eventually(lambda: server.get("/api/live"), lambda answer: answer.status == 200)


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_connections_in_sequence_leave_nothing_behind(server: Face, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that come and go do not add up."""
    monkeypatch.setattr(RateLimits, "admit", lambda *_: None)
    for _ in range(count // 5):
        await asyncio.gather(*(server.get("/api/live") for _ in range(5)))
    listener = server.service._listener
    assert listener is not None
    await until(lambda: len(listener._state.connections) == 0 and not listener._state.tasks)


async def test_a_second_request_before_the_first_answer_closes_the_connection(server: Face) -> None:
    """What follows a request in one packet has not been looked at: it is not answered on this connection."""
    one = b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    got = await server.raw(one + one)
    assert len(re.findall(rb"HTTP/1.1 200", got)) == 1


async def test_a_connection_serves_several_requests(server: Face) -> None:
    """Keep-alive works, also with a body in between."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(3):
        writer.write(b"GET /api/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab")
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
        assert b"200 OK" in head and await reader.readexactly(length)
    writer.close()


def test_ambiguous_heads_are_told_apart() -> None:
    """Only what two servers read differently is refused."""
    assert head_fault(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3") == b""
    assert head_fault(b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked") == b""
    assert head_fault(b"GET / HTTP/1.1\nX: a\n\tb") != b""


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"x" * 5_000_000, "", 413),
        (gzip.compress(b"\0" * 64_000_000), "gzip", 413),
        (gzip.compress(b"{}")[:-3], "gzip", 400),
        (b"no gzip at all", "gzip", 400),
        (b"{}", "br", 415),
        (b"[" * 100_000, "", 400),
        (b"\xff\xfe", "", 400),
    ],
    ids=["large", "bomb", "cut gzip", "no gzip", "brotli", "nested", "not UTF-8"],
)
async def test_bodies_are_bounded(body: bytes, encoding: str, status: int) -> None:
    """A body that is too large, also inflated, or no JSON gets its status in the API's shape."""
    async with face() as server:
        secret, stored = token_of("act")
        server.backend.access_tokens.append(stored)
        headers: dict[str, Any] = {"content_encoding": encoding} if encoding else {}
        got = await server.ask("POST", "/api/notify", body, token=secret, content_type="application/json", **headers)
        assert (got.status, list(got.json)) == (status, ["error"])
