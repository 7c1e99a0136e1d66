"""vmalert (Debian package victoria-metrics, version 1.79): evaluates alerting rules over a Prometheus API."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.peers.base import Peer, program, running
from tests.support.servers import free_port


class Vmalert(Peer):
    """vmalert with these rules (YAML) over one data source; what it notifies goes to ``notifier``."""

    def __init__(self, directory: Path, rules: str, source: str, notifier: str) -> None:
        port = free_port()
        (directory / "rules.yml").write_text(rules, encoding="utf-8")
        argv = [
            program("vmalert", "install the package `victoria-metrics`"), f"-rule={directory}/rules.yml", f"-datasource.url={source}",
            f"-notifier.url={notifier}", f"-httpListenAddr=127.0.0.1:{port}", "-evaluationInterval=1s",
        ]  # fmt: skip
        super().__init__(argv, directory, port)

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that it holds."""
        with urllib.request.urlopen(f"{self.url}/api/v1/alerts", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["alerts"]
            return found


def vmalert(rules: str, source: str, notifier: str) -> contextlib.AbstractContextManager[Vmalert]:
    """A running vmalert."""
    return running(lambda directory: Vmalert(directory, rules, source, notifier))
