"""Clients of Prometheus' API that npm has (`npm ci` in tests/support/npm): prometheus-query and the editor's codemirror-promql."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.peers.base import program, run
from tests.support.servers import ServerMissing

_NPM = Path(__file__).resolve().parents[1] / "npm"


def prometheus_clients(url: str, token: str) -> dict[str, Any]:
    """What both clients say of the server at this address; ServerMissing without node or the packages."""
    if not (_NPM / "node_modules" / "prometheus-query").exists():
        raise ServerMissing("no prometheus-query for the tests: run `npm ci` in tests/support/npm")
    answer = run([program("node", "install the package `npm`"), str(_NPM / "prometheus_clients.js"), url, token])
    found: dict[str, Any] = json.loads(answer)
    return found
