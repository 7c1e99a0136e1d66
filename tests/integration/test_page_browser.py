"""The page in a real browser: axe-core, narrow screens, live updates, acknowledging, without scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from tests.support.board_backend import FakeBackend
from tests.support.http_face import Face, face, token_of
from tests.support.peers.chromium import Browser
from tests.support.role_backend import RoleBackend
from tests.unit.serving.test_page_screens import every_kind
from tui_monitor.core.commands import Acknowledge
from tui_monitor.core.values import HealthStatus
from tui_monitor.serving.access import COOKIE

T = TypeVar("T")
PUBLIC = {"show": ["shop", "infrastructure"]}
PAGES = ("/", "/checks/shop", "/alerts/a00001", "/history", "/status", "/nothing")


async def aside(work: Callable[..., T], *given: Any, **named: Any) -> T:
    """A call of the browser in a thread: the server answers meanwhile on this loop."""
    return await asyncio.to_thread(work, *given, **named)


def session(backend: FakeBackend, *scopes: str) -> list[dict[str, str]]:
    """The cookie of a session."""
    secret, token = token_of(*scopes, name="kim", kind="session")
    backend.access_tokens.append(token)
    return [{"name": COOKIE, "value": secret}]


def address(server: Face, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser_peer: Browser, scheme: str, language: str) -> None:
    """No page violates a rule of axe-core, in light and dark, wide and narrow, with forms, in both languages."""
    backend = FakeBackend()
    cookies = session(backend, "act")
    async with face(backend, status_page=PUBLIC) as server:
        for path in PAGES:
            for width in (1440, 390):
                await aside(
                    browser_peer.open, address(server, path), width=width, scheme=scheme, language=language, cookies=cookies, policy=False
                )
                assert await aside(browser_peer.violations) == [], f"{path} {width} {scheme}"


@pytest.mark.parametrize("kind", ["busy", "hostile", "korean", "empty", "broken", "quiet"])
async def test_nothing_is_wider_than_a_phone(browser_peer: Browser, kind: str) -> None:
    """At 320, 390 and 820 pixels no page scrolls sideways, and the policy and the script report no errors."""
    backend = FakeBackend(kind)
    cookies = session(backend, "act")
    async with face(backend, status_page=PUBLIC) as server:
        for path in ("/", "/history", "/status", *(f"/alerts/{alert.id}" for alert in backend.example.alerts[:1])):
            for width in (320, 390, 820):
                await aside(browser_peer.open, address(server, path), width=width, cookies=cookies)
                assert await aside(browser_peer.run, "document.documentElement.scrollWidth - innerWidth") <= 0, f"{path} at {width}"
                assert await aside(browser_peer.problems) == []


async def test_a_page_follows_the_board(browser_peer: Browser) -> None:
    """A check fails: verdict, row, title and icon change without a reload; an opened list stays open."""
    backend = FakeBackend()
    async with face(backend, open=["read"]) as server:
        await aside(browser_peer.open, address(server, "/"))
        await aside(browser_peer.run, "window.same = true; document.querySelector('details').open = true")
        icon = await aside(browser_peer.run, "document.querySelector('link[rel=icon]').href")
        checks = tuple(replace(check, status=HealthStatus.HEALTHY, reason="") for check in backend.example.checks)
        backend.example = replace(backend.example, at=backend.example.at + 5000, checks=checks, alerts=backend.example.alerts[:12])
        backend.push(backend.example)
        assert await aside(browser_peer.wait, "!document.title.includes('✗') && document.title") == "web-1"
        assert await aside(browser_peer.run, "document.querySelector('#verdict').className") == "verdict bad", "its alerts still fire"
        backend.example = replace(backend.example, at=backend.example.at + 5000, alerts=())
        backend.push(backend.example)
        assert "healthy" in await aside(
            browser_peer.wait, "document.querySelector('#verdict.ok') && document.querySelector('#verdict').textContent"
        )
        assert await aside(browser_peer.run, "document.querySelector('link[rel=icon]').href") != icon
        assert await aside(browser_peer.run, "document.querySelectorAll('.services .word.ok').length") == len(checks)
        assert await aside(browser_peer.run, "document.querySelector('#say').textContent") == "Everything is healthy"
        assert await aside(browser_peer.run, "window.same") is True, "it was not loaded anew"
        assert await aside(browser_peer.problems) == []


@pytest.mark.parametrize("script", [True, False])
async def test_acknowledging_with_a_note(browser_peer: Browser, script: bool) -> None:
    """By the form of the alert's page, with and without scripts: the command has the note, and the same page follows."""
    backend = FakeBackend()
    cookies = session(backend, "act")
    async with face(backend) as server:
        await aside(browser_peer.open, address(server, "/alerts/a00001"), cookies=cookies, script=script)
        await aside(browser_peer.type, "input[name=note]", "rolling back")
        assert await aside(browser_peer.follow, "button[formaction$='/ack']") == "/alerts/a00001"
        await aside(browser_peer.open, address(server, "/"), cookies=cookies, script=script)
        assert await aside(browser_peer.follow, "button[formaction='/alerts/a00002/ack']") == "/"
    assert backend.commands == [Acknowledge(("a00001",), note="rolling back"), Acknowledge(("a00002",))]


