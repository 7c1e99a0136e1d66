"""The keys of push: what applications send to this monitor."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated

from tui_monitor.config.fields import Duration, FilePath, Size, Text
from tui_monitor.config.section import Section, key
from tui_monitor.config.serving import host_and_port_of, is_loopback


def _statsd_address(value: str) -> str:
    if value:
        try:
            host_and_port_of(value)
        except ValueError:
            raise ValueError(f'"{value}" is not host:port; write for example "127.0.0.1:8125", or "" for no UDP') from None
    return value


class PushSettings(Section):
    """What applications send: StatsD over UDP; with [http] also Pushgateway, OTLP, JSON and log lines (docs/serving.md)."""

    statsd: Annotated[str, Text(_statsd_address)] = key(
        default="127.0.0.1:8125", doc='UDP address for StatsD and DogStatsD, "" for none; another than loopback needs insecure = true'
    )
    statsd_socket: FilePath | None = key(
        default=None, doc="a unix datagram socket for the same, which loses nothing", example="/run/tui-monitor/statsd.sock"
    )
    insecure: bool = key(default=False, doc="let other machines send StatsD, which knows no token")
    max_series: int = key(default=1000, doc="series of one sender; new ones beyond it are left out", ge=1, le=20_000)
    ttl: Duration = key(default=86400.0, doc="a pushed series ends when nothing came for so long", ge=60)
    resource_labels: list[str] = key(
        default=[],
        doc="resource attributes of OTLP that become labels, beside service.name and host.name",
        example=["deployment.environment"],
    )
    traces: Size = key(default=50 * 2**20, doc="how much of traces is kept; the oldest go first, errors and the slowest last; 0: none")
    logs: Size = key(default=50 * 2**20, doc="how much of pushed log lines is kept, the oldest go first; 0: none")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """An address that everybody could send to."""
        if self.statsd and not is_loopback(host_and_port_of(self.statsd)[0]) and not self.insecure:
            yield "statsd", "is reachable from other machines, and StatsD knows no token; give insecure = true where the network is trusted"
