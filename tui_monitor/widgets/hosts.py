"""The lines of hosts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tui_monitor.board.fleet import HostView
from tui_monitor.core import humanize as f
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import HEALTH_STYLES, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.graphs import spark

NAME_WIDTH, GROUP_WIDTH, SPARK_WIDTH = 18, 12, 12
SPARK_FROM, FIGURES_FROM = 118, 64
"""Terminal widths from which on there is room for the sparkline, and for the figures."""
_GRAVEST = (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY)
ORDERS: Mapping[str, Callable[[HostView], Any]] = {
    "status": lambda host: (not host.unreached, _GRAVEST.index(host.status), -host.firing, host.name),
    "name": lambda host: host.name,
    "alerts": lambda host: (-host.firing, -host.acknowledged, host.name),
    "cpu": lambda host: (-(host.cpu or 0), host.name),
    "memory": lambda host: (-(host.memory or 0), host.name),
    "disk": lambda host: (-(host.disk or 0), host.name),
}
"""Sort orders by name; of equal hosts the name decides."""


def state_word(host: HostView) -> tuple[str, str]:
    """The state of a host in one word, and its style."""
    if host.unreached:
        return "down", "critical"
    return (str(host.status), HEALTH_STYLES[str(host.status)]) if host.connected else ("connecting", "unknown")


def host_columns(group: str, width: int, look: RenderStyle) -> list[Line]:
    """The names of the columns."""
    row = LineBuilder(width, look).gap(1).append("host", "dim", NAME_WIDTH).gap().append("status", "dim", 10).gap()
    if group:
        row.append(group, "dim", GROUP_WIDTH).gap()
    if width >= FIGURES_FROM:
        row.append("alerts", "dim", 7, right=True).gap()
        for name in ("cpu", "mem", "disk"):
            row.append(name, "dim", 4, right=True).gap()
    if width >= SPARK_FROM:
        row.append("cpu", "dim", SPARK_WIDTH).gap().append("link", "dim", 7, right=True).gap().append("age", "dim", 6, right=True).gap()
        row.append("version", "dim", 8).gap()
    return [row.append("what is wrong", "dim", max(0, row.room)).line()]


def host_line(host: HostView, group: str, now: int, width: int, look: RenderStyle, selected: bool) -> Line:
    """One host: state, group, alerts (firing / acknowledged), figures, CPU sparkline, link, age, version, what is wrong and since when."""
    word, style = state_word(host)
    row = LineBuilder(width, look).gap(1).append(host.name, "strong", NAME_WIDTH).gap().append(word, style, 10).gap()
    if group:
        row.append(host.labels.get(group, ""), "dim", GROUP_WIDTH).gap()
    since = f"  since {f.stamp(host.since, now, look.zone)}" if host.since else ""
    if host.unreached:
        return row.append(host.reason + since, style, row.room).line()  # in place of figures: it says what to do
    if width >= FIGURES_FROM:
        alerts = f"{host.firing}/{host.acknowledged}" if host.firing or host.acknowledged else ""
        row.append(alerts, "critical" if host.firing else "dim", 7, right=True).gap()
        for value in (host.cpu, host.memory, host.disk):
            row.append(f.percent(value) if host.connected else "", "text", 4, right=True).gap()
    if width >= SPARK_FROM:
        row.append(spark(host.cpu_spark[-2 * SPARK_WIDTH :], SPARK_WIDTH, look.glyphs, 0.0, 1.0), "accent", SPARK_WIDTH).gap()
        row.append(f.latency(host.latency) if host.latency is not None else "", "dim", 7, right=True).gap()
        row.append(f.span(host.age) if host.age is not None else "", "dim", 6, right=True).gap().append(host.version, "dim", 8).gap()
    if host.reason:
        row.append(host.reason + since, style if word != "healthy" else "text", row.room)
    return row.line()


def host_in_full(host: HostView, now: int, look: RenderStyle) -> str:
    """What is wrong with a host, in full."""
    since = f"   since {f.stamp(host.since, now, look.zone)}" if host.since else ""
    labels = " ".join(f"{key}={value}" for key, value in host.labels.items())
    return f"{host.name}: {host.reason or state_word(host)[0]}{since}   {labels}".rstrip()


def host_text(host: HostView) -> str:
    """The text that filters are matched against."""
    return " ".join([host.name, state_word(host)[0], host.reason, *(f"{key}={value}" for key, value in host.labels.items())])
