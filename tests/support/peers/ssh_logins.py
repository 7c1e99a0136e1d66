"""Logins over a real sshd on loopback: each host of an ssh_config is one key with a forced command, as `authorized_keys` allows."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.support.peers.base import Peer, program, run, running
from tests.support.servers import free_port

_INSTALL = "install the package `openssh-server`"
_PRIVATE_RUN = 'mount -t tmpfs tmpfs /run && mkdir /run/sshd && exec "$@"'
"""sshd needs its privilege separation directory; as root it gets one in a mount namespace of its own."""


class SshLogins(Peer):
    """sshd that lets this user in by keys. ``bin``: a folder with an `ssh` that uses this server's configuration."""

    def __init__(self, directory: Path) -> None:
        port = free_port()
        directory.chmod(0o700)
        self.keys = directory / "authorized_keys"
        self.config = directory / "ssh_config"
        self.known_hosts = directory / "known_hosts"
        self.keys.touch(mode=0o600)
        self.host_key = self._key(directory / "host_key")
        self.known_hosts.write_text(f"[127.0.0.1]:{port} {self.host_key}\n")
        self.config.write_text(
            f"Host *\n  ControlMaster no\n  ControlPath none\n  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile none\n"
        )
        lines = (
            "ListenAddress 127.0.0.1", f"Port {port}", f"HostKey {directory / 'host_key'}", "PidFile none", "UsePAM no", "StrictModes no",
            f"AuthorizedKeysFile {self.keys}", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password", "MaxStartups 50",
        )  # fmt: skip
        argv = [program("sshd", _INSTALL), "-D", "-e", "-f", "/dev/null", *(part for line in lines for part in ("-o", line))]
        if os.geteuid() == 0:
            argv = [program("unshare", "install util-linux"), "-m", "sh", "-c", _PRIVATE_RUN, "sh", *argv]
        super().__init__(argv, directory, port)
        self.bin = directory / "bin"
        self.bin.mkdir()
        client = self.bin / "ssh"
        client.write_text(f'#!/bin/sh\nexec {shlex.quote(program("ssh", "install openssh-client"))} -F {self.config} "$@"\n')
        client.chmod(0o755)

    def add(self, name: str, command: str, options: str = "restrict") -> None:
        """A host of the ssh_config whose login runs this command of the shell, whatever is asked for."""
        key = self._key(self.directory / name)
        escaped = command.replace('"', '\\"')
        with self.keys.open("a") as stream:
            stream.write(f'{options},command="{escaped}" {key}\n')
        self.write_host(name, self.directory / name)

    def add_monitor(self, name: str, state: Path, *options: str, prelude: str = "") -> None:
        """A host whose login runs `tui-monitor stdio` of these sources on a state directory."""
        argv = [sys.executable, "-m", "tui_monitor", "stdio", "--state", str(state), *options]
        self.add(name, f"{prelude}exec {shlex.join(argv)}")

    def write_host(self, name: str, identity: Path, **settings: str) -> None:
        """A Host section of the ssh_config."""
        known: Mapping[str, str] = {
            "HostName": "127.0.0.1", "Port": str(self.port), "User": getpass.getuser(), "IdentityFile": str(identity),
            "IdentitiesOnly": "yes", **settings,
        }  # fmt: skip
        with self.config.open("a") as stream:
            stream.write("".join([f"Host {name}\n", *(f"  {key} {value}\n" for key, value in known.items())]))

    @staticmethod
    def _key(path: Path) -> str:
        """Make a key; its public half."""
        run([program("ssh-keygen", _INSTALL), "-q", "-t", "ed25519", "-N", "", "-f", str(path)])
        return path.with_suffix(".pub").read_text().strip() if not path.suffix else Path(f"{path}.pub").read_text().strip()


def ssh_logins() -> contextlib.AbstractContextManager[SshLogins]:
    """A running sshd with logins."""
    return running(SshLogins)


@contextlib.contextmanager
def in_path(logins: SshLogins) -> Iterator[None]:
    """The block in which `ssh` is this server's."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = f"{logins.bin}:{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before
