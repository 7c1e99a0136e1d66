"""The web page over HTTP: what it shows, what it escapes, who may act, in which language."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tests.support.http_face import Answer, Face, face, token_of
from tui_monitor.board.values import Board
from tui_monitor.core.commands import Acknowledge, Resolve, Unacknowledge
from tui_monitor.serving.access import COOKIE

PAGES = ("/", "/checks/shop", "/alerts/a00001", "/history", "/?span=24h", "/checks/db?span=30d")
VOID = {"meta", "link", "input", "br", "img"}


class Markup(HTMLParser):
    """Checks that elements are closed in order; collects tags, ids and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def with_session(backend: FakeBackend, *scopes: str) -> str:
    """The cookie of a session with these scopes."""
    secret, token = token_of(*scopes, name="kim", kind="session")
    backend.access_tokens.append(token)
    return f"{COOKIE}={secret}"


async def html(server: Face, path: str, **headers: str) -> tuple[Answer, Markup]:
    answer = await server.get(path, accept="text/html", **headers)
    return answer, Markup(answer.text)


@pytest.mark.parametrize("path", PAGES)
async def test_pages_are_well_formed_and_run_nothing_but_their_own_text(path: str) -> None:
    """Elements close in order, ids are unique, style and script have the hashes of the policy, nothing is loaded from elsewhere."""
    async with face(open=["read"]) as server:
        answer, page = await html(server, path)
    assert answer.status == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    idents = [given["id"] for _, given in page.tags if given.get("id")]
    assert len(idents) == len(set(idents))
    policy = answer.headers["content-security-policy"]
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert not [
        given for _, given in page.tags if given.keys() & {"style", "onclick", "src"} or (given.get("href") or "").startswith("http:")
    ]
    assert page.all("html") == [{"lang": "en"}] and len(page.all("h1")) == 1 and page.all("main")


async def test_a_page_says_what_is_wrong_since_when_and_who_was_told() -> None:
    """The verdict names the services, the reasons, the failed delivery; the title counts."""
    async with face(open=["read"]) as server:
        answer, page = await html(server, "/")
    assert "<title>✗2 ▲2 · web-1</title>" in answer.text
    for said in (
        "shop and backup are down",
        "HTTP 500, wanted 200-299",
        "ops-mail could not be told: 550 no such user",
        "1 muted",
        "down",
        "degraded",
    ):
        assert said in page.text
    assert "refresh" in answer.text and "Acknowledge" not in page.text


def evil() -> Board:
    """A board whose every text from outside attacks the markup."""
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'
    board = boards.busy()
    checks = tuple(
        replace(check, name=attack + str(number), reason=attack, target=attack, facts={attack: attack})
        for number, check in enumerate(board.checks)
    )
    annotations = {"summary": attack, "description": attack, "runbook_url": "javascript:alert(1)"}
    alerts = tuple(
        replace(
            alert, summary=attack, name=attack, labels={"check": attack, attack: attack}, annotations=annotations, acknowledged_by=attack
        )
        for alert in board.alerts
    )
    return replace(board, host=attack, checks=checks, alerts=alerts, trouble=(attack,), resources=replace(board.resources, error=attack))


BOARDS = {"evil": evil(), **{kind: getattr(boards, kind)() for kind in ("hostile", "korean", "empty", "broken", "quiet", "loading")}}


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
async def test_texts_from_outside_are_text(board: Board) -> None:
    """Markup, control characters and template syntax in names, reasons and labels stay text, in every page, feed and badge."""
    backend = FakeBackend()
    backend.example = board
    names = [quote(check.name.encode("utf-8", "replace"), safe="") for check in board.checks[:2]]
    async with face(backend, open=["read"]) as server:
        for path in ("/", "/history", *(f"/checks/{name}" for name in names), *(f"/alerts/{alert.id}" for alert in board.alerts[:1])):
            answer, page = await html(server, path)
            assert answer.status == 200, path
            assert len(page.all("script")) == 1 and not page.all("img") and "49" not in re.findall(r"\{\{.*?\}\}", answer.text)
            assert "javascript:" not in {(link.get("href") or "")[:11] for link in page.all("a")}
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", answer.text)
        for path in ("/feed.xml", *(f"/badge/{name}.svg" for name in names)):
            answer = await server.get(path)
            assert answer.status == 200 and b"<script" not in answer.body and b"\x1b" not in answer.body


