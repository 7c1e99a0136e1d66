"""The page of one container or unit: what is known of it, its history as charts, its log lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.listings import LogLine
from tui_monitor.board.values import Chart
from tui_monitor.board.watched import WatchedContainer, WatchedUnit
from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.table_heads import table_head
from tui_monitor.core.frozen import frozen
from tui_monitor.promql.values import selection
from tui_monitor.widgets.cell_line import HEALTH_STYLES, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.charts import chart_lines
from tui_monitor.widgets.list_panes import fact, heading
from tui_monitor.widgets.watched_tables import memory_text

CHART_HEIGHT = 7
LEVEL_STYLES = {"critical": "critical", "error": "error", "warning": "warning"}


@frozen
class ChartPart:
    """A chart of the page with its heading."""

    title: str
    chart: Chart


@frozen
class WatchedPage:
    """The history of a container or unit from ``start`` to ``end`` (UTC ms), and its newest log lines of ``source`` ("": none are kept)."""

    start: int = 0
    end: int = 0
    charts: Sequence[ChartPart] = ()
    source: str = ""
    lines: Sequence[LogLine] = ()
    tool: str = "docker"
    """The container engine's command."""


def history_of(one: WatchedContainer | WatchedUnit) -> tuple[tuple[str, str], ...]:
    """Heading and PromQL of the charts."""
    if isinstance(one, WatchedContainer):
        own = {"container": one.state.name, "check": one.check}
        return (
            ("CPU, share of one core", selection("container_cpu_usage_ratio", **own)),
            ("Memory", selection("container_memory_usage_bytes", **own)),
            ("Restarts", selection("container_restarts_total", **own)),
        )
    own = {"unit": one.state.name, "check": one.check}
    return (
        ("CPU, share of one core", f"rate({selection('systemd_cpu_seconds_total', **own)}[5m])"),
        ("Memory", selection("systemd_memory_bytes", **own)),
        ("Restarts", selection("systemd_restarts_total", **own)),
    )


def watched_lines(one: WatchedContainer | WatchedUnit, page: WatchedPage, now: int, width: int, look: RenderStyle) -> list[Line]:
    """The whole page."""
    state = one.state
    style = HEALTH_STYLES[state.status]
    head = LineBuilder(width, look).gap(1).append(look.glyphs.health(state.status), style).gap().append(state.status.value, style).gap(2)
    head.name(state.state, "dim").gap()
    if state.since:
        head.append(f.age(state.since, now), "dim").gap(2).append("since", "dim").gap()
        head.name(f.stamp(state.since, now, look.zone, seconds=True), "dim")
    lines: list[Line] = [LineBuilder(width, look).line(), head.line(), LineBuilder(width, look).line()]
    lines += _container_facts(one, width, look) if isinstance(one, WatchedContainer) else _unit_facts(one, now, width, look)
    lines += _fact("restarts", str(state.restarts) if state.restarts is not None else "", width, look)
    lines += _fact("cpu", f"{f.percent(state.cpu, 1)} of one core" if state.cpu is not None else "", width, look)
    lines += _fact("check", one.check, width, look)
    lines += _fact("look", _commands(one, page.tool), width, look, "link")
    for part in page.charts:
        lines += heading(part.title, width, look)
        lines += chart_lines(part.chart, page.start, page.end, width - 1, CHART_HEIGHT, look, legend=False)
    return lines + _log(page, now, width, look)


def _container_facts(one: WatchedContainer, width: int, look: RenderStyle) -> list[Line]:
    state = one.state
    lines = _fact("reason", state.reason, width, look, "strong") + _fact("image", state.image, width, look)
    return lines + _fact("health", state.health, width, look) + _fact("memory", memory_text(state)[0], width, look)


def _unit_facts(one: WatchedUnit, now: int, width: int, look: RenderStyle) -> list[Line]:
    state = one.state
    lines = _fact("sub-state", state.sub, width, look)
    lines += _fact("memory", f.size(state.memory) if state.memory is not None else "", width, look)
    if state.last_trigger:
        ran = f"{f.stamp(state.last_trigger, now, look.zone, seconds=True)}, {f.ago(state.last_trigger, now)}"
        lines += _fact("last run", ran, width, look)
    return lines


def _commands(one: WatchedContainer | WatchedUnit, tool: str) -> str:
    """What to type to look further; nothing is started or stopped from here."""
    if isinstance(one, WatchedContainer):
        return f"{tool} logs --tail 100 {one.state.name}\n{tool} inspect {one.state.name}"
    return f"systemctl status {one.state.name}\njournalctl -u {one.state.name} -n 100"


def _log(page: WatchedPage, now: int, width: int, look: RenderStyle) -> list[Line]:
    lines = heading("Log", width, look)
    if not page.source:
        return lines + _fact(
            "none kept", 'a check of type "log" keeps lines; a service that pushes its log under this name has them too', width, look, "dim"
        )
    if not page.lines:
        return lines + _fact(page.source, "no lines", width, look, "dim")
    for line in page.lines:
        row = LineBuilder(width, look).gap(1).append(f.stamp(line.at, now, look.zone, seconds=True), "dim").gap()
        lines.append(row.name(line.message, LEVEL_STYLES.get(line.level, "text")).line())
    return lines


def _fact(name: str, text: str, width: int, look: RenderStyle, style: str = "text") -> list[Line]:
    return fact(table_head(name, look.words.language), text, width, look, style)
