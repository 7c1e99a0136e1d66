"""The keys of a host check."""

from __future__ import annotations

from tui_monitor.config.entries import FeedSettings
from tui_monitor.config.fields import Duration
from tui_monitor.config.hosts import SshName
from tui_monitor.config.section import key

METRICS = (
    "host_up",
    "host_status",
    "host_alerts",
    "host_link_seconds",
    "host_board_age_seconds",
    "host_cpu_usage_ratio",
    "host_memory_usage_ratio",
    "host_disk_usage_ratio",
)
"""The names of its series, beside those of every check."""


class HostCheck(FeedSettings):
    """Another host's monitor over ssh: reachable, and running. Its own alerts are told by itself."""

    timeout: Duration = key(default=15.0, doc="how long the first connection may take before the status is unknown", gt=0)
    ssh: SshName = key(doc="what one types after `ssh`", min_length=1, example="kim@web-3")


def target(check: HostCheck) -> tuple[str, bool]:
    """The destination of ssh."""
    return f"ssh {check.ssh}", False
