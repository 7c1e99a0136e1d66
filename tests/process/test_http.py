"""The HTTP interface of the real daemon: tokens by command, restart, kill -9, the end with a request under way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.http_face import Answer
from tests.support.processes import Installation, eventually, installation, until
from tests.support.servers import free_port

CONFIG = """
host = "web-1"
default_rules = false
[http]
listen = "127.0.0.1:{port}"
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "place") as made:
        yield made


async def ask(port: int, request: str) -> Answer:
    """The answer to a request; status 0 while nothing listens."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return Answer(b"")
    writer.write(f"{request}Host: localhost\r\nConnection: close\r\n\r\n".encode())
    try:
        return Answer(await reader.read())
    finally:
        writer.close()


async def status(port: int, path: str, token: str = "") -> int:
    """The status of a GET."""
    return (await ask(port, f"GET {path} HTTP/1.1\r\n" + (f"Authorization: Bearer {token}\r\n" if token else ""))).status


async def listens(port: int) -> None:
    """As soon as it answers."""
    await eventually(lambda: status(port, "/-/ready"), lambda found: found == 200, "it listens")


async def test_tokens_made_by_command_open_the_daemon_also_after_kill_9(place: Installation) -> None:
    """`token add` prints a secret that works at once, after a kill -9 too, until `token revoke`; state.db never holds it."""
    port = free_port()
    place.configure(CONFIG.format(port=port))
    daemon = await place.start()
    await listens(port)
    added = place.run("token", "add", "grafana", "--scope", "act", "--expires", "90d")
    assert added.returncode == 0, added.stderr
    secret = added.stdout.split()[-1]
    assert secret.startswith("tm_") and secret.encode() not in place.state_db.read_bytes()
    body = json.dumps({"title": "t", "message": "m"})
    post = (
        f"POST /api/notify HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nAuthorization: Bearer {secret}\r\n"
    )

    async def posted() -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{post}Host: localhost\r\nConnection: close\r\n\r\n{body}".encode())
        answer = Answer(await reader.read())
        writer.close()
        return answer

    assert (await posted()).status in (202, 400), "known; where nothing is routed the message is refused"
    await daemon.kill()
    daemon = await place.start()
    await listens(port)
    assert (await posted()).status in (202, 400)
    listed = json.loads(place.run("token", "list", "--json").stdout)
    assert [(one["name"], one["scopes"]) for one in listed] == [("grafana", ["act"])] and secret not in json.dumps(listed)
    assert place.run("token", "revoke", "grafana").returncode == 0
    await eventually(posted, lambda answer: answer.status == 401)
    audit = place.run("audit").stdout
    assert "grafana (http 127.0.0.1)" in audit and "revoked" in audit
    assert await daemon.terminate() == 0


async def test_the_daemon_ends_with_a_connection_open(place: Installation) -> None:
    """An idle and a half-sent request do not hold SIGTERM up; nothing of HTTP is loaded without the section."""
    port = free_port()
    place.configure(CONFIG.format(port=port))
    daemon = await place.start()
    await listens(port)
    _, idle = await asyncio.open_connection("127.0.0.1", port)
    _, half = await asyncio.open_connection("127.0.0.1", port)
    half.write(b"POST /api/notify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
    await until(lambda: True)
    begin = time.monotonic()
    assert await daemon.terminate() == 0
    assert time.monotonic() - begin < 20, "a generous guard: the promise is about two seconds"
    for writer in (idle, half):
        writer.close()
