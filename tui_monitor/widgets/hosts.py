"""The lines of hosts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tui_monitor.board.fleet import HostView
from tui_monitor.core import humanize as f
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import HEALTH_STYLES, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.graphs import spark

NAME_WIDTH, GROUP_WIDTH, SPARK_WIDTH, SINCE_WIDTH = 18, 12, 12, 7
FIGURES_FROM, SPARK_FROM, LINK_FROM = 64, 100, 140
"""Terminal widths from which on there is room for figures, for the sparkline, and for link, age and version; what is wrong comes first."""
_GRAVEST = (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY)
ORDERS: Mapping[str, Callable[[HostView], Any]] = {
    "status": lambda host: (not host.unreached, _GRAVEST.index(host.status), -host.firing, host.name),
    "name": lambda host: host.name,
    "alerts": lambda host: (-host.firing, -host.acknowledged, host.name),
    "cpu": lambda host: (-(host.cpu or 0), host.name),
    "memory": lambda host: (-(host.memory or 0), host.name),
    "disk": lambda host: (-(host.disk or 0), host.name),
    "link": lambda host: (-(host.latency or 0), host.name),
    "version": lambda host: (host.version, host.name),
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
    if width >= FIGURES_FROM:
        row.append("for", "dim", SINCE_WIDTH, right=True).gap()
    if group:
        row.append(group, "dim", GROUP_WIDTH).gap()
    for column in _columns(group, width):
        row.append(column.name, "dim", column.width, right=column.right).gap()
    return [row.append("what is wrong", "dim", max(0, row.room)).line()]


def host_line(host: HostView, group: str, now: int, width: int, look: RenderStyle, selected: bool) -> Line:
    """One host: state and for how long, group, alerts (firing / acknowledged), figures as far as they fit, what is wrong."""
    word, style = state_word(host)
    row = LineBuilder(width, look).gap(1).name(host.name, "strong", NAME_WIDTH).gap().append(word, style, 10).gap()
    if width >= FIGURES_FROM:
        row.append(f.age(host.since, now) if host.since else "", style if word != "healthy" else "dim", SINCE_WIDTH, right=True).gap()
    if group:
        row.name(host.labels.get(group, ""), "dim", GROUP_WIDTH).gap()
    if host.unreached:
        return row.append(host.reason.removeprefix("unreachable: "), style, row.room).line()  # in place of figures: it says what to do
    for column in _columns(group, width):
        row.append(column.text(host, look), column.style(host), column.width, right=column.right).gap()
    if host.reason:
        row.append(host.reason, style if word != "healthy" else "text", row.room)
    return row.line()


class HostColumn(NamedTuple):
    """A column, and the width of the terminal from which on there is room for it."""

    name: str
    width: int
    least: int
    text: Callable[[HostView, RenderStyle], str]
    style: Callable[[HostView], str] = lambda host: "dim"
    right: bool = True


def _columns(group: str, width: int) -> list[HostColumn]:
    """The columns that fit."""
    room = width - (GROUP_WIDTH + 1 if group else 0)
    return [column for column in _COLUMNS if (width if column.least == FIGURES_FROM else room) >= column.least]


def _ratio(value: float | None, host: HostView) -> str:
    return f.percent(value) if host.connected else ""


def _alerts(host: HostView, look: RenderStyle) -> str:
    return f"{host.firing}/{host.acknowledged}" if host.firing or host.acknowledged else ""


def _spark(host: HostView, look: RenderStyle) -> str:
    return spark(host.cpu_spark[-2 * SPARK_WIDTH :], SPARK_WIDTH, look.glyphs, 0.0, 1.0)


def _link(host: HostView, look: RenderStyle) -> str:
    return f.latency(host.latency) if host.latency is not None else ""


def _age(host: HostView, look: RenderStyle) -> str:
    return f.span(host.age) if host.age is not None else ""


_COLUMNS = (
    HostColumn("alerts", 7, FIGURES_FROM, _alerts, lambda host: "critical" if host.firing else "dim"),
    HostColumn("cpu", 4, FIGURES_FROM, lambda host, look: _ratio(host.cpu, host), lambda host: "text"),
    HostColumn("mem", 4, FIGURES_FROM, lambda host, look: _ratio(host.memory, host), lambda host: "text"),
    HostColumn("disk", 4, FIGURES_FROM, lambda host, look: _ratio(host.disk, host), lambda host: "text"),
    HostColumn("cpu, 2m", SPARK_WIDTH, SPARK_FROM, _spark, lambda host: "accent", right=False),
    HostColumn("link", 7, LINK_FROM, _link),
    HostColumn("age", 6, LINK_FROM, _age),
    HostColumn("version", 8, LINK_FROM, lambda host, look: host.version, right=False),
)


def host_in_full(host: HostView, now: int, look: RenderStyle) -> str:
    """What is wrong with a host, in full, and what narrow terminals have no column for."""
    since = f"since {f.stamp(host.since, now, look.zone)}" if host.since else ""
    facts = [f"{name} {text}" for name, text in (("link", _link(host, look)), ("age", _age(host, look)), ("version", host.version)) if text]
    labels = [f"{key}={value}" for key, value in host.labels.items()]
    return "   ".join(filter(None, [f"{host.name}: {host.reason or state_word(host)[0]}", since, *facts, *labels]))


def host_text(host: HostView) -> str:
    """The text that filters are matched against."""
    return " ".join([host.name, state_word(host)[0], host.reason, *(f"{key}={value}" for key, value in host.labels.items())])
