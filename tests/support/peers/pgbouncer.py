"""PgBouncer (Debian package pgbouncer) before a PostgreSQL of the tests: its own words for wrong passwords and full pools."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

from tests.support.peers.base import Peer, give_to_nobody, program, running
from tests.support.servers import PostgresServer, free_port

USER, PASSWORD = "postgres", "pool secret"


class PgBouncer(Peer):
    """PgBouncer with one user; the database `postgres` is the server's, any other name is refused."""

    def __init__(self, directory: Path, server: PostgresServer, settings: dict[str, str]) -> None:
        port = free_port()
        (directory / "users.txt").write_text(f'"{USER}" "{PASSWORD}"\n')
        options = {
            "listen_addr": "127.0.0.1", "listen_port": str(port), "unix_socket_dir": "", "auth_type": "scram-sha-256",
            "auth_file": f"{directory}/users.txt", **settings,
        }  # fmt: skip
        lines = "".join(f"{name} = {value}\n" for name, value in options.items())
        databases = f"[databases]\npostgres = host=127.0.0.1 port={server.port}\n"
        (directory / "pgbouncer.ini").write_text(f"{databases}[pgbouncer]\n{lines}")
        give_to_nobody(directory)
        binary = program("pgbouncer", "install the package `pgbouncer`")
        super().__init__([binary, f"{directory}/pgbouncer.ini"], directory, port, stop_signal=signal.SIGINT, as_nobody=True)

    def dsn(self, user: str = USER, password: str = PASSWORD, database: str = "postgres") -> str:
        """How to connect as this role."""
        return f"postgresql://{user}:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"


def pgbouncer(server: PostgresServer, **settings: str) -> contextlib.AbstractContextManager[PgBouncer]:
    """A running PgBouncer; keywords are its settings, for example ``max_client_conn="1"``."""
    return running(lambda directory: PgBouncer(directory, server, settings))
