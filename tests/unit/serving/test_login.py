"""The login of a browser: a link works once, becomes a session, and acting needs the form token."""

from __future__ import annotations

import asyncio

from tests.support.board_backend import FakeBackend
from tests.support.clocks import ManualClock
from tests.support.http_face import Answer, Face, face
from tui_monitor.core.access_token import LINK_MS, SESSION_MS, AccessToken, digest_of
from tui_monitor.core.commands import AddToken, Command, CommandResult, RevokeToken
from tui_monitor.serving.access import COOKIE, Caller
from tui_monitor.serving.form_token import FormTokens


class Keeping(FakeBackend):
    """A backend that keeps the tokens of commands."""

    async def command(self, command: Command, by: str = "") -> CommandResult:
        if isinstance(command, AddToken):
            self.access_tokens.append(AccessToken(command.name, command.scopes, command.digest, by, 0, command.expires_at, command.kind))
        if isinstance(command, RevokeToken):
            before = len(self.access_tokens)
            self.access_tokens = [one for one in self.access_tokens if one.name != command.name]
            if len(self.access_tokens) == before:
                return CommandResult(False, "there is no such token")
        return await super().command(command, by)


def with_link(clock: ManualClock, *scopes: str) -> Keeping:
    """A backend with the link "tm_secret"."""
    backend = Keeping()
    backend.access_tokens = [AccessToken("link 1", scopes or ("act",), digest_of("tm_secret"), "kim", 0, clock.wall_ms() + LINK_MS, "link")]
    return backend


def cookie_of(answer: Answer) -> str:
    """The cookie that an answer sets."""
    return answer.headers["set-cookie"].partition(";")[0]


async def signed_in(server: Face) -> str:
    """The cookie of a session."""
    return cookie_of(await server.get("/login/tm_secret"))


async def test_a_link_becomes_a_session_once() -> None:
    """The cookie is out of reach of scripts and other sites; the secret of the link is in no answer; the second use is refused."""
    clock = ManualClock()
    backend = with_link(clock)
    async with face(backend, clock) as server:
        assert (await server.ask("HEAD", "/login/tm_secret")).status == 204, "a preview does not spend it"
        first = await server.get("/login/tm_secret")
        assert first.status == 200 and b"tm_secret" not in first.body and first.headers["cache-control"] == "no-store"
        assert first.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
        assert "default-src 'none'" in first.headers["content-security-policy"]
        assert (await server.get("/login/tm_secret")).status == 403
        assert (await server.get("/api/alerts", cookie=cookie_of(first))).status == 200
    [session] = backend.access_tokens
    assert (session.kind, session.scopes, session.expires_at) == ("session", ("act",), clock.wall_ms() + SESSION_MS)
    assert session.name.startswith("kim (browser ")


async def test_two_browsers_cannot_share_a_link() -> None:
    """Of ten at the same moment one is signed in."""
    clock = ManualClock()
    async with face(with_link(clock), clock) as server:
        answers = await asyncio.gather(*(server.get("/login/tm_secret") for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200, *[403] * 9]


async def test_a_link_ends_after_five_minutes_and_is_no_token() -> None:
    """Nor does it open anything as a bearer token or a cookie."""
    clock = ManualClock()
    async with face(with_link(clock), clock) as server:
        assert (await server.get("/api/alerts", token="tm_secret")).status == 401
        assert (await server.get("/api/alerts", cookie=f"{COOKIE}=tm_secret")).status == 401
        assert (await server.get("/login/tm_other")).status == 403
        await clock.advance(LINK_MS / 1000)
        assert (await server.get("/login/tm_secret")).status == 403


async def test_acting_by_cookie_needs_the_form_token() -> None:
    """Neither another site's page nor a request without the token acts; the session's secret as a bearer token is none."""
    clock = ManualClock()
    backend = with_link(clock)
    async with face(backend, clock) as server:
        cookie = await signed_in(server)
        body = {"title": "T", "message": "M"}
        assert (await server.ask("POST", "/api/notify", body, cookie=cookie)).status == 403
        assert (await server.ask("POST", "/api/notify", body, cookie=cookie, x_form_token="0" * 64)).status == 403
        session = backend.access_tokens[0]
        app = server.service._app
        assert app is not None
        token = app.shared.one(FormTokens).of(Caller(session.name, token=session.digest))
        assert (await server.ask("POST", "/api/notify", body, cookie=cookie, x_form_token=token)).status == 202
        cross = await server.ask("POST", "/api/notify", body, cookie=cookie, x_form_token=token, origin="http://evil.example")
        assert cross.status == 403
        assert (await server.get("/api/alerts", token=cookie.partition("=")[2])).status == 401


async def test_a_session_ends_by_logout_and_by_time() -> None:
    """After it the cookie opens nothing."""
    clock = ManualClock()
    backend = with_link(clock, "read")
    async with face(backend, clock) as server:
        cookie = await signed_in(server)
        assert (await server.ask("POST", "/api/notify", {"title": "T", "message": "M"}, cookie=cookie)).status == 403
        app = server.service._app
        assert app is not None
        session = backend.access_tokens[0]
        token = app.shared.one(FormTokens).of(Caller(session.name, token=session.digest))
        out = await server.ask("POST", "/logout", cookie=cookie, x_form_token=token)
        assert out.status == 200 and "Max-Age=0" in out.headers["set-cookie"]
        await clock.advance(5)
        assert (await server.get("/api/alerts", cookie=cookie)).status == 401


async def test_links_are_not_tried_without_limit() -> None:
    """Beyond sixty at once an address waits."""
    async with face(Keeping(), ManualClock()) as server:
        answers = [(await server.get(f"/login/tm_{n}")).status for n in range(61)]
    assert answers[:60] == [403] * 60 and answers[60] == 429
