"""Knot DNS (Debian package knot): an authoritative server of one signed zone, with answers too large for UDP."""

from __future__ import annotations

import contextlib
import os
import pwd
from pathlib import Path

from tests.support.peers.base import Peer, program, running, udp_answer
from tests.support.servers import free_port

ZONE = "example.test."
_RECORDS = """\
$ORIGIN example.test.
$TTL 60
@ SOA ns hostmaster 2026010101 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
www A 192.0.2.10
www A 192.0.2.11
www AAAA 2001:db8::10
alias CNAME www
mail MX 10 www
@ TXT "v=spf1 -all"
@ CAA 0 issue "ca.test"
_http._tcp SRV 0 5 80 www
"""
_BIG = "".join(f'big TXT "{number:03d} {"x" * 200}"\n' for number in range(12))
_CONFIG = """\
server:
    rundir: "{directory}"
    listen: 127.0.0.1@{port}
    user: {user}
database:
    storage: "{directory}"
log:
  - target: stderr
    any: warning
zone:
  - domain: {zone}
    file: "{directory}/zone"
    storage: "{directory}"
    zonefile-sync: -1
    dnssec-signing: on
"""
_QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x04test\x00\x00\x06\x00\x01"


class Knot(Peer):
    """knotd for ``ZONE`` over UDP and TCP: A, AAAA, CNAME, MX, SRV, TXT, CAA, signed (DNSSEC); "big" TXT is truncated over UDP."""

    def __init__(self, directory: Path, records: str) -> None:
        port = free_port()
        (directory / "zone").write_text(_RECORDS + _BIG + records, encoding="utf-8")
        user = pwd.getpwuid(os.geteuid()).pw_name
        (directory / "knot.conf").write_text(_CONFIG.format(directory=directory, port=port, user=user, zone=ZONE))
        binary = program("knotd", "install the package `knot`")
        super().__init__([binary, "-c", str(directory / "knot.conf")], directory, port, ready=self._is_ready)

    def _is_ready(self) -> bool:
        """It answers SERVFAIL until the zone has been loaded and signed: NOERROR (rcode 0) counts."""
        answer = udp_answer(self.port, _QUERY)
        return len(answer) > 12 and answer[3] & 15 == 0


def knot(records: str = "") -> contextlib.AbstractContextManager[Knot]:
    """A running Knot; ``records`` are more lines of the zone file."""
    return running(lambda directory: Knot(directory, records))
