"""Prometheus (Debian package prometheus, version 2.42): the oracle for scraping and PromQL; promtool comes with it."""

from __future__ import annotations

import contextlib
import json
import signal
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.peers.base import Peer, program, running
from tests.support.servers import free_port

_INSTALL = "install the package `prometheus`"


class Prometheus(Peer):
    """Prometheus with this configuration text, its data in the scratch directory."""

    def __init__(self, directory: Path, config: str, arguments: Sequence[str] = ()) -> None:
        port = free_port()
        (directory / "prometheus.yml").write_text(config, encoding="utf-8")
        argv = [
            program("prometheus", _INSTALL), f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn", *arguments,
        ]  # fmt: skip
        super().__init__(argv, directory, port, ready=self._is_ready, stop_signal=signal.SIGTERM)

    def get(self, path: str, **parameters: str) -> Any:
        """The ``data`` of an API answer, for example ``get("/api/v1/query", query="up")``; urllib.error.HTTPError for a refusal."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/-/ready", timeout=1) as answer:
            return bool(answer.status == 200)
        return False


def promtool() -> str:
    """The path of promtool."""
    return program("promtool", _INSTALL)


def prometheus(config: str = "global: {scrape_interval: 1s}\n", *arguments: str) -> contextlib.AbstractContextManager[Prometheus]:
    """A running Prometheus with this configuration (YAML) and further arguments."""
    return running(lambda directory: Prometheus(directory, config, arguments))
