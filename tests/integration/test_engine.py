"""Charts of other hosts' series out of a real Prometheus and a real VictoriaMetrics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.support.peers.fixtures import present
from tests.support.peers.prometheus import Prometheus, prometheus
from tests.support.peers.victoria_metrics import VictoriaMetrics, victoria_metrics
from tests.support.settings import made
from tests.support.stored_history import write_history
from tui_monitor.board.values import Chart
from tui_monitor.config.engine import EngineSettings
from tui_monitor.config.remote_write import RemoteWriteSettings
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import labels_of
from tui_monitor.delivery.remote_write.batches import WriteCursor
from tui_monitor.delivery.remote_write.sender import RemoteWriteSender
from tui_monitor.runtime.engine_charts import EngineCharts
from tui_monitor.runtime.queries import StoreQueries
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.in_memory.repository import InMemoryRepository

MINUTES_10 = 600_000
SERIES = labels_of("memory_usage_ratio")


async def send_history(path: Path, url: str, end: int) -> None:
    """Ten minutes of another host's history, by its remote_write."""
    write_history(path, {SERIES: lambda at: 0.5, labels_of("cpu_usage_ratio"): lambda at: 0.1}, end - MINUTES_10, end, 5.0).close()
    settings = made(RemoteWriteSettings, {"url": f"{url}/api/v1/write"})
    reading = HistoryConnection(path)
    sender = RemoteWriteSender(settings, "web-2", reading, InMemoryRepository(), SystemClock(), Troubles())
    await sender.send_pending(WriteCursor())
    await sender.close()
    await reading.close()


@asynccontextmanager
async def own_queries(path: Path, end: int) -> AsyncIterator[StoreQueries]:
    """A monitor with a series of the same name."""
    write_history(path / "history.db", {SERIES: lambda at: 0.25}, end - MINUTES_10, end, 5.0).close()
    reading = HistoryConnection(path / "history.db")
    queries = StoreQueries(path / "state.db", reading)
    try:
        yield queries
    finally:
        await queries.close()
        await reading.close()


def engine_of(name: str) -> AbstractContextManager[Prometheus | VictoriaMetrics]:
    """A running engine."""
    if name == "prometheus":
        return present(lambda: prometheus("global: {}\n", "--web.enable-remote-write-receiver"))
    return present(victoria_metrics)


@pytest.mark.parametrize("name", ["prometheus", "victoria-metrics"])
async def test_a_chart_of_another_host(name: str, tmp_path: Path) -> None:
    """Own series stay own, another host's come from the engine, and what the engine says of a query or of its absence is told."""
    end = SystemClock().wall_ms() // 5000 * 5000
    with engine_of(name) as engine:
        await send_history(tmp_path / "other.db", engine.url, end)
        flush(engine)
        charts = EngineCharts(lambda: made(EngineSettings, {"url": engine.url}), SystemClock())
        async with own_queries(tmp_path, end) as queries, closed_at_the_end(charts):

            async def drawn(text: str) -> Chart:
                return await charts.chart(queries, text, end - MINUTES_10, end, 60, ())

            assert {value for line in (await drawn("memory_usage_ratio")).lines for value in line.values} == {0.25}
            chart = await drawn('memory_usage_ratio{host="web-2"}; avg_over_time(memory_usage_ratio{host=~".+"}[1m]) * 2')
            assert {value for line in chart.lines for value in line.values} == {0.5, 1.0}
            assert chart.lines[0].name == 'memory_usage_ratio{host="web-2"}'
            assert len(chart.lines[0].times) >= 55
            refused = await drawn('{host="web-2"} * on(host) {host="web-2"}')
            assert "the engine refuses the query" in refused.error and "duplicate" in refused.error
            assert "host" in (await charts.names(await queries.names()))["labels"]
            engine.stop()
            assert "cannot be asked: cannot connect" in (await drawn('memory_usage_ratio{host="web-2"}')).error
            assert (await drawn("memory_usage_ratio")).lines


@asynccontextmanager
async def closed_at_the_end(charts: EngineCharts) -> AsyncIterator[None]:
    """The block in which the charts are used."""
    try:
        yield
    finally:
        await charts.close()


def flush(engine: Prometheus | VictoriaMetrics) -> None:
    """Make what was written visible."""
    if isinstance(engine, VictoriaMetrics):
        engine.flush()
