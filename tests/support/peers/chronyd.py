"""chronyd (Debian package chrony): an NTP server that never touches the clock."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import Peer, need_root, program, running, udp_answer
from tests.support.servers import free_port

REQUEST = b"\x23" + bytes(47)  # version 4, mode 3 (client)


class Chronyd(Peer):
    """chronyd: synchronised at ``stratum``, or unsynchronised (leap indicator 3, stratum 0) when that is None."""

    def __init__(self, directory: Path, stratum: int | None) -> None:
        need_root("chronyd")
        port = free_port()
        local = f"local stratum {stratum}\n" if stratum is not None else ""
        config = f"port {port}\ncmdport 0\nbindaddress 127.0.0.1\nallow 127.0.0.1\npidfile {directory}/pid\n"
        (directory / "chrony.conf").write_text(config + f"bindcmdaddress {directory}/cmd\n" + local)
        binary = program("chronyd", "install the package `chrony`")
        argv = [binary, "-x", "-d", "-f", str(directory / "chrony.conf"), "-u", "root"]
        super().__init__(argv, directory, port, ready=lambda: len(udp_answer(port, REQUEST)) >= 48)


def chronyd(stratum: int | None = 8) -> contextlib.AbstractContextManager[Chronyd]:
    """A running NTP server."""
    return running(lambda directory: Chronyd(directory, stratum))
