"""Alertmanager (Debian package prometheus-alertmanager) and its command amtool."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import Peer, program, run, running
from tests.support.servers import free_port

_INSTALL = "install the package `prometheus-alertmanager`"
_CONFIG = "route: {receiver: none, group_wait: 1s, group_interval: 1s}\nreceivers: [{name: none}]\n"


class Alertmanager(Peer):
    """Alertmanager alone (no cluster), its data in the scratch directory."""

    def __init__(self, directory: Path, config: str) -> None:
        port = free_port()
        (directory / "alertmanager.yml").write_text(config, encoding="utf-8")
        argv = [
            program("prometheus-alertmanager", _INSTALL), f"--config.file={directory}/alertmanager.yml",
            f"--storage.path={directory}/data", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
        ]  # fmt: skip
        super().__init__(argv, directory, port)

    def amtool(self, *arguments: str) -> str:
        """The output of amtool against this server, for example ``amtool("alert", "query", "-o", "json")``."""
        return run([program("amtool", _INSTALL), f"--alertmanager.url={self.url}", *arguments])


def alertmanager(config: str = _CONFIG) -> contextlib.AbstractContextManager[Alertmanager]:
    """A running Alertmanager with this configuration (YAML)."""
    return running(lambda directory: Alertmanager(directory, config))
