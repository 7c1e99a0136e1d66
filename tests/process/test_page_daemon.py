"""The page of the real daemon in a real browser: live, acknowledged, and connected again after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support.httpserver import HttpServer
from tests.support.peers.chromium import Browser
from tests.support.processes import Installation, installation
from tests.support.servers import free_port

T = TypeVar("T")
CONFIG = """
host = "web-1"
[http]
listen = "127.0.0.1:{port}"
[[checks]]
name = "shop"
type = "http"
url = "{url}"
interval = "0.2s"
failures = 1
retry_interval = "0.2s"
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "place") as made:
        yield made


async def aside(work: Callable[..., T], *given: Any, **named: Any) -> T:
    return await asyncio.to_thread(work, *given, **named)


def link_of(place: Installation) -> str:
    """The link that `web` prints."""
    printed = place.run("web")
    assert printed.returncode == 0, printed.stderr
    return next(word for word in printed.stdout.split() if word.startswith("http://"))


async def test_a_failing_check_appears_is_acknowledged_and_survives_a_restart(place: Installation, browser_peer: Browser) -> None:
    """Signed in by the link of `web`, the open page shows the outage, and its form acknowledges it.

    A restart shows "connection lost" and then the present again, with a form token that works; the audit names the session. Nothing
    is loaded by hand in between.
    """
    port = free_port()
    async with HttpServer() as target:
        place.configure(CONFIG.format(port=port, url=target.url + "/"))
        daemon = await place.start()
        await daemon.leads()
        await aside(browser_peer.open, link_of(place))
        await aside(browser_peer.wait, "location.pathname === '/'")
        await aside(browser_peer.wait, "document.querySelector('#verdict.ok') && document.querySelector('.services .word.ok')")
        await aside(browser_peer.run, "window.same = true")
        target.behave(status=500)
        said = await aside(browser_peer.wait, "document.querySelector('#verdict.bad') && document.querySelector('#verdict').textContent")
        assert "shop is down" in said and "500" in said
        await aside(browser_peer.wait, "document.querySelector('.services .strip path.bad')")
        assert await aside(browser_peer.run, "window.same") is True, "all of it without loading anew"
        assert await aside(browser_peer.follow, "button[formaction$='/ack']") == "/"
        await aside(browser_peer.wait, "document.querySelector('#incidents').textContent.includes('has acknowledged')")
        assert "(http 127.0.0.1)" in place.run("audit").stdout
        assert await daemon.terminate() == 0
        await aside(browser_peer.wait, "document.documentElement.classList.contains('stale')")
        assert "Connection lost" in await aside(browser_peer.run, "document.querySelector('#say').textContent")
        before = await aside(browser_peer.run, "document.querySelector('input[name=form_token]').value")
        daemon = await place.start()
        await aside(browser_peer.wait, "!document.documentElement.classList.contains('stale')")
        assert await aside(browser_peer.run, "document.querySelector('input[name=form_token]').value") != before
        link = "#incidents a[href^='/alerts/']"
        await aside(browser_peer.wait, f'document.querySelector("{link}")')
        path = await aside(browser_peer.follow, link)
        assert await aside(browser_peer.follow, "button[formaction$='/unack']") == path
        await aside(browser_peer.wait, "document.querySelector('button[formaction$=\"/ack\"]')")
        assert await daemon.terminate() == 0
