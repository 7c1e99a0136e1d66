"""Scrapes of real exporters: node_exporter's text and Caddy's OpenMetrics with gzip."""

from __future__ import annotations

from tests.support.peers.caddy import Caddy
from tests.support.peers.node_exporter import NodeExporter
from tui_monitor.core.values import METRIC_NAME, HealthStatus, label
from tui_monitor.sources.prometheus.probe import PrometheusProbe
from tui_monitor.sources.prometheus.settings import PrometheusCheck


async def _names(url: str) -> tuple[PrometheusProbe, dict[str, float], dict[str, str]]:
    probe = PrometheusProbe(PrometheusCheck(name="peer", url=url))
    try:
        for _ in range(2):
            result = await probe.probe()
            assert result.status is HealthStatus.HEALTHY, result.reason
    finally:
        await probe.close()
    assert result.all_series is not None
    return probe, {label(labels, METRIC_NAME): value for labels, value in result.all_series.samples}, dict(result.facts)


async def test_node_exporter(node_exporter_peer: NodeExporter) -> None:
    """A page of text with metadata; the second scrape goes over the same connection."""
    probe, found, facts = await _names(node_exporter_peer.metrics_url)
    assert found["up"] == 1 and found["node_exporter_build_info"] == 1
    assert found["scrape_samples_scraped"] > 100
    assert facts["format"] == "Prometheus text" and facts["connection"] == "reused"
    assert probe.metadata["node_exporter_build_info"].type == "gauge"


async def test_caddy(caddy_peer: Caddy) -> None:
    """OpenMetrics with # EOF, compressed."""
    probe, found, facts = await _names(f"{caddy_peer.url}/metrics")
    assert found["up"] == 1 and found["go_goroutines"] > 0
    assert facts["format"] == "OpenMetrics"
    assert probe.metadata["go_goroutines"].type == "gauge"
