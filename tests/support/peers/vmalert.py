"""vmalert (Debian package victoria-metrics): evaluates rules against a Prometheus API and sends alerts as Prometheus does."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import Peer, program, running
from tests.support.servers import free_port

_INSTALL = "install the package `victoria-metrics`"


class Vmalert(Peer):
    """vmalert with this rule file (YAML), a datasource and a notifier with a token."""

    def __init__(self, directory: Path, rules: str, datasource: str, notifier: str, token: str) -> None:
        port = free_port()
        (directory / "rules.yml").write_text(rules, encoding="utf-8")
        argv = [
            program("vmalert", _INSTALL), f"-rule={directory}/rules.yml", f"-datasource.url={datasource}", f"-notifier.url={notifier}",
            f"-notifier.bearerToken={token}", f"-httpListenAddr=127.0.0.1:{port}", "-evaluationInterval=1s",
        ]  # fmt: skip
        super().__init__(argv, directory, port)


def vmalert(rules: str, datasource: str, notifier: str, token: str) -> contextlib.AbstractContextManager[Vmalert]:
    """A running vmalert."""
    return running(lambda directory: Vmalert(directory, rules, datasource, notifier, token))
