"""Dovecot (Debian package dovecot-imapd): IMAP with STARTTLS and with implicit TLS, one user."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import Peer, need_root, port_open, program, running
from tests.support.peers.certificates import certificate_files
from tests.support.servers import free_port

USER, PASSWORD = "monitor", "imap-secret"  # no space: it would end the value in Dovecot's static passdb
_CONFIG = """\
base_dir = {directory}/run
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
default_client_limit = 64
default_process_limit = 8
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = yes
mail_location = maildir:{directory}/mail
state_dir = {directory}/state
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={directory}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""


class Dovecot(Peer):
    """Dovecot: STARTTLS at ``port``, TLS at ``tls_port``; trust ``ca_file``."""

    def __init__(self, directory: Path) -> None:
        need_root("dovecot")
        port, self.tls_port = free_port(), free_port()
        files = certificate_files(directory)
        self.ca_file = files.ca
        text = _CONFIG.format(directory=directory, chain=files.chain, key=files.key, password=PASSWORD, port=port, tls_port=self.tls_port)
        (directory / "dovecot.conf").write_text(text)
        binary = program("dovecot", "install the package `dovecot-imapd`")
        super().__init__([binary, "-F", "-c", str(directory / "dovecot.conf")], directory, port, ready=self._is_ready)

    def stop(self) -> None:
        """End it by force, children too: in order it takes 6 s."""
        self.kill()

    def _is_ready(self) -> bool:
        return port_open(self.port) and port_open(self.tls_port)


def dovecot() -> contextlib.AbstractContextManager[Dovecot]:
    """A running Dovecot."""
    return running(Dovecot)
