"""The keys that SMTP and IMAP checks share."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, FilePath, HostName, Regex, TlsVersion
from tui_monitor.config.section import key

MAIL_METRICS = (
    "probe_phase_seconds", "probe_ssl_earliest_cert_expiry", "probe_ssl_expiry_warning_seconds",
)  # fmt: skip
"""The names of their series, beside those of every check."""


class MailCheck(CheckSettings):
    """A mail server's greeting, capabilities and TLS."""

    TLS_PORT: ClassVar[int] = 0

    host: HostName = key(doc="name or address", min_length=1, example="mail.example.com")
    port: int = key(default=0, doc="port", ge=1, le=65535)
    tls: bool = key(default=False, doc="TLS from the first byte on, in place of STARTTLS")
    starttls: Literal["auto", "required", "no"] = key(
        default="auto", doc="auto: where the server offers it; required: unhealthy where it does not; no: never"
    )
    expect: Regex | None = key(default=None, doc="regular expression (RE2) found in the greeting", example="ESMTP")
    verify: bool = key(default=True, doc="verify the certificate")
    ca_file: FilePath | None = key(default=None, doc="certificate authorities to trust (PEM)", example="/etc/ssl/my-ca.pem")
    tls_expiry_warning: Duration = key(
        default=14 * 86400.0,
        doc="degraded when the certificate ends sooner, or when a third of its lifetime is left where that is later; 0s: never",
    )
    tls_min_version: TlsVersion = key(default="1.2", doc="the oldest version of TLS: 1.0, 1.1, 1.2 or 1.3")

    @classmethod
    def prepared(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The default port follows from ``tls``: implicit TLS has its own."""
        given = super().prepared(given)
        if given.get("tls") is True:
            given.setdefault("port", cls.TLS_PORT)
        return given
