"""The keys of an IMAP check."""

from __future__ import annotations

from tui_monitor.config.section import key
from tui_monitor.sources.net.mail_settings import MAIL_METRICS, MailCheck
from tui_monitor.sources.target import host_target

METRICS = MAIL_METRICS
"""The names of its series, beside those of every check."""


class ImapCheck(MailCheck):
    """An IMAP server, tested without a login."""

    TLS_PORT = 993

    port: int = key(default=143, doc="port", shown="143; with tls 993", ge=1, le=65535)


def target(check: ImapCheck) -> tuple[str, bool]:
    """host:port."""
    return host_target(check.host, check.port)
