"""OpenSSH's server (Debian package openssh-server), run as nobody: banner and key exchange, no login."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import Peer, give_to_nobody, program, run, running
from tests.support.servers import free_port

_INSTALL = "install the package `openssh-server`"


class Sshd(Peer):
    """sshd on one port with an Ed25519 host key; ``options`` are lines of sshd_config, for example "VersionAddendum x"."""

    def __init__(self, directory: Path, options: tuple[str, ...]) -> None:
        port = free_port()
        key = directory / "hostkey"
        run([program("ssh-keygen", _INSTALL), "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
        give_to_nobody(directory)
        lines = ("ListenAddress 127.0.0.1", f"Port {port}", f"HostKey {key}", "PidFile none", "UsePAM no", "StrictModes no", *options)
        settings = [part for line in lines for part in ("-o", line)]
        super().__init__([program("sshd", _INSTALL), "-D", "-e", "-f", "/dev/null", *settings], directory, port, as_nobody=True)


def sshd(*options: str) -> contextlib.AbstractContextManager[Sshd]:
    """A running sshd."""
    return running(lambda directory: Sshd(directory, options))
