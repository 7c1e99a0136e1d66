"""The pages of the table served to a real Prometheus: it keeps of each what the table says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from exposition_pages import CASES, PageCase, same
from httpserver import serve_in_thread
from prometheus_server import PROMETHEUS, PrometheusServer, prometheus_server

from tui_monitor.model import METRIC_NAME
from tui_monitor.promql.exposition_write import series_text

pytestmark = pytest.mark.skipif(
    PROMETHEUS is None and not os.environ.get("TUI_MONITOR_TEST_REQUIRE"), reason="no prometheus is installed (apt install prometheus)"
)


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


def _kept(prometheus: PrometheusServer, number: int) -> dict[str, float]:
    found = {}
    for series in prometheus.ask("query", query=f'{{page="{number}",__name__!~"up|scrape_.+"}}')["result"]:
        labels = {
            key: value for key, value in series["metric"].items() if (key, value) not in (("job", f"p{number}"), ("instance", "target"))
        }
        del labels["page"]
        found[series_text(tuple(sorted(labels.items(), key=lambda pair: (pair[0] != METRIC_NAME, pair))))] = float(series["value"][1])
    return found


def test_prometheus_keeps_what_the_table_says(tmp_path: Path) -> None:
    """Up or down, and the kept series with their values, page by page."""
    wrong = []
    with serve_in_thread() as server:
        for number, case in enumerate(CASES):
            _serve(server, number, case)
        jobs = [_job(number, case, server.port) for number, case in enumerate(CASES)]
        with prometheus_server(jobs, tmp_path) as prometheus:
            targets = prometheus.targets()
            for number, case in enumerate(CASES):
                up = targets[f"p{number}"]["health"] == "up"
                kept = _kept(prometheus, number) if up else None
                if not same(kept, case.kept):
                    wrong.append((case.name, kept, case.kept, targets[f"p{number}"]["lastError"]))
    assert not wrong
