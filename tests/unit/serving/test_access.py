"""Who may do what over HTTP: tokens, the unix socket, open routes, Host names, other origins, and who asks too often."""

from __future__ import annotations

import base64
import os
from typing import Any

import pytest

from tests.support.board_backend import FakeBackend
from tests.support.clocks import ManualClock
from tests.support.http_face import Face, face, token_of
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.serving import HttpSettings
from tui_monitor.core.access_token import granted
from tui_monitor.core.commands import ReportRefusal, SendMessage
from tui_monitor.serving.access import BURST, address_of, host_allowed, peer_caller
from tui_monitor.serving.protocol import Peer

MESSAGE = {"title": "t", "message": "m"}


def backend(*scopes: str, **more: object) -> tuple[FakeBackend, str]:
    """A backend that knows one token of these scopes, and the token."""
    made_backend = FakeBackend()
    secret, stored = token_of(*scopes, **more)  # type: ignore[arg-type]
    made_backend.access_tokens.append(stored)
    return made_backend, secret


async def notify(server: Face, **more: Any) -> int:
    """The status of an act."""
    return (await server.ask("POST", "/api/notify", MESSAGE, **more)).status


async def test_without_a_token_nothing_is_done_over_tcp() -> None:
    """401 with the way to a token; whether the process lives is told to everybody."""
    async with face() as server:
        got = await server.ask("POST", "/api/notify", MESSAGE)
        assert got.status == 401 and "token add" in got.json["error"]["message"] and "Basic" in got.headers["www-authenticate"]
        assert (await server.get("/api/live")).status == 200 and server.backend.commands == []


@pytest.mark.parametrize(("scopes", "status"), [(("act",), 202), (("admin",), 202), (("read",), 403), (("push", "alerts"), 403)])
async def test_a_token_may_do_what_its_scopes_include(scopes: tuple[str, ...], status: int) -> None:
    """admin includes act, act includes read; what is missing is 403 and stands in the audit log."""
    known, secret = backend(*scopes)
    async with face(known) as server:
        assert await notify(server, token=secret) == status
        expected = SendMessage if status == 202 else ReportRefusal
        assert [type(command) for command in known.commands] == [expected]


async def test_a_token_is_the_password_of_basic_too() -> None:
    """Any user name will do: Grafana, Prometheus and browsers have Basic only."""
    known, secret = backend("act")
    async with face(known) as server:
        basic = base64.b64encode(f"grafana:{secret}".encode()).decode()
        assert await notify(server, authorization=f"Basic {basic}") == 202
        assert await notify(server, authorization="Basic ???") == 401
        assert (await server.ask("POST", f"/api/notify?token={secret}", MESSAGE)).status == 401, "a token in an address counts for nothing"


async def test_expired_and_revoked_tokens_open_nothing() -> None:
    """A token ends with its date; a revoked one within two seconds; a new one works at once."""
    clock = ManualClock()
    known, secret = backend("act", expires_at=clock.wall_ms() + 10_000)
    async with face(known, clock) as server:
        assert await notify(server, token=secret) == 202
        await clock.advance(11)
        assert await notify(server, token=secret) == 401
        other, stored = token_of("act", name="other")
        known.access_tokens[:] = [stored]
        assert await notify(server, token=other) == 202
        known.access_tokens.clear()
        await clock.advance(2.1)
        assert await notify(server, token=other) == 401


async def test_wrong_tokens_close_the_door_for_a_minute() -> None:
    """After ten wrong tokens an address waits, also with a right one; one line in the audit log says so."""
    clock = ManualClock()
    known, secret = backend("act")
    async with face(known, clock) as server:
        assert [await notify(server, token="tm_wrong") for _ in range(11)] == [401] * 10 + [429]
        got = await server.ask("POST", "/api/notify", MESSAGE, token=secret)
        assert got.status == 429 and int(got.headers["retry-after"]) == 60
        assert [type(command) for command in known.commands] == [ReportRefusal]
        await clock.advance(61)
        assert await notify(server, token=secret) == 202


async def test_who_asks_too_often_waits() -> None:
    """A burst of 60, then 20 a second; others are not held up."""
    clock = ManualClock()
    known, secret = backend("act")
    _, second = token_of("act", name="second")
    known.access_tokens.append(second)
    async with face(known, clock) as server:
        answers = [await notify(server, token=secret) for _ in range(int(BURST) + 1)]
        assert answers == [202] * int(BURST) + [429]
        assert await notify(server, token="tm_second_act") == 202
        await clock.advance(0.1)
        assert [await notify(server, token=secret) for _ in range(3)] == [202, 202, 429]


