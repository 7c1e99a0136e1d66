"""Charts of series that are not this monitor's: what is asked of the engine, and how its errors read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.support.clocks import ManualClock
from tests.support.httpserver import HttpServer
from tests.support.settings import made
from tests.support.stored_history import write_history
from tui_monitor.board.values import Chart
from tui_monitor.config.engine import EngineSettings
from tui_monitor.core.values import labels_of
from tui_monitor.runtime.engine_charts import READ_AGAIN_S, EngineCharts
from tui_monitor.runtime.queries import StoreQueries
from tui_monitor.storage.history.background import HistoryConnection

NOW = 1_780_012_800_000
START = NOW - 600_000
OTHER = 'memory_usage_ratio{host="web-2"}'
SERIES = {"metric": {"__name__": "memory_usage_ratio", "host": "web-2"}, "values": [[NOW / 1000 - 60, "0.5"], [NOW / 1000, "NaN"]]}
REFUSAL = b'{"status":"error","errorType":"execution","error":"many-to-many\\u0007 matching"}'


def answer(result: Any) -> bytes:
    """A successful answer with this result."""
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()


@pytest.fixture
async def queries(tmp_path: Path) -> AsyncIterator[StoreQueries]:
    """The queries of a monitor with one series."""
    write_history(tmp_path / "history.db", {labels_of("memory_usage_ratio"): lambda at: 0.25}, START, NOW, 10.0).close()
    reading = HistoryConnection(tmp_path / "history.db")
    made = StoreQueries(tmp_path / "state.db", reading)
    try:
        yield made
    finally:
        await made.close()
        await reading.close()


@asynccontextmanager
async def charts_of(url: str, **keys: Any) -> AsyncIterator[EngineCharts]:
    """Charts with an engine at this address."""
    charts = EngineCharts(lambda: made(EngineSettings, {"url": url, **keys}), ManualClock())
    try:
        yield charts
    finally:
        await charts.close()


async def drawn(charts: EngineCharts, queries: StoreQueries, text: str) -> Chart:
    """The chart of ten minutes."""
    return await charts.chart(queries, text, START, NOW, 60, ())


async def test_own_series_come_from_the_own_history(queries: StoreQueries) -> None:
    """No request leaves for them, nor for numbers; the settings are not even read."""

    def never() -> EngineSettings | None:
        raise AssertionError

    charts = EngineCharts(never, ManualClock())
    assert [line.values[0] for line in (await drawn(charts, queries, "memory_usage_ratio * 2")).lines] == [0.5]
    assert (await drawn(charts, queries, "vector(1)")).lines
    assert (await drawn(charts, queries, "sum(")).error_position is not None


async def test_other_series_come_from_the_engine(queries: StoreQueries) -> None:
    """One request with range, step and authentication; both kinds of lines in one chart, with the unit of all."""
    async with (
        HttpServer() as server,
        charts_of(f"{server.url}/prometheus/", bearer="top-secret", headers={"X-Scope-OrgID": "a"}) as charts,
    ):
        server.behave(body=answer([SERIES]))
        chart = await drawn(charts, queries, f"memory_usage_ratio; {OTHER}")
        assert [line.name for line in chart.lines] == ["memory_usage_ratio", OTHER]
        assert chart.lines[1].values[0] == 0.5
        assert chart.unit == "ratio"
        (request,) = server.requests
        assert (request.method, request.path) == ("POST", "/prometheus/api/v1/query_range")
        assert request.headers["authorization"] == "Bearer top-secret"
        assert request.headers["x-scope-orgid"] == "a"
        asked = parse_qs(request.body.decode())
        assert asked["query"] == [OTHER] and asked["step"] == ["10.000"] and asked["end"] == [f"{NOW / 1000:.3f}"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"status": 422, "body": REFUSAL}, "refuses the query (execution): many-to-many matching"),
        ({"status": 401}, "refuses access (HTTP 401): see username, password and bearer of [engine]"),
        ({"status": 404}, "there is no Prometheus API at"),
        ({"status": 503, "body": b"overloaded"}, "answers HTTP 503: overloaded"),
        ({"body": b"<html>login</html>"}, "something else than a Prometheus API answers"),
        ({"body": answer([{"metric": {}, "values": [["x", "y"]]}])}, "series that cannot be read"),
        ({"body": answer([{"metric": {}, "values": [[7e308, "1"]]}])}, "series that cannot be read"),
        ({"body": b'{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}'}, "something else than series"),
        ({"fault": "cut"}, "was cut off"),
        ({"fault": "reset"}, "cannot be asked: connection lost"),
    ],
)  # fmt: skip
async def test_its_errors_read_as_sentences(queries: StoreQueries, how: dict[str, Any], said: str) -> None:
    """Each says what is wrong and where to change it; none shows a secret or a control character."""
    async with HttpServer() as server, charts_of(server.url, username="kim", password="top-secret") as charts:
        server.behave(**how)
        chart = await drawn(charts, queries, OTHER)
        assert said in chart.error
        assert not chart.lines
        assert "top-secret" not in chart.error and "\x1b" not in chart.error


async def test_an_engine_that_is_down_is_told(queries: StoreQueries) -> None:
    """The chart says which engine cannot be reached, and draws again once it can."""
    async with HttpServer() as server:
        url, port = server.url, server.port
    async with charts_of(url) as charts:
        assert f"the engine at 127.0.0.1:{port} cannot be asked: cannot connect" in (await drawn(charts, queries, OTHER)).error
        async with HttpServer(port=port) as server:
            server.behave(body=answer([SERIES]))
            assert (await drawn(charts, queries, OTHER)).lines


async def test_an_answer_is_bounded(queries: StoreQueries, monkeypatch: pytest.MonkeyPatch) -> None:
    """A huge answer costs its own chart only."""
    monkeypatch.setattr("tui_monitor.runtime.engine_client.MOST_BYTES", 1000)
    async with HttpServer() as server, charts_of(server.url) as charts:
        server.behave(body=answer([SERIES] * 100))
        assert "ask for fewer series or a shorter time" in (await drawn(charts, queries, OTHER)).error


async def test_settings_that_cannot_be_read_are_told_and_read_again(queries: StoreQueries) -> None:
    """A viewer without the secret says so; once it is mended the chart comes, at most a minute later. Without [engine] nothing is said."""
    clock, given = ManualClock(), ["engine.password: is missing"]
    found: list[EngineSettings | None] = [None]

    def read() -> EngineSettings | None:
        if given:
            raise ValueError(given.pop())
        return found[0]

    charts = EngineCharts(read, clock)
    assert (await drawn(charts, queries, OTHER)).error == "the engine cannot be asked from here: engine.password: is missing"
    await clock.advance(READ_AGAIN_S)
    assert await drawn(charts, queries, OTHER) == Chart((), "ratio")
    async with HttpServer() as server:
        server.behave(body=answer([SERIES]))
        found[0] = made(EngineSettings, {"url": server.url})
        await clock.advance(READ_AGAIN_S)
        assert (await drawn(charts, queries, OTHER)).lines
        server.behave(body=b'{"status":"success","data":["up","host"]}')
        names = await charts.names({"metrics": ["own"], "labels": [], "functions": ["rate"]})
        assert names == {"metrics": ["host", "own", "up"], "labels": ["host", "up"], "functions": ["rate"]}
        server.behave(status=500)
        assert await charts.names({"metrics": ["own"]}) == {"metrics": ["own"]}
        await charts.close()
