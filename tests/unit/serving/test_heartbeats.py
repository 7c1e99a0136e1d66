"""Pings over HTTP in healthchecks' shape: who may ping what, and what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.board_backend import FakeBackend
from tests.support.clocks import ManualClock
from tests.support.http_face import Face, face, token_of

KEY = "k3y-of-backup"
CHECKS: dict[str, Any] = {
    "checks": [
        {"name": "backup", "type": "heartbeat", "every": "1d", "token": KEY},
        {"name": "sync/nightly", "type": "heartbeat", "every": "1d"},
        {"name": "정산", "type": "heartbeat", "every": "1d", "token": "other"},
        {"name": "api", "type": "http", "url": "http://127.0.0.1:9/"},
    ]
}


def told(server: Face) -> list[tuple[str, str, int | None]]:
    """Name, kind, exit status of the pings."""
    return [(ping.name, ping.kind, ping.code) for ping in server.backend.pings]


@pytest.mark.parametrize(
    ("address", "ping"),
    [
        ("backup", ("backup", "success", None)),
        ("backup/start", ("backup", "start", None)),
        ("backup/fail", ("backup", "fail", None)),
        ("backup/log", ("backup", "log", None)),
        ("backup/0", ("backup", "success", 0)),
        ("backup/137", ("backup", "fail", 137)),
        ("sync/nightly", ("sync/nightly", "success", None)),
        ("sync%2Fnightly/start", ("sync/nightly", "start", None)),
        ("%EC%A0%95%EC%82%B0", ("정산", "success", None)),
        (f"{KEY}/backup", ("backup", "success", None)),
        (f"{KEY}/backup/3", ("backup", "fail", 3)),
    ],
)
async def test_addresses(address: str, ping: tuple[str, str, int | None]) -> None:
    """The name, the action behind it, the exit status, and the key in front of it."""
    secret, token = token_of("push")
    backend = FakeBackend()
    backend.access_tokens = [token]
    async with face(backend, ManualClock(), beside=CHECKS) as server:
        for method in ("GET", "POST", "HEAD"):
            assert (await server.ask(method, f"/ping/{address}", token=secret)).status == 200
        assert told(server) == 3 * [ping]


async def test_a_body_is_kept_as_evidence_with_the_run_and_the_sender() -> None:
    """At most 10,000 characters, without control characters; the answer is healthchecks' own."""
    async with face(FakeBackend(), ManualClock(), beside=CHECKS) as server:
        answer = await server.ask("POST", f"/ping/{KEY}/backup/fail?rid=r1", "disk\x1b[31m full\n" + "x" * 20_000)
        (ping,) = server.backend.pings
    assert answer.text == "OK" and answer.headers["ping-body-limit"] == "10000"
    assert ping.text.startswith("disk full\nxxx") and len(ping.text) == 10_000
    assert ping.rid == "r1" and ping.by == "heartbeat key (http 127.0.0.1)"


async def test_who_may_ping() -> None:
    """Without a token: only by the check's own key, over the unix socket, or where [http] open says so; a key opens no other check."""
    reader, read = token_of("read")
    backend = FakeBackend()
    backend.access_tokens = [read]
    async with face(backend, ManualClock(), beside=CHECKS) as server:
        assert (await server.get("/ping/backup")).status == 401
        assert (await server.get("/ping/backup", token=reader)).status == 403
        assert (await server.get(f"/ping/{KEY}/sync/nightly")).status == 401
        assert (await server.get("/ping/other/backup")).status == 401
        assert (await server.get(f"/ping/{KEY}")).status == 401
        assert told(server) == []
        assert (await server.get("/ping/backup", unix=True)).status == 200
        assert (await server.get("/ping/api", unix=True)).status == 404
    async with face(FakeBackend(), ManualClock(), beside=CHECKS, open=["heartbeat"]) as server:
        assert (await server.get("/ping/backup")).status == 200
        assert (await server.get("/ping/nothing")).status == 404


async def test_keys_cannot_be_guessed_and_appear_nowhere() -> None:
    """After ten wrong ones the address waits a minute; what is told of a refusal hides what may be a key."""
    backend = FakeBackend()
    backend.access_tokens = [token_of("read")[1]]
    async with face(backend, ManualClock(), beside=CHECKS) as server:
        await server.get("/ping/guess-0/backup", token=token_of("read")[0])
        statuses = [(await server.get(f"/ping/guess-{number}/backup")).status for number in range(12)]
        assert statuses == [*10 * [401], 429, 429]
    assert "guess" not in repr(backend.commands) and "/ping/…" in repr(backend.commands)
