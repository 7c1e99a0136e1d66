"""The push routes: who may send, what reaches the monitor, how its answers come back."""

from __future__ import annotations

import gzip
from typing import Any

from tests.support.board_backend import FakeBackend
from tests.support.clocks import ManualClock
from tests.support.http_face import face, token_of
from tui_monitor.board.push import PushAnswer


async def test_a_push_needs_the_scope() -> None:
    """A token that may look may not push, one that may push may not look; nothing opens it without a token."""
    (push, first), (read, second) = token_of("push", name="app"), token_of("read", name="look")
    backend = FakeBackend()
    backend.access_tokens = [first, second]
    async with face(backend, ManualClock()) as server:
        for path in ("/metrics/job/a", "/v1/metrics", "/v1/traces", "/v1/logs", "/api/v1/otlp/v1/metrics", "/api/v1/metrics", "/logs"):
            assert (await server.ask("POST", path)).status == 401
            assert (await server.ask("POST", path, token=read)).status == 403
            assert (await server.ask("POST", path, token=push)).status == 200
        assert (await server.get("/api/events", token=push)).status == 403
    assert {request.sender for request in backend.pushed} == {"app"} and len(backend.pushed) == 7


async def test_what_a_request_says_reaches_the_monitor() -> None:
    """Group, method, time to live, type; gzip is undone."""
    secret, token = token_of("push")
    backend = FakeBackend()
    backend.access_tokens = [token]
    async with face(backend, ManualClock()) as server:
        body = gzip.compress(b"a 1\n")
        page: dict[str, Any] = {"content_encoding": "gzip", "content_type": "text/plain"}
        await server.ask("PUT", "/metrics/job/backup/instance/a?ttl=2d", body, token=secret, **page)
        await server.ask("DELETE", "/metrics/job/backup", token=secret)
        assert (await server.ask("PUT", "/metrics/job/backup?ttl=soon", token=secret)).status == 400
        assert (await server.ask("GET", "/v1/metrics", token=secret)).status == 405
    put, delete = backend.pushed
    assert (put.kind, put.method, put.group, put.ttl, put.body, put.content_type) == (
        "pushgateway", "PUT", "job/backup/instance/a", 172_800, b"a 1\n", "text/plain",
    )  # fmt: skip
    assert (delete.method, delete.group, delete.body) == ("DELETE", "job/backup", b"")


async def test_a_sender_that_comes_too_fast_is_told_when_to_come_again() -> None:
    """503 with Retry-After as OTLP wants it; more than a logger's burst of requests is 429."""
    backend = FakeBackend()
    backend.push_answer = PushAnswer(503, b"too many", wait=2)
    async with face(backend, ManualClock(), listen="") as server:
        answer = await server.ask("POST", "/v1/logs", unix=True)
        assert (answer.status, answer.headers["retry-after"], answer.text) == (503, "2", "too many")
