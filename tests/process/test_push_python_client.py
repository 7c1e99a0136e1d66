"""tui_monitor.client in an application: one file for old Pythons, which never raises and never waits."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.support.paths import ROOT
from tests.support.processes import until
from tests.support.push_world import PushWorld, environment_of, push_world
from tui_monitor import client

CHECK = '[[checks]]\nname = "backup"\ntype = "heartbeat"\nevery = "1d"\n'


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PushWorld]:
    """A monitor, and this process' environment pointing at it."""
    async with push_world(tmp_path, checks=CHECK) as made:
        for name, value in environment_of(made).items():
            monkeypatch.setenv(name, value)
        yield made


SCRIPT = """
import client, os
client.record_metric("orders", 2, {"kind": "web", "odd|label": "a,b"}, kind="counter")
client.record_metric("depth", -4.5)
with client.timed("query", {"table": "orders"}):
    pass

@client.timed("work")
def work():
    return 7

assert work() == 7
client.heartbeat("backup", "start")
if os.fork() == 0:
    client.record_metric("forked", 1)
    client.heartbeat("backup", message="done in a child")
else:
    os.wait()
"""


async def test_a_copy_of_the_file_in_an_old_python(world: PushWorld, tmp_path: Path) -> None:
    """In an application under Python 3.9, where there is one: metrics, times, heartbeats that outlive the program's end, a fork."""
    python = next((path for path in sorted(Path.home().glob(".pyenv/versions/3.9*/bin/python")) if os.access(path, os.X_OK)), None)
    shutil.copy(ROOT / "tui_monitor" / "client.py", tmp_path / "client.py")
    argv = [str(python or shutil.which("python3.9") or sys.executable), "-W", "error", "-c", SCRIPT]
    environ = {**environment_of(world), "PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, timeout=60, check=False, env=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert await world.value('orders_total{kind="web",odd_label="a_b"}') == 2
    assert await world.value("depth") == -4.5 and await world.value("forked") == 1
    assert await world.value('query_seconds_count{table="orders"}') == 1 and await world.value("work_seconds_count") == 1

    def reason() -> str:
        found = world.runtime.board.checks[0]
        return f"{found.status.value} {found.facts.get('message', '')}"

    await until(lambda: reason() == "healthy done in a child")


async def test_messages_go_to_the_notifiers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the unix socket, where user and groups decide; a refusal is False, and last_error says why."""
    async with push_world(tmp_path) as made:
        monkeypatch.setenv("TUI_MONITOR_STATE", str(tmp_path / "state"))
        monkeypatch.delenv("TUI_MONITOR_URL", raising=False)
        assert client.find_socket() == made.socket
        sent = await asyncio.to_thread(client.send_alert, "title", "text", "error", ["nobody"])
        assert not sent and "nobody" in client.last_error()
        asked = client.AsyncClient()
        assert await asked.send_alert("title", "text", "info", ["nobody"]) is False
        assert await client.AsyncClient(made.url, "tm_wrong").health() is None
        assert "HTTP 40" in client.last_error()


async def test_questions(world: PushWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Health (also where it is bad), metrics, present values, alerts: as the own API answers, over the unix socket."""
    monkeypatch.setenv("TUI_MONITOR_STATE", str(world.place / "state"))
    monkeypatch.delenv("TUI_MONITOR_URL")

    async def asked(function: Any, *given: Any) -> Any:
        found = await asyncio.to_thread(function, *given)
        assert found is not None, client.last_error()
        return found

    health = await asked(client.health)
    assert health["status"] == "unknown" and set(health["checks"]) >= {"system", "backup"}, "the job has never reported: 503 with a body"
    await until(lambda: world.runtime.board.resources.cpu is not None)
    assert 0 <= (await asked(client.current_metrics))["cpu_percent"] <= 100
    assert (await asked(client.metrics, 1))["period_hours"] == 1
    assert await asked(client.alerts) == []
    assert (await client.AsyncClient().health())["status"] == "unknown"


def test_nothing_of_a_missing_monitor_reaches_the_application(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No exception, whatever is given; a socket that nobody reads is not waited for; the drops are counted."""
    path = tmp_path / "full.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as silent:
        silent.bind(str(path))
        monkeypatch.setenv("TUI_MONITOR_STATSD", str(path))
        monkeypatch.setenv("TUI_MONITOR_URL", "http://127.0.0.1:1")
        before = client._statsd.dropped
        for number in range(2000):
            client.record_metric("n", number)
        assert client._statsd.dropped - before > 1000
        bad: Any = object()
        client.record_metric(bad, bad, bad, bad)
        client.heartbeat(bad)
        client.heartbeat("x", code=bad)
        with pytest.raises(KeyError), client.timed("x"):
            raise KeyError("the application's own")
        client.heartbeat("backup")
        assert client.health() is None and client.alerts() is None and client.current_metrics() is None
        assert client.add_rule("a", "b > 1") is False and client.setup_alert("cpu_usage", 90, "ops") is False
        assert "refused" in client.last_error()
        for thread in threading.enumerate():
            if thread.name == "tui-monitor-client":
                thread.join()
    client._statsd.close()


async def test_requests_of_an_asgi_application(world: PushWorld) -> None:
    """Method, template of the route, status, duration with buckets, in flight: the request table has them."""

    async def item(request: Request) -> PlainTextResponse:
        if request.path_params["id"] == "9":
            raise ValueError("the application's own")
        return PlainTextResponse("ok")

    async def call(path: str) -> None:
        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "scheme": "http", "server": ("a", 80)}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            pass

        await app(scope, receive, send)

    inner = Starlette(routes=[Route("/items/{id}", item)])
    app = client.ASGIMiddleware(inner)
    await call("/items/1")
    await call("/items/2")
    with pytest.raises(ValueError, match="own"):
        await call("/items/9")
    await call("/no/such/path")
    assert await world.value('sum(http_requests_total{status_code="200"})', 2) == 2
    assert await world.value('sum(http_requests_total{status_code="500"})') == 1
    assert await world.value('http_requests_total{status_code="404",route="unknown"}') == 1
    assert await world.value('sum(http_request_duration_seconds_bucket{le="10"})', 4) == 4
    assert await world.value("http_requests_in_flight") == 0
    routes = {dict(labels)["route"] for labels in await world.series("http_requests_total")}
    assert routes == {"/items/{id}", "unknown"}


async def test_requests_of_a_wsgi_application(world: PushWorld) -> None:
    """To the end of the body; a function may name the route; ids are taken out of paths."""

    def inner(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("201 Created", [])
        return iter([b"a", b"b"])

    app, named = client.WSGIMiddleware(inner), client.WSGIMiddleware(inner, lambda environ: "/named")
    for wrapped in (app, named):
        body = wrapped({"REQUEST_METHOD": "POST", "PATH_INFO": "/users/42/orders"}, lambda *given: None)
        assert b"".join(body) == b"ab"
        body.close()  # type: ignore[attr-defined]
    assert await world.value('http_requests_total{method="POST",route="/users/:id/orders",status_code="201"}') == 1
    assert await world.value('http_requests_total{route="/named"}') == 1


def test_the_public_names() -> None:
    """Sorted, and all of them are there."""
    assert client.__all__ == sorted(client.__all__) and all(hasattr(client, name) for name in client.__all__)
