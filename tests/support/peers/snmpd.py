"""Net-SNMP's agent (Debian package snmpd): v2c with the community "public", v3 with authentication and privacy."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import Peer, program, running, udp_answer
from tests.support.servers import free_port

USER, AUTH_PASSWORD, PRIVACY_PASSWORD = "monitor", "auth secret 1", "priv secret 1"
COMMUNITY = "public"
# SNMPv2c GetRequest of sysUpTime.0 (1.3.6.1.2.1.1.3.0), community "public".
GET_UPTIME = bytes.fromhex("302902010104067075626c6963a01c020412345678020100020100300e300c06082b060102010103000500")
_CONFIG = f"""\
rocommunity {COMMUNITY} 127.0.0.1
createUser {USER} SHA-256 "{AUTH_PASSWORD}" AES "{PRIVACY_PASSWORD}"
rouser {USER} authPriv
sysName peer.test
sysLocation here
extend words /bin/echo 12.5
"""


class Snmpd(Peer):
    """snmpd on one UDP port."""

    def __init__(self, directory: Path, config: str) -> None:
        port = free_port()
        (directory / "snmpd.conf").write_text(_CONFIG + f"[snmp] persistentDir {directory}/state\n" + config)
        binary = program("snmpd", "install the package `snmpd`")
        argv = [binary, "-f", "-Lo", "-C", "-c", f"{directory}/snmpd.conf", "-p", f"{directory}/pid", f"udp:127.0.0.1:{port}"]
        super().__init__(argv, directory, port, ready=lambda: bool(udp_answer(port, GET_UPTIME)))


def snmpd(config: str = "") -> contextlib.AbstractContextManager[Snmpd]:
    """A running agent; ``config`` is added to its snmpd.conf."""
    return running(lambda directory: Snmpd(directory, config))
