"""keep_alive = true: the connection is used again, named as such, and never in the way when it has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.httpserver import HttpServer
from tests.support.settings import made
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.settings import HttpCheck


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with HttpServer() as running:
        yield running


def keeping(server: HttpServer) -> HttpProbe:
    return HttpProbe(made(HttpCheck, name="api", url=server.url, keep_alive=True))


async def test_a_connection_is_reused_and_named(server: HttpServer) -> None:
    """Three probes, one connection; the facts say so and connect takes no time."""
    probe = keeping(server)
    results = [await probe.probe() for _ in range(3)]
    assert server.connections == 1
    assert [result.facts["connection"] for result in results] == ["new", "reused", "reused"]
    assert results[1].phases["connect"] == 0
    await probe.close()
    await server.wait_for(lambda now: now.open_connections == 0)
    assert (await probe.probe()).status is HealthStatus.HEALTHY
    await probe.close()


async def test_a_connection_that_ended_meanwhile_is_replaced(server: HttpServer) -> None:
    """A server that restarted between two probes is not unhealthy."""
    probe = keeping(server)
    await probe.probe()
    await server.stop()
    await server.start()
    result = await probe.probe()
    assert (result.status, result.facts["connection"]) == (HealthStatus.HEALTHY, "new")
    await probe.close()


async def test_a_connection_that_ends_at_the_request_is_replaced(server: HttpServer) -> None:
    """When the reused connection closes without a byte, the probe tries once more on a new one, and then judges."""
    probe = keeping(server)
    await probe.probe()
    server.behave("silent")
    result = await probe.probe()
    assert result.reason == "closed the connection without an answer"
    assert server.connections == 2
    server.behave()
    assert (await probe.probe()).status is HealthStatus.HEALTHY
    await probe.close()


async def test_a_faulty_answer_ends_the_connection(server: HttpServer) -> None:
    """What was cut or broken leaves no half-read connection behind."""
    probe = keeping(server)
    server.behave("endless_body")
    assert (await probe.probe()).facts["body"]
    await server.wait_for(lambda now: now.open_connections == 0)
    server.behave(status=500)
    assert (await probe.probe()).reason == "500 Internal Server Error"
    await probe.close()
