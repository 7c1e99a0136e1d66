"""Numbers from real APIs: Prometheus' query API, with its numbers as text, and Caddy's answers."""

from __future__ import annotations

from typing import Any

from tests.support.peers.caddy import caddy
from tests.support.peers.prometheus import Prometheus
from tests.support.settings import made
from tui_monitor.core.values import METRIC_NAME, HealthStatus, ProbeResult, label
from tui_monitor.sources.json.probe import JsonProbe
from tui_monitor.sources.json.settings import JsonCheck


async def probe(url: str, *values: dict[str, Any], **keys: Any) -> ProbeResult:
    """One probe."""
    prober = JsonProbe(made(JsonCheck, {"name": "api", "url": url, "values": list(values), **keys}))
    try:
        return await prober.probe()
    finally:
        await prober.close()


async def test_prometheus_query_api(prometheus_peer: Prometheus) -> None:
    """A list of [time, "value"] pairs with labels; its status is a word."""
    values = [
        {"metric": "answer", "path": "data.result", "value": "value[1]", "labels": {"kind": "metric.kind"}},
        {"metric": "api_ok", "path": "status", "map": {"success": 1, "error": 0}},
    ]
    query = 'label_replace(vector(42), "kind", "test", "", "") or label_replace(vector(7), "kind", "other", "", "")'
    result = await probe(f"{prometheus_peer.url}/api/v1/query", *values, method="POST", body=f"query={query}".replace("+", "%2B"),
                         headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert result.status is HealthStatus.HEALTHY, result.reason
    found = {label(labels, "kind") or label(labels, METRIC_NAME): value for labels, value in result.samples}
    assert found["test"] == 42 and found["other"] == 7 and found["api_ok"] == 1


async def test_caddy() -> None:
    """A ticker as an exchange's; what it does not have is a page of Caddy's own."""
    ticker = '{"symbol": "BTCUSDT", "lastPrice": "64000.50", "bidPrice": "63999.9", "askPrice": "64001.1"}'
    routes = [{"handle": [{"handler": "static_response", "body": ticker, "headers": {"Content-Type": ["application/json"]}}]}]
    with caddy(*routes) as peer:
        values = [{"metric": f"ticker_{name}", "path": f"{name}Price", "labels": {"symbol": "symbol"}} for name in ("last", "bid", "ask")]
        result = await probe(f"{peer.url}/ticker", *values)
    assert result.status is HealthStatus.HEALTHY, result.reason
    found = {label(labels, METRIC_NAME): value for labels, value in result.samples if label(labels, "symbol") == "BTCUSDT"}
    assert found == {"ticker_last": 64000.5, "ticker_bid": 63999.9, "ticker_ask": 64001.1}
