"""Several hosts in one dashboard: what is shown of each, and the interface of the fleet for the dashboard."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from tui_monitor.board.values import AlertView, Spark
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus


@frozen
class HostView:
    """One host. ``status`` is unknown and ``reason`` says why where it is not reached or its monitor does not run.

    ``since``: of the reason or status (UTC ms). Ratios 0 to 1, ``latency`` of the link and ``age`` of what is shown in seconds.
    """

    name: str
    connected: bool = False
    status: HealthStatus = HealthStatus.UNKNOWN
    reason: str = ""
    since: int = 0
    alerts: tuple[AlertView, ...] = ()
    cpu: float | None = None
    memory: float | None = None
    disk: float | None = None
    latency: float | None = None
    age: float | None = None
    version: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    cpu_spark: Spark = ()
    unreached: bool = False
    """Whether the host, or its monitor, is down; not so while the first connection is tried."""

    @property
    def firing(self) -> int:
        """Number of firing alerts that are neither acknowledged nor muted."""
        return sum(alert.open for alert in self.alerts)

    @property
    def acknowledged(self) -> int:
        """Number of acknowledged firing alerts."""
        return sum(1 for alert in self.alerts if alert.state == "firing" and alert.acknowledged_by)


class Fleet(Protocol):
    """The hosts; beside the Backend, which shows all of them, or the one that is opened."""

    @property
    def hosts(self) -> Sequence[HostView]:
        """The hosts, as configured."""
        ...

    @property
    def opened(self) -> str:
        """The name of the opened host, "" for none."""
        ...

    def open(self, name: str) -> None:
        """Show one host's dashboard; "" shows all."""
        ...

    def choose(self, names: Collection[str]) -> None:
        """Run expressions over all hosts on these from now on; none: on all."""
        ...
