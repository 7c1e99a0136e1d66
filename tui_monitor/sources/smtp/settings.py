"""The keys of an SMTP check."""

from __future__ import annotations

from tui_monitor.config.section import key
from tui_monitor.sources.net.mail_settings import MAIL_METRICS, MailCheck
from tui_monitor.sources.target import host_target

METRICS = MAIL_METRICS
"""The names of its series, beside those of every check."""


class SmtpCheck(MailCheck):
    """An SMTP server, tested without sending mail."""

    TLS_PORT = 465

    port: int = key(default=25, doc="port", shown="25; with tls 465", ge=1, le=65535)
    ehlo: str = key(default="tui-monitor", doc="name of the monitor in EHLO", pattern=r"^[A-Za-z0-9._:\[\]-]+$")


def target(check: SmtpCheck) -> tuple[str, bool]:
    """host:port."""
    return host_target(check.host, check.port)
