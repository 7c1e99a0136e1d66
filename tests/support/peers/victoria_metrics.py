"""VictoriaMetrics (Debian package victoria-metrics, version 1.79): an engine that takes remote write and answers PromQL."""

from __future__ import annotations

import contextlib
import json
import signal
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.peers.base import Peer, program, running
from tests.support.servers import free_port


class VictoriaMetrics(Peer):
    """VictoriaMetrics with its data in the scratch directory; what was written is seen at once (latencyOffset 0)."""

    def __init__(self, directory: Path) -> None:
        port = free_port()
        argv = [
            program("victoria-metrics", "install the package `victoria-metrics`"), f"-storageDataPath={directory}/data",
            f"-httpListenAddr=127.0.0.1:{port}", "-memory.allowedPercent=5", "-search.latencyOffset=0s", "-loggerLevel=ERROR",
        ]  # fmt: skip
        super().__init__(argv, directory, port, ready=self._is_ready, stop_signal=signal.SIGTERM)

    def get(self, path: str, **parameters: str) -> Any:
        """The ``data`` of an API answer; results are not cached."""
        query = urllib.parse.urlencode({**parameters, "nocache": "1"})
        with urllib.request.urlopen(f"{self.url}{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def flush(self) -> None:
        """Make what was written visible to queries."""
        with urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=10):
            pass

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/health", timeout=1) as answer:
            return bool(answer.status == 200)
        return False


def victoria_metrics() -> contextlib.AbstractContextManager[VictoriaMetrics]:
    """A running VictoriaMetrics."""
    return running(VictoriaMetrics)
