"""The pages of the table served to a real Prometheus: it keeps of each what the table says."""

from __future__ import annotations

import json
from typing import Any

from tests.support.exposition_pages import CASES, PageCase, same
from tests.support.httpserver import serve_in_thread
from tests.support.peers.base import wait_until
from tests.support.peers.prometheus import Prometheus, prometheus
from tests.support.peers.require import peers_needed
from tui_monitor.core.values import METRIC_NAME
from tui_monitor.promql.exposition_write import series_text


def _serve(server: Any, number: int, case: PageCase) -> None:
    if case.content_type is None:
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(case.body)
        server.at(f"/{number}", "raw", body=head + case.body)
    else:
        server.at(f"/{number}", body=case.body, headers={"Content-Type": case.content_type})


def _job(number: int, case: PageCase, port: int) -> dict[str, Any]:
    target = {"targets": [f"127.0.0.1:{port}"], "labels": {"instance": "target", "page": str(number)}}
    job = {"job_name": f"p{number}", "metrics_path": f"/{number}", "honor_labels": case.honor_labels, "static_configs": [target]}
    return {**job, "sample_limit": case.limit} if case.limit else job


def _kept(server: Prometheus, number: int) -> dict[str, float]:
    found = {}
    for series in server.get("/api/v1/query", query=f'{{page="{number}",__name__!~"up|scrape_.+"}}')["result"]:
        labels = {
            key: value for key, value in series["metric"].items() if (key, value) not in (("job", f"p{number}"), ("instance", "target"))
        }
        del labels["page"]
        found[series_text(tuple(sorted(labels.items(), key=lambda pair: (pair[0] != METRIC_NAME, pair))))] = float(series["value"][1])
    return found


def _targets(server: Prometheus) -> dict[str, Any]:
    return {target["scrapePool"]: target for target in server.get("/api/v1/targets")["activeTargets"]}


def test_prometheus_keeps_what_the_table_says() -> None:
    """Up or down, and the kept series with their values, page by page."""
    wrong = []
    with serve_in_thread() as pages:
        for number, case in enumerate(CASES):
            _serve(pages, number, case)
        jobs = [_job(number, case, pages.port) for number, case in enumerate(CASES)]
        config = json.dumps({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs})
        with peers_needed(), prometheus(config) as server:
            wait_until(lambda: bool(found := _targets(server)) and all(target["health"] != "unknown" for target in found.values()))
            for number, case in enumerate(CASES):
                target = _targets(server)[f"p{number}"]
                kept = _kept(server, number) if target["health"] == "up" else None
                if not same(kept, case.kept):
                    wrong.append((case.name, kept, case.kept, target["lastError"]))
    assert not wrong