# --- acting ----------------------------------------------------------------------------------------------------------------------


async def form_token(server: Face, cookie: str) -> str:
    token, *_ = re.findall(r'name="form_token" value="([0-9a-f]+)"', (await server.get("/", cookie=cookie)).text)
    return str(token)


async def post(server: Face, path: str, cookie: str, token: str, *, back: str = "/", **headers: Any) -> Answer:
    body = f"form_token={token}&note=on+it&back={quote(back, safe='')}"
    return await server.ask("POST", path, body, cookie=cookie, content_type="application/x-www-form-urlencoded", **headers)


async def test_a_session_with_the_scope_act_acknowledges_by_a_form() -> None:
    """The form's button is there only for who may act; the command has the note, and the page is shown again."""
    backend = FakeBackend()
    acting, reading = with_session(backend, "act"), with_session(backend, "read")
    async with face(backend) as server:
        assert "formaction" not in (await server.get("/", cookie=reading)).text
        token = await form_token(server, acting)
        answer = await post(server, "/alerts/a00001/ack", acting, token, back="/?span=24h")
        assert (answer.status, answer.headers["location"]) == (303, "/?span=24h")
        assert (await post(server, "/alerts/a00002/unack", acting, token)).status == 303
        assert (await post(server, "/alerts/a00003/resolve", acting, token)).status == 303
    assert backend.commands == [Acknowledge(("a00001",), note="on it"), Unacknowledge(("a00002",)), Resolve(("a00003",), note="on it")]


async def test_a_form_of_another_page_does_nothing() -> None:
    """Without the page's own token, with another caller's, from another origin or without the scope nothing is done."""
    backend = FakeBackend()
    acting, reading = with_session(backend, "act"), with_session(backend, "read")
    async with face(backend, open=["read"]) as server:
        token = await form_token(server, acting)
        assert (await post(server, "/alerts/a00001/ack", acting, "")).status == 403
        assert (await post(server, "/alerts/a00001/ack", acting, "0" * 64)).status == 403
        assert (await post(server, "/alerts/a00001/ack", reading, token)).status == 403
        assert (await post(server, "/alerts/a00001/ack", "", token)).status == 401
        assert (await post(server, "/alerts/a00001/ack", acting, token, origin="http://other.example")).status == 403
        assert (await post(server, "/alerts/a00001/ack", acting, token, sec_fetch_site="cross-site")).status == 403
        assert (await server.get("/alerts/a00001/ack", cookie=acting)).status == 405
    assert not [command for command in backend.commands if isinstance(command, Acknowledge)]


async def test_a_cookie_alone_does_not_act_in_the_api() -> None:
    """A request of a session needs the form token in a header; a token's request does not."""
    backend = FakeBackend()
    cookie, (secret, token) = with_session(backend, "act"), token_of("act", name="script")
    backend.access_tokens.append(token)
    message = {"title": "t", "message": "m"}
    async with face(backend) as server:
        assert (await server.ask("POST", "/api/notify", message, cookie=cookie)).status == 403
        assert (
            await server.ask("POST", "/api/notify", message, cookie=cookie, x_form_token=await form_token(server, cookie))
        ).status == 202
        assert (await server.ask("POST", "/api/notify", message, token=secret)).status == 202


@pytest.mark.parametrize("back", ["//other.example", "/\\other.example", "http://other.example/", "javascript:alert(1)", ""])
async def test_after_acting_only_a_page_of_ours_is_shown(back: str) -> None:
    """An address elsewhere is replaced by the alert's own page."""
    backend = FakeBackend()
    cookie = with_session(backend, "act")
    async with face(backend) as server:
        answer = await post(server, "/alerts/a00001/ack", cookie, await form_token(server, cookie), back=back)
    assert answer.headers["location"] == "/alerts/a00001"