async def test_what_is_typed_survives_updates(browser_peer: Browser) -> None:
    """A note that is being written stays while the page around it changes, and so does the focus."""
    backend = FakeBackend()
    cookies = session(backend, "act")
    async with face(backend) as server:
        await aside(browser_peer.open, address(server, "/alerts/a00001"), cookies=cookies)
        await aside(browser_peer.type, "input[name=note]", "half a sen")
        first, *rest = backend.example.alerts
        backend.example = replace(backend.example, at=backend.example.at + 60_000, alerts=(replace(first, summary="shop: HTTP 502"), *rest))
        backend.push(backend.example)
        await aside(browser_peer.wait, "document.querySelector('#verdict').textContent.includes('502')")
        assert await aside(browser_peer.run, "document.activeElement.value") == "half a sen"


async def test_without_scripts_the_page_loads_itself_anew(browser_peer: Browser) -> None:
    """A refresh each half minute stands in for the stream, and everything is there at once."""
    async with face(open=["read"]) as server:
        await aside(browser_peer.open, address(server, "/"), script=False)
        text = await aside(browser_peer.run, "document.body.innerText")
    assert "shop and backup are down" in text and "%" in text


@pytest.mark.parametrize(("scheme", "language", "width"), [("light", "en", 1440), ("dark", "ko", 390)])
async def test_screens_by_role(browser_peer: Browser, scheme: str, language: str, width: int) -> None:
    """axe-core finds nothing in a panel of each kind, and nothing is wider than the window."""
    backend = RoleBackend("shop", language=language)
    backend.role_screens.append(every_kind())
    async with face(backend, open=["read"]) as server:
        for path in ("/screens", "/screens/all%20kinds"):
            await aside(browser_peer.open, address(server, path), width=width, scheme=scheme, language=language, policy=False)
            assert await aside(browser_peer.violations) == [], path
            assert await aside(browser_peer.run, "document.documentElement.scrollWidth - innerWidth") <= 0, path
            assert await aside(browser_peer.problems) == []


async def test_a_screen_follows_the_board_and_needs_no_scripts(browser_peer: Browser) -> None:
    """The figure is there without scripts; with them it changes without a reload, within the page's policy."""
    backend = RoleBackend("shop")
    async with face(backend, open=["read"]) as server:
        await aside(browser_peer.open, address(server, "/screens/management"), script=False)
        before = await aside(browser_peer.run, "document.querySelector('#panel-0 .figure').textContent")
        await aside(browser_peer.open, address(server, "/screens/management"))
        await aside(browser_peer.run, "window.same = true")
        backend.example = replace(backend.example, at=backend.example.at + 6 * 3_600_000)
        backend.push(backend.example)
        changed = f"document.querySelector('#panel-0 .figure').textContent !== {before!r}"
        assert await aside(browser_peer.wait, changed) and await aside(browser_peer.run, "window.same") is True
        assert await aside(browser_peer.problems) == []
