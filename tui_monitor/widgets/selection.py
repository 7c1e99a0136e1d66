"""The pane of the selection: its last hour as a big chart, why it is so, what to try, what it affects, its log. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo

from tui_monitor.board.strip import HEADROOM, Strip
from tui_monitor.board.values import AlertView, Chart, ChartLine, CheckView
from tui_monitor.core import humanize as f
from tui_monitor.core.sanitize import clean
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.charts import chart_lines
from tui_monitor.widgets.incidents import advised

LEAST_CHART = 3
Notes = Sequence[tuple[int, str]]
"""Annotations, as deploys: (UTC ms, text)."""
_STAMP = re.compile(r"\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)?(?: ?(Z|UTC|[+-]\d\d:?\d\d))?\]?(?= ) *")


def selection_lines(
    check: CheckView | None,
    alert: AlertView | None,
    strip: Strip,
    log: Sequence[str],
    now: int,
    width: int,
    height: int,
    look: RenderStyle,
    notes: Notes = (),
) -> list[Line]:
    """The pane's lines below its title: the chart takes what the facts leave."""
    if check is None and alert is None:
        return [LineBuilder(width, look).gap(1).append("Nothing is selected.", "dim").line()]
    told = fact_lines(check, alert, log, now, width, look)
    room = height - len(told) - 2
    chart: list[Line] = []
    if check is not None and strip and room >= LEAST_CHART:
        begun = alert.starts_at or 0 if alert is not None and alert.state == "firing" else 0
        chart = latency_chart(strip, room, width, look, check.limits, notes, begun)
    told = told[: max(0, height - len(chart) - bool(chart))]
    return [*chart, *([LineBuilder(width, look).line()] if chart else []), *told]


def shown_parts(check: CheckView | None, alert: AlertView | None, now: int) -> tuple[object, ...]:
    """All that the pane shows of a check and an alert at a time."""
    told = (alert.name, alert.state, alert.summary, alert.annotations, alert.affects, _acknowledged(alert)) if alert is not None else ()
    return (check, f.age(check.since, now) if check is not None else "", told)


def latency_chart(
    strip: Strip,
    height: int,
    width: int,
    look: RenderStyle,
    limits: Sequence[tuple[float, str]] = (),
    notes: Notes = (),
    begun: int = 0,
) -> list[Line]:
    """The latency as a filled area with the check's own limits (seconds), failures as full columns, deploys and the begin below."""
    times = tuple(slot.begin for slot in strip)
    values = tuple(float("nan") if slot.seconds is None else slot.seconds for slot in strip)
    chart = Chart((ChartLine("", times, values),), "seconds", tuple(limits), tuple(notes))
    known = sorted(slot.seconds for slot in strip if slot.seconds is not None)
    return chart_lines(
        chart, strip[0].begin, strip[-1].end, width, height, look,
        strip=strip, legend=False, events=False, begun=begun, least=HEADROOM * known[len(known) // 2] if known else 0.0,
    )  # fmt: skip


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
        for number, text in enumerate(advised(alert)[:3]):
            lines += _fact("" if number else "try", text, width, look, "link", 3)
        lines += _fact("doc", alert.annotations.get("runbook_url", ""), width, look, "link", 1)
        lines += _fact("hits", ", ".join(alert.affects), width, look, "text", 2)
        lines += _fact("ack", _acknowledged(alert), width, look, "text", 1)
    if check is not None:
        lines += _fact("uses", ", ".join(check.depends_on), width, look, "dim", 1)
        lines += _fact("at", check.target, width, look, "dim", 1)
    for number, line in enumerate(log[-3:]):
        lines += _fact("" if number else "log", short_stamp(line, look.zone), width, look, "dim", 1)
    return lines


def short_stamp(line: str, zone: tzinfo | None) -> str:
    """A log line whose full date and time (ISO 8601) at its begin are a time of day in a zone (None: the machine's)."""
    found = _STAMP.match(line)
    if found is None:
        return line
    day, clock, offset = found.groups()
    if offset:
        try:
            moment = datetime.fromisoformat(f"{day}T{clock}{'Z' if offset == 'UTC' else offset}")
            clock = f.clock(round(moment.timestamp() * 1000), zone, seconds=True)
        except (ValueError, OverflowError):
            return line
    return f"{clock} {line[found.end() :]}"


def _calm(check: CheckView, now: int) -> str:
    age = f.age(check.since, now)
    lasted = f", healthy for {age}" if check.since and age != "now" else ", healthy"
    return f"{f.latency(check.duration)}{lasted}" if check.at else "waiting for the first probe"


def _acknowledged(alert: AlertView) -> str:
    note = f": {alert.acknowledged_note}" if alert.acknowledged_note else ""
    return f"{alert.acknowledged_by}{note}" if alert.acknowledged_by else ""


def _fact(label: str, text: str, width: int, look: RenderStyle, style: str, most: int) -> list[Line]:
    parts = f.wrap(clean(text if label == "log" else look.words.say(text)), max(8, width - 7)) if text else []
    if len(parts) > most:
        parts[most - 1 :] = [" ".join(parts[most - 1 :])]
    label = look.words.exact(f"{label}:").removesuffix(":")  # "run:", "at:": short words that mean something else in footers
    return [
        LineBuilder(width, look).gap(1).append("" if number else label, "dim", 5).append(part, style).line()
        for number, part in enumerate(parts)
    ]
