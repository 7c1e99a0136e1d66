"""gnutls-serv (Debian package gnutls-bin): a TLS server that can leave out what OpenSSL always has, such as secure renegotiation."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import Peer, program, running
from tests.support.peers.certificates import certificate_files
from tests.support.servers import free_port

WITHOUT_RFC_5746 = "NORMAL:-VERS-TLS1.3:%DISABLE_SAFE_RENEGOTIATION"


class GnutlsServer(Peer):
    """An HTTPS server with its status page, on one port."""

    def __init__(self, directory: Path, priority: str) -> None:
        port = free_port()
        files = certificate_files(directory)
        binary = program("gnutls-serv", "install the package `gnutls-bin`")
        argv = [binary, "--http", "--port", str(port), "--priority", priority, "--x509certfile", files.chain, "--x509keyfile", files.key]
        super().__init__(argv, directory, port)


def gnutls_server(priority: str = WITHOUT_RFC_5746) -> contextlib.AbstractContextManager[GnutlsServer]:
    """A running server with this GnuTLS priority string."""
    return running(lambda directory: GnutlsServer(directory, priority))
