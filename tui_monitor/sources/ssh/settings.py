"""The keys of an SSH check."""

from __future__ import annotations

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import HostName, Regex
from tui_monitor.config.section import key
from tui_monitor.sources.target import host_target

METRICS = ("probe_phase_seconds",)
"""The names of its series, beside those of every check."""


class SshCheck(CheckSettings):
    """An SSH server's version line, without a login."""

    host: HostName = key(doc="name or address", min_length=1, example="192.0.2.22")
    port: int = key(default=22, doc="port", ge=1, le=65535)
    expect: Regex | None = key(default=None, doc="regular expression (RE2) found in the version line", example="OpenSSH_9")


def target(check: SshCheck) -> tuple[str, bool]:
    """host:port."""
    return host_target(check.host, check.port)
