"""The keys of an HTTP check."""

from __future__ import annotations

from typing import Any

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, FilePath, HttpAddress, Regex, SecretText, Size, StatusCode, TlsVersion
from tui_monitor.config.section import key
from tui_monitor.sources.target import url_target

METRICS = (
    "probe_phase_seconds", "probe_http_status_code", "probe_ssl_earliest_cert_expiry", "probe_ssl_expiry_warning_seconds",
)  # fmt: skip
"""The names of its series, beside those of every check."""


class HttpKeys(CheckSettings):
    """Keys shared by kinds that speak HTTP: address, TLS and authentication."""

    url: HttpAddress = key(doc="http:// or https://", example="https://api.example.com/health")
    verify: bool = key(default=True, doc="verify the certificate")
    ca_file: FilePath | None = key(default=None, doc="certificate authorities to trust (PEM)", example="/etc/ssl/my-ca.pem")
    cert_file: FilePath | None = key(default=None, doc="client certificate (PEM)", example="/etc/ssl/client.pem")
    key_file: FilePath | None = key(default=None, doc="client key (PEM)", example="/etc/ssl/client.key")
    username: str | None = key(default=None, doc="basic authentication", example="monitor")
    password: SecretText | None = key(default=None, doc="basic authentication", example="${PASSWORD}")
    bearer: SecretText | None = key(default=None, doc="bearer token", example="${TOKEN}")
    tls_expiry_warning: Duration = key(
        default=14 * 86400.0,
        doc="degraded when the certificate ends sooner, or when a third of its lifetime is left where that is later; 0s: never",
    )
    tls_min_version: TlsVersion = key(default="1.2", doc="the oldest version of TLS: 1.0, 1.1, 1.2 or 1.3")
    tls_legacy_renegotiation: bool = key(default=False, doc="talk to old servers without secure renegotiation (RFC 5746)")


class HttpCheck(HttpKeys):
    """An HTTP or HTTPS endpoint."""

    method: str = key(default="GET", doc="the request's method")
    headers: dict[str, str] = key(default={}, doc="request headers", example={"Accept": "application/json"}, hide=True)
    body: str | None = key(default=None, doc="the request's body", example="{}")
    expect_status: list[StatusCode] | None = key(
        default=None,
        doc="accepted status codes; a redirect code that is named here is not followed",
        shown="200-299, after redirects",
        min_length=1,
        example=[200],
    )
    expect_body: str | None = key(default=None, doc="text that the body contains", example="ok")
    expect_regex: Regex | None = key(
        default=None, doc="regular expression (RE2) that is found in the body; ^ and $ are its ends unless (?m)", example="ok|ready"
    )
    expect_json: dict[str, Any] = key(default={}, doc="JMESPath (jmespath.org) = value, several at once", example={"status": "ok"})
    expect_headers: dict[str, str] = key(default={}, doc="response header = text that its value contains", example={"content-type": "json"})
    follow_redirects: bool = key(
        default=True, doc="follow up to 10 redirects; credentials do not follow to another host, cookies go back to their site"
    )
    max_body: Size = key(default=2**20, doc="read at most this much of the body")
    keep_alive: bool = key(default=False, doc="keep the connection between probes (tests less: no DNS, TCP, TLS)")


def http_check(keys: HttpKeys, **more: Any) -> HttpCheck:
    """The request of another kind that speaks HTTP, with that kind's common keys, TLS and authentication; ``more``: keys of http."""
    shared = {name: getattr(keys, name) for name in ("name", "timeout", *HttpKeys.__annotations__)}
    return HttpCheck(**{**shared, **more})


def target(check: HttpKeys) -> tuple[str, bool]:
    """The address without credentials and query."""
    return url_target(check.url)
