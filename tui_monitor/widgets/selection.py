"""The pane of the selection: its last hour as a big chart, why it is so, what to try, what it affects, its log. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.strip import Strip
from tui_monitor.board.values import AlertView, CheckView
from tui_monitor.core import humanize as f
from tui_monitor.core.sanitize import clean
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.areas import Column, chart_lines
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle

STYLES = {HealthStatus.HEALTHY: "accent", HealthStatus.DEGRADED: "slot-slow", HealthStatus.UNHEALTHY: "slot-down", None: "text"}
LEAST_CHART = 3


def selection_lines(
    check: CheckView | None, alert: AlertView | None, strip: Strip, log: Sequence[str], now: int, width: int, height: int, look: RenderStyle
) -> list[Line]:
    """The pane's lines below its title: the chart takes what the facts leave."""
    if check is None and alert is None:
        return [LineBuilder(width, look).gap(1).append("Nothing is selected.", "dim").line()]
    told = fact_lines(check, alert, log, now, width, look)
    room = height - len(told) - 2
    chart: list[Line] = []
    if check is not None and strip and room >= LEAST_CHART:
        chart = latency_chart(strip, room, width, look)
    told = told[: max(0, height - len(chart) - bool(chart))]
    return [*chart, *([LineBuilder(width, look).line()] if chart else []), *told]


def shown_parts(check: CheckView | None, alert: AlertView | None, now: int) -> tuple[object, ...]:
    """All that the pane shows of a check and an alert at a time."""
    told = (alert.name, alert.state, alert.summary, alert.annotations, alert.affects, _acknowledged(alert)) if alert is not None else ()
    return (check, f.age(check.since, now) if check is not None else "", told)


def latency_chart(strip: Strip, height: int, width: int, look: RenderStyle) -> list[Line]:
    """The latency as a filled area, failures as full columns, with the scale and the time below."""
    known = sorted(slot.seconds for slot in strip if slot.seconds is not None)
    top = max(known[-1], 2.5 * known[len(known) // 2], 1e-6) if known else 1.0
    labels = [f.latency(top), f.latency(top / 2), "0"]
    gutter = max(map(len, labels))
    wide = max(1, width - gutter - 1)
    columns: list[Column] = []
    for at in range(wide):
        slot = strip[at * len(strip) // wide]
        seconds = None if slot.seconds is None else min(1.0, slot.seconds / top)
        columns.append((1.0 if slot.status is HealthStatus.UNHEALTHY else seconds, STYLES[slot.status]))
    lines = chart_lines(columns, labels, height - 1, width, look)
    begin, end = f.clock(strip[0].begin, look.zone), f.clock(strip[-1].end, look.zone)
    axis = LineBuilder(width, look).gap(gutter + 1).append(begin, "dim")
    middle = f.clock((strip[0].begin + strip[-1].end) // 2, look.zone)
    if wide >= 30:
        axis.gap(max(1, wide // 2 - len(begin) - 2)).append(middle, "dim")
    axis.align(len(end)).append(end, "dim")
    return [*lines, axis.line()]


def fact_lines(check: CheckView | None, alert: AlertView | None, log: Sequence[str], now: int, width: int, look: RenderStyle) -> list[Line]:
    """why, try, hits, told, log: what is known of it, one label a fact."""
    lines: list[Line] = []
    reason = check.reason if check is not None and check.status is not HealthStatus.HEALTHY else ""
    why = (
        reason
        or (alert.summary if alert is not None and alert.state != "resolved" else "")
        or (_calm(check, now) if check is not None else "")
    )
    lines += _fact("why" if reason or (alert and alert.state == "firing") else "now", why, width, look, "text", 2)
    if alert is not None and alert.state == "firing":
        advice = clean(alert.annotations.get("description", ""))
        for part in [part.strip() for part in advice.split("; ")][:3] if advice else []:
            lines += _fact("try" if part == advice.split("; ")[0].strip() else "", part, width, look, "link", 3)
        lines += _fact("run", alert.annotations.get("runbook_url", ""), width, look, "link", 1)
        lines += _fact("hits", ", ".join(alert.affects), width, look, "text", 2)
        lines += _fact("ack", _acknowledged(alert), width, look, "text", 1)
    if check is not None:
        lines += _fact("needs", ", ".join(check.depends_on), width, look, "dim", 1)
        lines += _fact("at", check.target, width, look, "dim", 1)
    for number, line in enumerate(log[-3:]):
        lines += _fact("" if number else "log", line, width, look, "dim", 1)
    return lines


def _calm(check: CheckView, now: int) -> str:
    lasted = f", healthy for {f.age(check.since, now)}" if check.since else ""
    return f"{f.latency(check.duration)}{lasted}" if check.at else "waiting for the first probe"


def _acknowledged(alert: AlertView) -> str:
    note = f": {alert.acknowledged_note}" if alert.acknowledged_note else ""
    return f"{alert.acknowledged_by}{note}" if alert.acknowledged_by else ""


def _fact(label: str, text: str, width: int, look: RenderStyle, style: str, most: int) -> list[Line]:
    parts = f.wrap(clean(text if label == "log" else look.words.say(text)), max(8, width - 7)) if text else []
    if len(parts) > most:
        parts[most - 1 :] = [" ".join(parts[most - 1 :])]
    return [
        LineBuilder(width, look).gap(1).append("" if number else label, "dim", 5).append(part, style).line()
        for number, part in enumerate(parts)
    ]
