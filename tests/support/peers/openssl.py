"""openssl s_server: an HTTPS server that speaks the versions of TLS that the test asks for, and says so in alerts."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import Peer, program, running
from tests.support.peers.certificates import certificate_files
from tests.support.servers import free_port


class OpensslServer(Peer):
    """`openssl s_server -www` on one port, with a certificate for 127.0.0.1 of an authority of its own (``ca``)."""

    def __init__(self, directory: Path, options: tuple[str, ...]) -> None:
        port = free_port()
        files = certificate_files(directory)
        self.ca = files.ca
        binary = program("openssl", "install the package `openssl`")
        argv = [binary, "s_server", "-accept", f"127.0.0.1:{port}", "-cert", files.chain, "-key", files.key, "-www", "-quiet", *options]
        super().__init__(argv, directory, port)


def openssl_server(*options: str) -> contextlib.AbstractContextManager[OpensslServer]:
    """A running server with these options of s_server, for example "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"."""
    return running(lambda directory: OpensslServer(directory, options))