async def test_a_refused_command_says_why() -> None:
    """As a page, with the reason and a status of its own."""
    backend = FakeBackend()
    cookie = with_session(backend, "act")
    backend.refuse = "that alert has ended"
    async with face(backend) as server:
        token = await form_token(server, cookie)
        body = f"form_token={token}"
        answer = await server.ask(
            "POST", "/alerts/a00001/ack", body, cookie=cookie, accept="text/html", content_type="application/x-www-form-urlencoded"
        )
    assert answer.status == 409 and "that alert has ended" in answer.text and "<!doctype html>" in answer.text


# --- languages, errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("ko", "ko"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("fr, en;q=0.5, ko;q=0.4", "en"),
        ("en;q=0,ko;q=0.1", "ko"),
        ("xx;q=zz,,;", "en"),
    ],
)
async def test_a_page_speaks_the_readers_language(accepted: str, language: str) -> None:
    """Accept-Language decides where it names Korean or English, else the configuration."""
    async with face(open=["read"]) as server:
        answer, page = await html(server, "/", accept_language=accepted)
    assert page.all("html") == [{"lang": language}] and answer.headers["content-language"] == language
    assert ("서비스" in page.text) == (language == "ko")


@pytest.mark.parametrize("path", ["/checks/nothing", "/alerts/zzz", "/alerts/" + "a" * 300, "/nothing", "/status", "/badge/nothing.svg"])
async def test_what_is_not_there_is_a_page_for_browsers_and_a_line_for_programs(path: str) -> None:
    """404 with a way back; without text/html in Accept a short text."""
    async with face(open=["read", "status_page"]) as server:
        answer, page = await html(server, path)
        assert answer.status == 404 and [link["href"] for link in page.all("a") if link["href"] == "/"] and not page.all("script")
        assert len((await server.get(path)).body) < 60


async def test_without_a_right_the_page_says_how_to_get_in() -> None:
    """401 asks for a token as password and names the command that prints a link."""
    async with face() as server:
        answer, page = await html(server, "/", accept_language="ko")
    assert answer.status == 401 and answer.headers["www-authenticate"].startswith("Basic") and "tui-monitor web" in page.text


async def test_names_of_any_shape_have_a_page() -> None:
    """Slashes, question marks and Korean letters in a check's name lead to its page from the overview."""
    backend = FakeBackend()
    names = ("a/b?c#d%2F", "결제 서버", "x.svg")
    backend.example = replace(
        backend.example, checks=tuple(replace(check, name=name) for check, name in zip(backend.example.checks, names, strict=False))
    )
    async with face(backend, open=["read"]) as server:
        _, page = await html(server, "/")
        links = [link["href"] or "" for link in page.all("a") if (link["href"] or "").startswith("/checks/")]
        assert len(links) == len(names)
        for link in links:
            assert (await server.get(link)).status == 200, link


async def test_a_session_signs_out_by_a_form() -> None:
    """The button is there for sessions only, also without the right to act; without the form's token nothing happens."""
    backend = FakeBackend()
    reading, (secret, token) = with_session(backend, "read"), token_of("act", name="script")
    backend.access_tokens.append(token)
    async with face(backend) as server:
        assert "/logout" not in (await server.get("/", token=secret)).text
        _, page = await html(server, "/", cookie=reading)
        assert "Sign out" in page.text and "formaction" not in str(page.tags)
        form = "application/x-www-form-urlencoded"
        assert (await server.ask("POST", "/logout", "form_token=wrong", cookie=reading, content_type=form)).status == 403
        body = f"form_token={await form_token(server, reading)}"
        answer = await server.ask("POST", "/logout", body, cookie=reading, content_type=form)
    assert answer.status == 200 and "Max-Age=0" in answer.headers["set-cookie"]
