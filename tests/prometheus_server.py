"""A real Prometheus for tests: it scrapes given targets once a second and answers what it has kept."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from servers import Process, free_port

PROMETHEUS = shutil.which("prometheus")


class PrometheusServer:
    """Prometheus while it runs; ``ask`` is its HTTP API."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, route: str, **query: str) -> Any:
        """The data of an answer of /api/v1."""
        address = f"http://127.0.0.1:{self._port}/api/v1/{route}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]

    def targets(self) -> Mapping[str, Any]:
        """Each job's target once all have been scraped."""
        deadline = time.monotonic() + 60
        while True:
            found = {target["scrapePool"]: target for target in self.ask("targets")["activeTargets"]}
            if found and all(target["health"] != "unknown" for target in found.values()):
                return found
            assert time.monotonic() < deadline, "Prometheus does not scrape"
            time.sleep(0.1)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextlib.contextmanager
def prometheus_server(jobs: Sequence[Mapping[str, Any]], directory: Path) -> Iterator[PrometheusServer]:
    """Run it with these scrape configurations (Prometheus' own keys) while the context is open."""
    assert PROMETHEUS is not None
    port = free_port()
    config = directory / "prometheus.yml"
    config.write_text(json.dumps({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": list(jobs)}))
    argv = [
        PROMETHEUS,
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    server = Process(argv, directory, lambda: _answers(port), signal.SIGTERM)
    server.start()
    try:
        yield PrometheusServer(port)
    finally:
        server.stop()