async def test_the_socket_knows_its_users() -> None:
    """Over the unix socket the user of the process acts under his name, without a token and without a Host name."""
    async with face() as server:
        assert await notify(server, unix=True, host="whatever") == 202
        assert os.stat(server.socket).st_mode & 0o777 == 0o666


def test_groups_decide_what_a_user_of_the_socket_may() -> None:
    """Root and the state's owner may everything; others what the groups say; a stranger nothing."""
    settings = made(HttpSettings, {"groups": {"read": ["users"], "act": ["adm"], "admin": ["root"]}})
    everything = granted(("admin", "push", "alerts"))
    assert peer_caller(Peer(0, ()), settings, 1000).scopes == everything == peer_caller(Peer(1000, ()), settings, 1000).scopes
    assert peer_caller(Peer(4242, (100,)), settings, 1000).scopes == {"read"}
    assert peer_caller(Peer(4242, (4,)), settings, 1000).scopes == {"read", "act"}
    assert peer_caller(Peer(4242, (99_999,)), settings, 1000).scopes == frozenset()
    assert peer_caller(Peer(4242, ()), settings, 1000).name == "uid 4242"


async def test_open_routes_need_no_token() -> None:
    """`open` lets TCP in where it says so, and only there."""
    async with face(open=["read"]) as server:
        assert await notify(server) == 401


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost:9464", True), ("127.0.0.1", True), ("[::1]:9464", True), ("WEB-1:80", True), ("monitor.example.com", True),
        ("evil.example", False), ("localhost.evil.example", False), ("", False), ("127.0.0.1.evil.example:9464", False),
    ],
)  # fmt: skip
def test_only_own_host_names_are_served(host: str, allowed: bool) -> None:
    """A page that had its name pointed here (DNS rebinding) reads nothing."""
    settings = made(HttpSettings, {"allowed_hosts": ["monitor.example.com"]})
    assert host_allowed(host, settings, "web-1") is allowed


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "null"}]
)
async def test_a_page_of_another_origin_does_not_act(headers: dict[str, str]) -> None:
    """A browser sends its credentials along with any page's request: the origin decides."""
    known, secret = backend("act")
    async with face(known) as server:
        assert await notify(server, token=secret, **headers) == 403
        assert await notify(server, token=secret, origin=f"http://127.0.0.1:{server.port}", sec_fetch_site="same-origin") == 202


async def test_answers_forbid_what_pages_could_do_with_them() -> None:
    """No sniffing, no framing, no referrer, no CORS header, no server name, no cache."""
    async with face() as server:
        got = (await server.get("/api/live", origin="https://evil.example")).headers
        assert (got["x-content-type-options"], got["x-frame-options"], got["referrer-policy"]) == ("nosniff", "DENY", "no-referrer")
        assert got["cache-control"] == "no-store" and not [name for name in got if name.startswith("access-control") or name == "server"]


async def test_errors_say_what_is_possible() -> None:
    """404 and 405 in the shape of their family; HEAD is answered without a body."""
    async with face() as server:
        wrong = await server.ask("DELETE", "/api/live")
        assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD")
        assert (await server.get("/api/nothing")).json["error"]["code"] == "not_found"
        assert (await server.get("/api/v1/nothing")).json["status"] == "error"
        head = await server.ask("HEAD", "/api/live")
        assert (head.status, head.body) == (200, b"")


def test_forwarded_addresses_count_from_trusted_proxies_only() -> None:
    """Whoever is not a trusted proxy cannot choose the address that the audit log shows."""
    settings = made(HttpSettings, {"trusted_proxies": ["10.0.0.1", "10.0.0.2"]})
    assert address_of("192.0.2.9", "203.0.113.1", settings) == "192.0.2.9"
    assert address_of("10.0.0.1", "203.0.113.7, 203.0.113.1, 10.0.0.2", settings) == "203.0.113.1"
    assert address_of("10.0.0.1", "", settings) == "10.0.0.1"


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        ({"listen": "0.0.0.0:9464"}, "reachable from other machines"),
        ({"listen": "[::]:9464"}, "reachable from other machines"),
        ({"listen": "9464"}, "is not host:port"),
        ({"listen": "", "socket": False}, "nothing would listen"),
        ({"tls_cert": "/x.pem"}, "belong together"),
    ],
)
def test_dangerous_addresses_are_refused(keys: dict[str, object], part: str) -> None:
    """Another address than loopback needs TLS, or a person who says that it is meant so."""
    with pytest.raises(ConfigurationError, match=part):
        made(HttpSettings, keys)
    assert made(HttpSettings, {"listen": "0.0.0.0:9464", "insecure": True}).insecure
