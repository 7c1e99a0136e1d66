"""Real clients of Prometheus' HTTP API against the real daemon: promtool, Prometheus, vmalert, clients of pip and npm, Grafana's panels."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from prometheus_api_client import PrometheusConnect

from tests.support.paths import ROOT
from tests.support.peers.base import run, wait_until
from tests.support.peers.npm_clients import prometheus_clients
from tests.support.peers.prometheus import Prometheus, prometheus, promtool
from tests.support.peers.require import peers_needed
from tests.support.peers.vmalert import vmalert
from tests.support.receivers import receiver
from tests.support.served_daemon import ServedDaemon, served_daemon

CONFIG = """
host = "web-1"
default_rules = false
[[checks]]
name = "self"
type = "http"
url = "http://127.0.0.1:{port}/-/healthy"
interval = "500ms"
[[checks]]
name = "dead"
type = "tcp"
host = "127.0.0.1"
port = 1
interval = "500ms"
category = "infrastructure"
[[checks]]
name = "shop"
type = "log"
path = "{log}"
format = "json"
interval = "500ms"
[[checks]]
name = "orders"
type = "command"
argv = ["/bin/sh", "-c", 'echo "orders_total{role=\\"guest\\"} 5"; echo "orders_total{role=\\"member\\"} 7"; echo "revenue_total 120"']
output = "prometheus"
interval = "1s"
[[rules]]
alert = "AlwaysOn"
expr = "cpu_count > 0"
severity = "info"
summary = "the machine has CPUs"
[[rules]]
alert = "Follows"
expr = 'ALERTS{alertname="AlwaysOn",alertstate="firing"}'
[[rules]]
record = "checks:success"
expr = "avg(probe_success)"
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDaemon]:
    """One daemon for the module; its first samples and alert are there."""
    place = tmp_path_factory.mktemp("served")
    log = place / "access.log"
    log.touch()
    with served_daemon(place, CONFIG.replace("{log}", str(log))) as served:
        for _ in range(20):
            append(log, 200, 0.02)
        append(log, 503, 1.5)
        served.wait_for('ALERTS{alertname="AlwaysOn",alertstate="firing"}')
        served.wait_for("revenue_total")
        served.wait_for('http_request_duration_seconds_bucket{le="+Inf"}')
        served.wait_for("checks:success")
        yield served


def append(log: Path, status: int, seconds: float) -> None:
    """One request in the access log."""
    line = {
        "time": time.time(),
        "level": "info",
        "msg": "request",
        "method": "GET",
        "path": "/orders",
        "status": status,
        "duration": seconds,
    }
    with log.open("a") as file:
        file.write(json.dumps(line) + "\n")


def test_own_rules_read_alerts_as_series(daemon: ServedDaemon) -> None:
    """A rule over ALERTS fires; its alert is a series too, with what became true when."""
    daemon.wait_for('ALERTS{alertname="Follows",alertstate="firing"}')
    since = daemon.vector('time() - ALERTS_FOR_STATE{alertname="Follows"}')
    assert all(0 <= seconds < 300 for seconds in since.values()) and since


def test_promtool_asks_and_checks(daemon: ServedDaemon) -> None:
    """promtool's four queries understand the answers, and `check metrics` has nothing to say of /metrics."""
    with peers_needed():
        tool = promtool()
    url = daemon.url
    assert 'probe_success{check="self", type="http"} => 1' in run([tool, "query", "instant", url, "probe_success"])
    assert "@[" in run([tool, "query", "range", "--step=1s", url, "cpu_count"])
    assert 'check="dead"' in run([tool, "query", "series", "--match=probe_success", url])
    assert "self" in run([tool, "query", "labels", url, "check"])
    for accept in ("text/plain", "application/openmetrics-text; version=1.0.0"):
        page = daemon.page("/metrics", accept=accept)
        if accept == "text/plain":
            checked = subprocess.run([tool, "check", "metrics"], input=page, capture_output=True, text=True, check=False, timeout=30)
            assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
        assert page.endswith("# EOF\n") == (accept != "text/plain")


