"""The keys of an ICMP check."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import HostName, Ratio
from tui_monitor.config.section import key
from tui_monitor.sources.target import is_local

METRICS = (
    "probe_icmp_duration_seconds", "probe_icmp_loss_ratio", "probe_icmp_jitter_seconds",
)  # fmt: skip
"""The names of its series, beside those of every check."""
SHORTEST_GAP = 0.01
"""Seconds between two packets: what ping(8) lets a user do is 2 ms, and hosts limit their answers."""


class IcmpCheck(CheckSettings):
    """A host that answers pings (ICMP echo)."""

    host: HostName = key(doc="name or address", min_length=1, example="192.0.2.1")
    count: int = key(default=3, doc="packets per probe", ge=1, le=100)
    size: int = key(default=56, doc="bytes of payload", ge=16, le=65000)
    dont_fragment: bool = key(default=False, doc="packets must arrive whole: finds a path's MTU that is smaller than size")
    family: Literal["any", "ipv4", "ipv6"] = key(default="any", doc="any, ipv4 or ipv6")
    loss_degraded: Ratio = key(default=0.2, doc="degraded from this share of lost packets on", gt=0, le=1)
    loss_unhealthy: Ratio = key(default=1.0, doc="unhealthy from this share on", gt=0, le=1)

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: limits in the wrong order, more packets than the timeout allows."""
        yield from super().problems(given)
        if self.loss_degraded > self.loss_unhealthy:
            yield "loss_unhealthy", "is below loss_degraded; the graver limit is the higher one"
        if self.count * SHORTEST_GAP > self.timeout / 2:
            yield "count", f"this many packets take longer than half of the timeout; at most {int(self.timeout / 2 / SHORTEST_GAP)} fit"


def target(check: IcmpCheck) -> tuple[str, bool]:
    """The host."""
    return check.host, is_local(check.host)
