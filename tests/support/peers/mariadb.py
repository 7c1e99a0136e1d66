"""MariaDB 10.11 (Debian package mariadb-server) with TLS; the superuser `root` has no password."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

from tests.support.peers.base import Peer, give_to_nobody, program, run, running
from tests.support.peers.certificates import certificate_files
from tests.support.servers import free_port

_INSTALL = "install the package `mariadb-server`"


class MariaDb(Peer):
    """MariaDB on one port of 127.0.0.1 and on ``socket``; trust ``ca_file`` for TLS."""

    def __init__(self, directory: Path, options: tuple[str, ...]) -> None:
        port = free_port()
        data = directory / "data"
        self.socket = directory / "s"
        files = certificate_files(directory)
        self.ca_file = files.ca
        run([
            program("mariadb-install-db", _INSTALL), "--no-defaults", "--user=nobody", f"--datadir={data}",
            "--auth-root-authentication-method=normal", "--skip-test-db",
        ])  # fmt: skip
        give_to_nobody(directory)
        argv = [
            program("mariadbd", _INSTALL), "--no-defaults", f"--datadir={data}", f"--socket={self.socket}", "--bind-address=127.0.0.1",
            f"--port={port}", "--skip-name-resolve", "--innodb-buffer-pool-size=8M", "--performance-schema=OFF",
            f"--ssl-cert={files.chain}", f"--ssl-key={files.key}", *options,
        ]  # fmt: skip
        super().__init__(argv, directory, port, stop_signal=signal.SIGTERM, as_nobody=True)

    def sql(self, text: str) -> str:
        """The output of statements run as the superuser: tab-separated rows without a head."""
        return run([program("mariadb", _INSTALL), "--no-defaults", "-uroot", f"--socket={self.socket}", "-N", "-B"], stdin=text)

    def dsn(self, user: str = "root", password: str = "", database: str = "mysql") -> str:
        """How to connect as this account."""
        secret = f":{password}" if password else ""
        return f"mysql://{user}{secret}@127.0.0.1:{self.port}/{database}"


def mariadb(*options: str) -> contextlib.AbstractContextManager[MariaDb]:
    """A running MariaDB; options are its own, for example "--max-connections=3"."""
    return running(lambda directory: MariaDb(directory, options))
