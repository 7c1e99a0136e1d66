"""vmalert (Debian package victoria-metrics, 1.79): evaluates rules over a Prometheus API and sends alerts as Prometheus does."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.peers.base import Peer, program, running
from tests.support.servers import free_port

_INSTALL = "install the package `victoria-metrics`"


class Vmalert(Peer):
    """vmalert with these rules (YAML) over a data source; its alerts go to ``notifier``, with a token where one is given."""

    def __init__(self, directory: Path, rules: str, source: str, notifier: str, token: str = "") -> None:
        port = free_port()
        (directory / "rules.yml").write_text(rules, encoding="utf-8")
        argv = [
            program("vmalert", _INSTALL), f"-rule={directory}/rules.yml", f"-datasource.url={source}", f"-notifier.url={notifier}",
            *([f"-notifier.bearerToken={token}"] if token else []), f"-httpListenAddr=127.0.0.1:{port}", "-evaluationInterval=1s",
        ]  # fmt: skip
        super().__init__(argv, directory, port)

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that it holds."""
        with urllib.request.urlopen(f"{self.url}/api/v1/alerts", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["alerts"]
            return found


def vmalert(rules: str, source: str, notifier: str, token: str = "") -> contextlib.AbstractContextManager[Vmalert]:
    """A running vmalert."""
    return running(lambda directory: Vmalert(directory, rules, source, notifier, token))