SCRAPES = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - {{job_name: own, authorization: {{credentials: {token}}}, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
  - job_name: all
    honor_labels: true
    basic_auth: {{username: prometheus, password: {token}}}
    metrics_path: /federate
    params: {{"match[]": ['{{__name__!=""}}']}}
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@pytest.fixture(scope="module")
def scraping(daemon: ServedDaemon) -> Iterator[Prometheus]:
    """A Prometheus that has scraped both pages."""
    with peers_needed():
        promtool()
    with prometheus(SCRAPES.format(port=daemon.port, token=daemon.token("prometheus"))) as peer:
        wait_until(lambda: len(peer.get("/api/v1/query", query="up == 1")["result"]) == 2, 60.0)
        wait_until(lambda: bool(peer.get("/api/v1/query", query='ALERTS{alertstate="firing"}')["result"]), 60.0)
        yield peer


def test_a_prometheus_scrapes_metrics_and_federates(daemon: ServedDaemon, scraping: Prometheus) -> None:
    """Both targets are up without an error, the types arrive, and the exporter gives no scraped, recorded or alert series."""
    targets = scraping.get("/api/v1/targets")["activeTargets"]
    assert [(one["health"], one["lastError"]) for one in targets] == [("up", ""), ("up", "")]
    types = scraping.get("/api/v1/metadata")
    assert types["tuimonitor_probe_success"][0]["type"] == "gauge"
    assert types["tuimonitor_http_request_duration_seconds"][0]["type"] == "histogram"
    assert types["tuimonitor_samples"][0]["type"] == "counter"
    names = scraping.get("/api/v1/label/__name__/values")
    assert {"tuimonitor_process_cpu_ratio", "tuimonitor_build_info", "alertmanager_build_info", "ALERTS", "checks:success"} <= {*names}
    assert not {"tuimonitor_checks:success", "tuimonitor_ALERTS", "tuimonitor_tui_monitor_cpu_ratio"} & {*names}


SAME = (
    "probe_success", "cpu_count", 'ALERTS{alertname="AlwaysOn"}', "ALERTS_FOR_STATE", 'sum by (type) (probe_success)', "checks:success",
    'count_over_time(probe_success{check="self"}[5s]) > 0', "histogram_quantile(0.9, sum by (le) (http_request_duration_seconds_bucket))",
    '{__name__=~"http_requests_.*"}', "1 + 1", "absent(nothing)", 'label_replace(cpu_count, "x", "$1", "__name__", "cpu_(.*)")',
)  # fmt: skip


@pytest.mark.parametrize("expr", SAME)
def test_what_a_prometheus_has_taken_over_is_what_we_answer(daemon: ServedDaemon, scraping: Prometheus, expr: str) -> None:
    """The same expression at the same moment has the same labels there, and the same values where they do not count scrapes."""

    def pairs(data: dict[str, object]) -> object:
        found = data["result"]
        if data["resultType"] != "vector":
            return found[1] if isinstance(found, list) else found
        assert isinstance(found, list)
        return sorted((labels_of(one["metric"]), "" if "count_over" in expr else one["value"][1]) for one in found)

    def labels_of(metric: dict[str, str]) -> str:
        return json.dumps({name: value for name, value in metric.items() if (name, value) != ("job", "all")}, sort_keys=True)

    def same() -> bool:
        at = str(time.time() - 1.5)
        return pairs(scraping.get("/api/v1/query", query=expr, time=at)) == pairs(daemon.get("query", query=expr, time=at))

    wait_until(same, 30.0)


def test_pip_prometheus_api_client(daemon: ServedDaemon) -> None:
    """The pip client connects (it asks the bare address), and reads instant and range answers, by GET and by POST."""
    for method in ("GET", "POST"):
        client = PrometheusConnect(url=daemon.url, method=method)
        assert client.check_prometheus_connection()
        found = client.custom_query("probe_success")
        assert {one["metric"]["check"] for one in found} == {"self", "dead", "shop", "orders"}
        now = time.time()
        ranged = client.custom_query_range("cpu_count", datetime.fromtimestamp(now - 60, UTC), datetime.fromtimestamp(now, UTC), "5s")
        assert ranged[0]["values"]
        assert "probe_success" in client.all_metrics() and client.get_label_values("check") == ["dead", "orders", "self", "shop"]


def test_npm_clients(daemon: ServedDaemon) -> None:
    """prometheus-query reads every answer it knows; Prometheus' own editor completes, also where there are no flags."""
    with peers_needed():
        found = prometheus_clients(daemon.url, daemon.token("npm"))
    driver = found["driver"]
    assert driver["instant"] == [[{"check": "self", "type": "http"}, 1]] and driver["range"] == [True]
    assert driver["series"] == driver["values"] == ["dead", "orders", "self", "shop"] == sorted(driver["targets"])
    assert (
        set(driver["alerts"]) == {"AlwaysOn", "Follows"} and driver["rules"] == ["configuration", "configuration"][: len(driver["rules"])]
    )
    for editor in (found["editor"], found["editor_get"]):
        assert "probe_success" in editor["metrics"] and editor["names"] == ["__name__", "category", "check", "type"]
        assert editor["values"] == editor["series"] == ["dead", "orders", "self", "shop"]
        assert editor["metadata"][0]["type"] == "gauge" and editor["flags"] == {}
        assert editor["errors"] == ["Error: Not Found"], "the flags, which say Thanos to Grafana"


VMALERT_RULES = """
groups:
  - name: over tui-monitor
    interval: 1s
    rules:
      - alert: Down
        expr: 'probe_success{check="dead"} == 0'
        annotations: {summary: "{{ $labels.check }} is down"}
      - alert: FiringThere
        expr: 'ALERTS{alertstate="firing",alertname="AlwaysOn"}'
"""


async def test_vmalert_evaluates_rules_over_our_api(daemon: ServedDaemon) -> None:
    """vmalert takes this daemon as its data source: a rule over a check and one over ALERTS fire, and it notifies."""
    async with receiver() as told:
        with peers_needed():
            peer = vmalert(VMALERT_RULES, daemon.url, told.url)
        with peer as running:
            await told.wait_for(1, 60.0)

            def firing() -> bool:
                return {one["name"] for one in running.alerts() if one["state"] == "firing"} == {"Down", "FiringThere"}

            await asyncio.to_thread(wait_until, firing, 60.0)
    bodies = [json.loads(request.body) for request in told.requests]
    down = next(alert for body in bodies for alert in body if alert["labels"]["alertname"] == "Down")
    assert down["labels"]["check"] == "dead" and down["annotations"]["summary"] == "dead is down"


# --- Grafana's panels -------------------------------------------------------------------------------------------------------

GRAFANA = ROOT / "deploy" / "grafana"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted(GRAFANA.glob("*.json"))}
VARIABLES = {"$__rate_interval": "1m", "$__interval": "15s", "$__range": "1h", "$check": ".*"}


def expressions(board: object) -> Iterator[str]:
    """Every expression of a dashboard, variables filled in as Grafana does."""
    if isinstance(board, dict):
        if isinstance(board.get("expr"), str):
            yield re.sub(r"\$\w+", lambda found: VARIABLES[found[0]], board["expr"])
        for value in board.values():
            yield from expressions(value)
    elif isinstance(board, list):
        for value in board:
            yield from expressions(value)


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_of_grafana_is_answered(daemon: ServedDaemon, name: str) -> None:
    """Each expression of the dashboard runs as a range and as an instant query; the business ones find this daemon's series."""
    asked = list(expressions(BOARDS[name]))
    assert len(asked) >= 10
    now = time.time()
    for expr in asked:
        daemon.get("query_range", query=expr, start=str(now - 600), end=str(now), step="15")
        daemon.get("query", query=expr, time=str(now))


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_places_and_ids_of_their_own(name: str) -> None:
    """No panel covers another, none is wider than the board, every id is there once, and the data source is a variable."""
    panels = BOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        own = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24 and not cells & own, panel["title"]
        cells |= own
    assert BOARDS[name]["templating"]["list"][0]["type"] == "datasource"


def test_grafana_is_provisioned_with_what_is_there() -> None:
    """The provisioning files are YAML, name the type and the version that buildinfo names, and hold no token."""
    source = yaml.safe_load((GRAFANA / "provisioning/datasources/tui-monitor.yaml").read_text())["datasources"][0]
    assert source["type"] == "prometheus" and source["jsonData"]["prometheusVersion"] == "3.5.0"
    assert source["secureJsonData"]["httpHeaderValue1"] == "Bearer $TUI_MONITOR_TOKEN"
    assert yaml.safe_load((GRAFANA / "provisioning/dashboards/tui-monitor.yaml").read_text())["providers"][0]["type"] == "file"
