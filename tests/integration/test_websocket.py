"""The WebSocket kind against the servers that all tests share, over TLS, and in the real daemon."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import serve

from tests.support.peers.certificates import certificate_files
from tests.support.processes import installation, until
from tests.support.settings import made
from tui_monitor.core.values import METRIC_NAME, HealthStatus, ProbeResult, label
from tui_monitor.sources.websocket.feed import WebSocketFeed
from tui_monitor.sources.websocket.settings import WebSocketCheck

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus


@contextlib.asynccontextmanager
async def running(url: str, **keys: Any) -> AsyncIterator[WebSocketFeed]:
    """A feed that runs."""
    feed = WebSocketFeed(made(WebSocketCheck, {"name": "feed", "url": url, **keys}))
    task = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def found(result: ProbeResult) -> dict[str, float]:
    """The values by name."""
    return {label(labels, METRIC_NAME): value for labels, value in result.samples}


@pytest.mark.parametrize(
    ("path", "keys", "reason"),
    [
        ("/", {"send": ["hello"]}, ""),
        ("/hello", {"expect_json": {"hello": "world"}}, ""),
        ("/hello", {"expect_json": {"hello": "you"}}, 'sent a message in which $.hello is "world", not "you"'),
        ("/silent", {"max_age": "50ms"}, "no message since it connected"),
        ("/close/1013", {}, 'closed the connection: 1013 (try again later), "as asked"'),
        ("/large/200000", {"max_message": "64KiB"}, "sends a message larger than max_message = 64KiB"),
        ("/large/200000", {"max_message": "256KiB"}, ""),
    ],
)
async def test_what_the_server_does(websocket_url: str, path: str, keys: dict[str, Any], reason: str) -> None:
    """Echo, greeting, silence, a close code, a large message (which is compressed where one offers that: never here)."""
    async with running(websocket_url + path, **keys) as feed, asyncio.timeout(10):
        while True:
            result = await feed.probe()
            if (reason and reason in result.reason) or (not reason and found(result)["websocket_messages_total"] == 1):
                break
            await asyncio.sleep(0.01)
    assert result.status is (UNHEALTHY if reason else HEALTHY)


async def test_tls(tmp_path: Path) -> None:
    """The certificate is verified and its end is a series; one that nobody trusts is the target's fault."""
    files = certificate_files(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)
    async with serve(lambda connection: connection.wait_closed(), "127.0.0.1", 0, ssl=context) as server:
        url = f"wss://localhost:{server.sockets[0].getsockname()[1]}"
        async with running(url, ca_file=files.ca, tls_expiry_warning="0s") as feed:
            well = await feed.probe()
        async with running(url) as feed:
            untrusted = await feed.probe()
    assert well.status is HEALTHY and found(well)["probe_ssl_earliest_cert_expiry"] > 0, well
    assert untrusted.status is UNHEALTHY and "certificate" in untrusted.reason


CONFIG = """
default_rules = ["CheckUnhealthy"]
[[checks]]
name = "feed"
type = "websocket"
url = "{url}/"
send = "tick"
max_age = "1h"
interval = "200ms"
"""


async def test_in_the_daemon(tmp_path: Path, websocket_url: str) -> None:
    """`check` answers from the running monitor; the series have history."""
    with installation(tmp_path / "place") as where:
        where.configure(CONFIG.format(url=websocket_url))
        offline = json.loads(where.run("check", "feed", "--json").stdout)[0]
        assert offline["status"] == "unknown" and "running monitor" in offline["reason"]
        daemon = await where.start()
        await until(lambda: json.loads(where.run("check", "feed", "--json").stdout)[0]["status"] == "healthy")

        def messages() -> list[Any]:
            done = where.run("query", "websocket_messages_total", "--json")
            return list(json.loads(done.stdout)["data"]["result"])

        await until(lambda: [row["value"][1] for row in messages()] == ["1"])
        assert await daemon.terminate() == 0
