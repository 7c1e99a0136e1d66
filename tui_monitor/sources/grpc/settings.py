"""The keys of a gRPC check."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, FilePath, HostName, TlsVersion
from tui_monitor.config.section import key
from tui_monitor.sources.target import host_target

METRICS = ("probe_grpc_status_code", "probe_ssl_earliest_cert_expiry", "probe_ssl_expiry_warning_seconds")
"""The names of its series, beside those of every check."""


class GrpcCheck(CheckSettings):
    """A gRPC server, by the standard health service (grpc.health.v1.Health)."""

    host: HostName = key(doc="name or address", min_length=1, example="127.0.0.1")
    port: int = key(doc="port", ge=1, le=65535, example=50051)
    service: str = key(
        default="", doc="the service whose health is asked for", shown="the whole server", max_length=1000, example="shop.Orders"
    )
    tls: bool = key(default=False, doc="speak TLS; the server must offer HTTP/2 in it (ALPN h2)")
    metadata: dict[str, str] = key(default={}, doc="headers of the call", example={"authorization": "Bearer ${TOKEN}"}, hide=True)
    server_name: str = key(default="", doc="the name for TLS and the header :authority", shown="host", example="grpc.example.com")
    verify: bool = key(default=True, doc="with tls: verify the certificate")
    ca_file: FilePath | None = key(default=None, doc="with tls: certificate authorities to trust (PEM)", example="/etc/ssl/my-ca.pem")
    cert_file: FilePath | None = key(default=None, doc="with tls: client certificate (PEM)", example="/etc/ssl/client.pem")
    key_file: FilePath | None = key(default=None, doc="with tls: client key (PEM)", example="/etc/ssl/client.key")
    tls_expiry_warning: Duration = key(
        default=14 * 86400.0,
        doc="degraded when the certificate ends sooner, or when a third of its lifetime is left where that is later; 0s: never",
    )
    tls_min_version: TlsVersion = key(default="1.2", doc="the oldest version of TLS: 1.0, 1.1, 1.2 or 1.3")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Metadata that HTTP/2 cannot carry."""
        yield from super().problems(given)
        for name, value in self.metadata.items():
            if not name or not all(letter.isascii() and (letter.isalnum() or letter in "-_.") for letter in name):
                yield "metadata", f'"{name}" is no name of a header; letters, digits, - _ and . are possible'
            elif not value.isascii() or not value.isprintable():
                yield "metadata", f"the value of {name} holds a character that a header cannot have"


def target(check: GrpcCheck) -> tuple[str, bool]:
    """host:port."""
    return host_target(check.host, check.port)
