"""The request table from a real server's own metrics: Caddy's histogram, under its names and labels."""

from __future__ import annotations

import asyncio
import urllib.request

from tests.support.peers.caddy import caddy
from tests.support.settings import made
from tui_monitor.board.requests import request_tables
from tui_monitor.board.values import RequestTable
from tui_monitor.config.settings import RequestSettings
from tui_monitor.sources.net.slices import in_slices
from tui_monitor.sources.prometheus.probe import PrometheusProbe
from tui_monitor.sources.prometheus.settings import PrometheusCheck
from tui_monitor.storage.memory import SeriesMemory

NAMES = {
    "count": ["caddy_http_request_duration_seconds_count"],
    "duration": ["caddy_http_request_duration_seconds"],
    "in_flight": ["caddy_http_requests_in_flight"],
    "route": ["handler"],
}


def ask(url: str) -> None:
    """Twenty requests."""
    for _ in range(20):
        urllib.request.urlopen(url, timeout=10).read()


async def test_caddys_requests() -> None:
    """Twenty requests are twenty, with a rate, an average and quantiles."""
    memory = SeriesMemory()
    with caddy() as peer:
        probe = PrometheusProbe(made(PrometheusCheck, {"name": "web", "url": f"{peer.url}/metrics"}))
        for at in (1_000_000, 1_010_000):
            await asyncio.to_thread(ask, peer.url)
            result = await probe.probe()
            assert result.all_series is not None, result.reason
            memory.append(at, result.all_series.samples)
        await probe.close()
    [table] = await in_slices(request_tables(made(RequestSettings, NAMES), memory, 1_010_000))
    assert isinstance(table, RequestTable) and (table.check, table.window) == ("web", 10)
    row = next(row for row in table.rows if row.route == "static_response")
    assert (row.count, row.per_second, row.errors, row.method) == (20, 2.0, 0, "GET")
    assert row.average is not None and 0 < row.average < 1 and row.p50 is not None and row.p99 is not None and row.p50 <= row.p99
    assert row.in_flight is not None
