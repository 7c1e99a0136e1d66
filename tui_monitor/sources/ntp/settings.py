"""The keys of an NTP check."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, HostName, Interval
from tui_monitor.config.section import key
from tui_monitor.sources.target import host_target

METRICS = (
    "ntp_offset_seconds", "ntp_stratum", "ntp_root_distance_seconds", "ntp_leap",
)  # fmt: skip
"""The names of its series, beside those of every check."""
SHORTEST_POLL = 64.0
"""Seconds; servers drop or refuse those that ask more often (RFC 5905, section 7.3: MINPOLL is 16 s, public servers ask for 64 s)."""


class NtpCheck(CheckSettings):
    """A time server, and this machine's clock offset from it."""

    interval: Interval = key(default=SHORTEST_POLL, doc="how often the server is asked; at least 64s", gt=0)
    retry_interval: Interval = key(default=16.0, doc="the pause between the first failure and the threshold; at least 16s", gt=0)
    server: HostName = key(doc="name or address", min_length=1, example="ntp.example.com")
    port: int = key(default=123, doc="port", ge=1, le=65535)
    samples: int = key(default=4, doc="packets per probe, one after the other; the one with the least delay counts", ge=1, le=8)
    max_offset: Duration = key(default=0.1, doc="degraded where this machine's clock is further away", gt=0)

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: an interval shorter than servers tolerate."""
        yield from super().problems(given)
        if self.interval < SHORTEST_POLL:
            yield "interval", "time servers refuse those that ask more often than each 64s"
        if self.retry_interval < SHORTEST_POLL / 4:
            yield "retry_interval", "time servers refuse those that ask so often; at least 16s"


def target(check: NtpCheck) -> tuple[str, bool]:
    """host:port."""
    return host_target(check.server, check.port)
