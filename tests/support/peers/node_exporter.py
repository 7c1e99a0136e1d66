"""node_exporter (Debian package prometheus-node-exporter): a metrics page of Prometheus' text format 0.0.4."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import Peer, program, running
from tests.support.servers import free_port


class NodeExporter(Peer):
    """node_exporter with its default collectors, at ``metrics_url``."""

    def __init__(self, directory: Path, options: tuple[str, ...]) -> None:
        port = free_port()
        binary = program("prometheus-node-exporter", "install the package `prometheus-node-exporter`")
        super().__init__([binary, f"--web.listen-address=127.0.0.1:{port}", *options], directory, port)

    @property
    def metrics_url(self) -> str:
        """The page to scrape."""
        return f"{self.url}/metrics"


def node_exporter(*options: str) -> contextlib.AbstractContextManager[NodeExporter]:
    """A running node_exporter; options are its own, for example "--collector.disable-defaults"."""
    return running(lambda directory: NodeExporter(directory, options))
