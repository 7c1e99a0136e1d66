"""The keys of a heartbeat check."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_monitor.config.entries import FeedSettings
from tui_monitor.config.fields import Duration, SecretText
from tui_monitor.config.section import key
from tui_monitor.core.units import format_duration

METRICS = ("heartbeat_age_seconds", "heartbeat_run_seconds", "heartbeat_pings_total")
"""The names of its series, beside those of every check."""


class HeartbeatCheck(FeedSettings):
    """A job that reports its runs with `tui-monitor heartbeat NAME`."""

    every: Duration | None = key(default=None, doc="the longest time between two pings", gt=0, example="1h")
    cron: str = key(default="", doc="in place of every: the job's cron line", shown="none")
    timezone: str = key(default="", doc="the zone of cron", shown="the machine's")
    grace: Duration = key(default=60.0, doc="how late a ping may come", gt=0)
    max_run: Duration | None = key(default=None, doc="the longest time from --start to the end", gt=0, shown="grace", example="2h")
    token: SecretText | None = key(default=None, doc="the KEY in /ping/KEY/SLUG, which can only ping this check; a secret")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: neither or both of `every` and `cron`."""
        yield from super().problems(given)
        if self.every is None and not self.cron:
            yield "every", 'is missing: set how often the job runs with every = "1h" or cron = "0 3 * * *"'
        if self.every is not None and self.cron:
            yield "cron", "every is given too; keep one of them"
        if self.timezone and not self.cron:
            yield "timezone", "has a meaning for cron only; every is counted from the last ping"


def target(check: HeartbeatCheck) -> tuple[str, bool]:
    """The schedule as the target. It is local: pings are stored on this machine, so the network is never the cause."""
    if check.cron:
        return f"{check.cron} {check.timezone}".strip(), True
    return f"every {format_duration(check.every or 0)}", True
