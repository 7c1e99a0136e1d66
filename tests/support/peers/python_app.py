"""The web application of docs/recipes/python-web-application.md, in a process of its own (pip: prometheus-client)."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from pathlib import Path

from tests.support.peers.base import Peer, running
from tests.support.recipes import blocks
from tests.support.servers import ServerMissing, free_port


class PythonApp(Peer):
    """The page's application on one port: /, /health, /enqueue (500 jobs more), /work (none wait), /metrics; any other path fails."""

    def __init__(self, directory: Path) -> None:
        if importlib.util.find_spec("prometheus_client") is None:
            raise ServerMissing("no application with metrics for the tests: `pip install prometheus-client`")
        port = free_port()
        for name, text in zip(("metrics.py", "app.py"), blocks("python-web-application.md", "python"), strict=True):
            (directory / name).write_text(text)
        super().__init__([sys.executable, str(directory / "app.py"), str(port)], directory, port)


def python_app() -> contextlib.AbstractContextManager[PythonApp]:
    """A running application."""
    return running(PythonApp)
