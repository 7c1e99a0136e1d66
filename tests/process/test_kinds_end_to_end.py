"""Application kinds in the real daemon: a scraped exporter, a plugin, an API and a group; their series have history."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.support.httpserver import HttpServer
from tests.support.peers.node_exporter import NodeExporter
from tests.support.processes import eventually, installation, until

CONFIG = """
default_rules = ["CheckUnhealthy"]
[[checks]]
name = "node"
type = "prometheus"
url = "{node}"
interval = "300ms"
keep = ["node_cpu_seconds_total", "node_load1"]
[[checks]]
name = "script"
type = "command"
argv = ["sh", "-c", "echo 'fine|queue=7;10;20'"]
interval = "300ms"
[[checks]]
name = "ticker"
type = "json"
url = "{api}/ticker"
interval = "300ms"
[[checks.values]]
metric = "ticker_last"
path = "tickers"
value = "last"
labels = {{ symbol = "symbol" }}
[[checks]]
name = "shop"
type = "group"
members = ["node", "script", "ticker"]
interval = "300ms"
"""
WANTED = {
    'up{check="node"}': 1,
    'command_value{check="script",label="queue"}': 7,
    'ticker_last{check="ticker",symbol="BTC"}': 64000.5,
    'group_healthy_ratio{check="shop"}': 1,
    'count(count by (cpu) (node_cpu_seconds_total{check="node"})) > bool 0': 1,
}


async def test_each_kind_has_series_with_history(tmp_path: Path, node_exporter_peer: NodeExporter) -> None:
    """All checks are healthy in `status`, and `query` finds their values in the history; an element that is gone ends."""
    async with HttpServer() as api:
        api.at("/ticker", body=json.dumps({"tickers": [{"symbol": "BTC", "last": "64000.5"}, {"symbol": "ETH", "last": 3100}]}))
        with installation(tmp_path / "place") as where:
            where.configure(CONFIG.format(node=node_exporter_peer.metrics_url, api=api.url))
            daemon = await where.start()

            def values() -> dict[str, float]:
                done = where.run("query", "-", "--json", stdin="\n".join(WANTED) + "\n")
                assert done.returncode == 0, done.stderr
                answers = [json.loads(line) for line in done.stdout.splitlines()]
                return {
                    expr: float(answer["data"]["result"][0]["value"][1])
                    for expr, answer in zip(WANTED, answers, strict=True)
                    if answer["data"]["result"]
                }

            await eventually(lambda: asyncio.to_thread(values), lambda found: found == WANTED)
            status = json.loads((await asyncio.to_thread(where.run, "status", "--json")).stdout)
            assert {check["name"]: check["status"] for check in status["checks"]} == dict.fromkeys(
                ("node", "script", "ticker", "shop"), "healthy"
            )
            api.at("/ticker", body='{"tickers": [{"symbol": "ETH", "last": 3100}]}')
            count = len(api.requests)
            await until(lambda: len(api.requests) > count + 2)
            gone = 'ticker_last{check="ticker",symbol="BTC"}'
            await eventually(
                lambda: asyncio.to_thread(values), lambda found: gone not in found, "the series of an element that is gone ends"
            )
            assert await daemon.terminate() == 0
