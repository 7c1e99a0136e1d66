"""The keys of a TCP check."""

from __future__ import annotations

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, FilePath, HostName, TlsVersion
from tui_monitor.config.section import key
from tui_monitor.sources.target import host_target

METRICS = (
    "probe_phase_seconds", "probe_ssl_earliest_cert_expiry", "probe_ssl_expiry_warning_seconds",
)  # fmt: skip
"""The names of its series, beside those of every check."""


class TcpCheck(CheckSettings):
    """A TCP port, with TLS where wanted."""

    host: HostName = key(doc="name or address", min_length=1, example="127.0.0.1")
    port: int = key(doc="port", ge=1, le=65535, example=8080)
    tls: bool = key(default=False, doc="connect with TLS")
    verify: bool = key(default=True, doc="with tls: verify the certificate")
    ca_file: FilePath | None = key(default=None, doc="with tls: certificate authorities to trust (PEM)", example="/etc/ssl/my-ca.pem")
    tls_expiry_warning: Duration = key(
        default=14 * 86400.0,
        doc="degraded when the certificate ends sooner, or when a third of its lifetime is left where that is later; 0s: never",
    )
    tls_min_version: TlsVersion = key(default="1.2", doc="the oldest version of TLS: 1.0, 1.1, 1.2 or 1.3")
    tls_legacy_renegotiation: bool = key(default=False, doc="talk to old servers without secure renegotiation (RFC 5746)")
    send: str | None = key(default=None, doc="text to send after connecting", example="PING\r\n")
    expect: str | None = key(default=None, doc="text that the answer contains", example="+PONG")


def target(check: TcpCheck) -> tuple[str, bool]:
    """host:port."""
    return host_target(check.host, check.port)
