"""The keys of a DNS check."""

from __future__ import annotations

from typing import Any, Literal

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import FilePath, HostName, Regex
from tui_monitor.config.section import key
from tui_monitor.sources.target import host_target

METRICS = (
    "probe_dns_lookup_time_seconds", "probe_dns_answers", "probe_dns_ttl_seconds", "probe_dns_serial",
)  # fmt: skip
"""The names of its series, beside those of every check."""
TLS_PORT = 853
"""DNS over TLS (RFC 7858, section 3.1)."""


class DnsCheck(CheckSettings):
    """A DNS server and its answer for one name."""

    server: HostName = key(doc="the server's name or address", min_length=1, example="192.0.2.53")
    port: int = key(default=53, doc="the server's port", shown="53; tls 853", ge=1, le=65535)
    transport: Literal["udp", "tcp", "tls"] = key(default="udp", doc="udp (TCP where an answer is cut short), tcp or tls")
    query: str = key(doc="the name that is asked for", min_length=1, example="www.example.com")
    record: str = key(default="A", doc="the type of record: A, AAAA, CNAME, MX, NS, SOA, SRV, TXT and so on", min_length=1)
    class_: str = key(default="IN", doc="IN, or CH as in version.bind", min_length=1)
    rcode: str = key(default="NOERROR", doc="the wanted outcome: NOERROR with a record, NODATA, NXDOMAIN, REFUSED and so on")
    expect: list[str] = key(default=[], doc="exactly these answers, in any order", example=["192.0.2.10"])
    expect_regex: Regex | None = key(default=None, doc="regular expression (RE2) found in one of the answers", example="^192\\.0\\.2\\.")
    dnssec: bool = key(default=False, doc="the server must have validated the answer (AD flag)")
    server_name: str = key(default="", doc="tls: the name in its certificate", shown="the server", example="dns.example.com")
    ca_file: FilePath | None = key(default=None, doc="tls: certificate authorities to trust (PEM)", example="/etc/ssl/own-ca.pem")

    @classmethod
    def prepared(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The default port follows from the protocol: DNS over TLS has its own."""
        given = super().prepared(given)
        if given.get("transport") == "tls":
            given.setdefault("port", TLS_PORT)
        return given


def target(check: DnsCheck) -> tuple[str, bool]:
    """The server's host:port."""
    return host_target(check.server, check.port)
