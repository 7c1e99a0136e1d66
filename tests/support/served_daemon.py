"""A real daemon with [http] on a free port, for tests whose clients are programs."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT
from tests.support.peers.base import run, wait_until
from tests.support.processes import environment
from tests.support.servers import free_port

HTTP = """
[http]
listen = "127.0.0.1:{port}"
socket = false
open = ["metrics", "read"]
"""


class ServedDaemon:
    """The address of a daemon, and what GETs of its Prometheus API answer."""

    def __init__(self, port: int, place: Path) -> None:
        self.port = port
        self._place = place
        self.url = f"http://127.0.0.1:{port}"

    def token(self, name: str) -> str:
        """A new token that may read; its requests are counted apart."""
        argv = [sys.executable, "-m", "tui_monitor", "token", "add", name, "--scope", "read"]
        argv += ["--config", str(self._place / "config.toml"), "--state", str(self._place / "state")]
        return run(argv, environment=environment()).split()[-1]

    def page(self, path: str, **headers: str) -> str:
        """The text of a page; where that was one request too many, it waits as long as it is told."""
        request = urllib.request.Request(self.url + path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        while True:
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return str(answer.read().decode())
            except urllib.error.HTTPError as refusal:
                if refusal.code != 429:
                    raise
                time.sleep(int(refusal.headers["retry-after"]))

    def get(self, path: str, pairs: Sequence[tuple[str, str]] = (), **parameters: str) -> Any:
        """The ``data`` of an answer; urllib.error.HTTPError for a refusal."""
        return json.loads(self.page(f"/api/v1/{path}?{urllib.parse.urlencode([*pairs, *parameters.items()])}"))["data"]

    def vector(self, expr: str) -> dict[str, float]:
        """An instant vector as {labels as JSON: value}."""
        found = self.get("query", query=expr)["result"]
        return {json.dumps(one["metric"], sort_keys=True): float(one["value"][1]) for one in found}

    def wait_for(self, expr: str) -> None:
        """Wait until an expression has a series."""
        wait_until(lambda: bool(self.vector(expr)), 60.0)


@contextlib.contextmanager
def served_daemon(place: Path, config: str) -> Iterator[ServedDaemon]:
    """A daemon with [http] after this configuration; ``{port}`` in it is its port."""
    port = free_port()
    file = place / "config.toml"
    file.write_text((config + HTTP).replace("{port}", str(port)))
    file.chmod(0o600)
    argv = [sys.executable, "-m", "tui_monitor", "--headless", "--config", str(file), "--state", str(place / "state")]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())
    try:
        daemon = ServedDaemon(port, place)
        wait_until(lambda: _ready(daemon, process, place / "log"), 60.0)
        yield daemon
    finally:
        process.terminate()
        process.wait(20)


def _ready(daemon: ServedDaemon, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    with contextlib.suppress(OSError):
        return daemon.page("/-/ready").startswith("tui-monitor is Ready")
    return False
