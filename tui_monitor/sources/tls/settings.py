"""The keys of a TLS check."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterable
from typing import Literal

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, FilePath, HostName, TlsVersion
from tui_monitor.config.section import key
from tui_monitor.sources.target import host_target

METRICS = (
    "probe_phase_seconds", "probe_ssl_earliest_cert_expiry", "probe_ssl_leaf_cert_expiry", "probe_ssl_expiry_warning_seconds",
)  # fmt: skip
"""The names of its series, beside those of every check."""


class TlsCheck(CheckSettings):
    """The TLS and the certificate of any port, or a certificate file."""

    host: HostName = key(default="", doc="name or address", shown="required without file", example="mail.example.com")
    port: int = key(default=443, doc="port", ge=1, le=65535)
    file: FilePath | None = key(
        default=None, doc="a certificate or chain on this machine (PEM), in place of host", example="/etc/ssl/own.pem"
    )
    server_name: str = key(
        default="", doc="the name asked for (SNI) and looked for in the certificate", shown="host", example="example.com"
    )
    starttls: Literal["", "smtp", "imap", "pop3", "ftp", "ldap", "postgres"] = key(
        default="", doc="the protocol that begins without TLS: smtp, imap, pop3, ftp, ldap or postgres", shown="none", example="smtp"
    )
    all_addresses: bool = key(default=False, doc="test each address of the name: one may serve another certificate")
    pin: str = key(
        default="",
        doc="SHA-256 of the certificate's public key (SPKI) in base64; several with blanks between",
        shown="none",
        example="sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    )
    min_version: TlsVersion = key(default="1.2", doc="unhealthy where an older version of TLS is agreed on")
    verify: bool = key(default=True, doc="verify the certificate")
    ca_file: FilePath | None = key(default=None, doc="certificate authorities to trust (PEM)", example="/etc/ssl/my-ca.pem")
    cert_file: FilePath | None = key(default=None, doc="client certificate (PEM)", example="/etc/ssl/client.pem")
    key_file: FilePath | None = key(default=None, doc="client key (PEM)", example="/etc/ssl/client.key")
    tls_expiry_warning: Duration = key(
        default=14 * 86400.0,
        doc="degraded when the certificate ends sooner, or when a third of its lifetime is left where that is later; 0s: never",
    )
    tls_min_version: TlsVersion = key(default="1.2", doc="the oldest version of TLS that is offered: 1.0, 1.1, 1.2 or 1.3")
    tls_legacy_renegotiation: bool = key(default=False, doc="talk to old servers without secure renegotiation (RFC 5746)")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: no target, an invalid pin."""
        yield from super().problems(given)
        if not self.host and not self.file:
            yield "", "host or file is missing"
        for pin in self.pins():
            if not _is_sha256(pin):
                yield "pin", f'"{pin}" is no SHA-256 in base64; sha256/ and 44 characters are wanted'

    def pins(self) -> list[str]:
        """The pins in base64, without the prefixes of other programs: sha256/ (most), sha256// (curl)."""
        return [_SHA256.sub("", pin) for pin in self.pin.split()]


_SHA256 = re.compile(r"^sha256/(/(?=.{44}$))?")
"""What stands before a pin; a pin itself may begin with "/"."""


def _is_sha256(pin: str) -> bool:
    try:
        return len(base64.b64decode(pin, validate=True)) == 32
    except binascii.Error:
        return False


def target(check: TlsCheck) -> tuple[str, bool]:
    """host:port, or the file."""
    if not check.host:
        return check.file or "", True
    return host_target(check.host, check.port)
