"""The detail page of a check. Pure."""

from __future__ import annotations

from tui_monitor.board.strip import Strip
from tui_monitor.board.values import AlertView, CheckView, Window
from tui_monitor.core import humanize as f
from tui_monitor.widgets import alerts
from tui_monitor.widgets.cell_line import HEALTH_STYLES, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.graphs import bar
from tui_monitor.widgets.list_panes import fact, heading, table
from tui_monitor.widgets.selection import latency_chart
from tui_monitor.widgets.strip_cells import append_strip

WINDOW_SECONDS = {"5m": 300.0, "1h": 3600.0, "24h": 86_400.0}
PHASES = ("resolve", "connect", "tls", "processing", "transfer")


CHART_HEIGHT = 7


def check_lines(
    check: CheckView, found: list[AlertView], now: int, width: int, look: RenderStyle, strip: Strip = (), window: str = ""
) -> list[Line]:
    """Detail page of one check: state, its strip as a chart, phases of the last probe, windows, figures, facts, its alerts."""
    style = HEALTH_STYLES[check.status]
    head = LineBuilder(width, look).gap(1).append(f"{look.glyphs.health(check.status)} {check.status.value}", style).gap(2)
    if check.since:
        head.say(f"since {f.stamp(check.since, now, look.zone, seconds=True)}, {f.age(check.since, now)}", "dim")
    lines: list[Line] = [LineBuilder(width, look).line(), head.line(), LineBuilder(width, look).line()]
    lines += fact("reason", check.reason, width, look, "strong")
    lines += fact("target", check.target, width, look)
    lines += fact("type", check.type, width, look) + fact("category", check.category, width, look)
    lines += fact("last probe", f"{f.latency(check.duration)}, {f.ago(check.at, now)}" if check.at else "none yet", width, look)
    lines += fact("failures", f"{check.consecutive_failures} in a row" if check.consecutive_failures else "", width, look, "warning")
    lines += fact(
        "certificate",
        f"ends {f.stamp(check.certificate_expires, now, look.zone)}, in {f.days_left(check.certificate_expires, now)}"
        if check.certificate_expires
        else "",
        width,
        look,
    )
    lines += fact("depends on", ", ".join(check.depends_on), width, look)
    if strip:
        row = append_strip(LineBuilder(width, look).gap(), strip, width - 2, look.glyphs)
        lines += [*heading(window, width, look), row.line(), *latency_chart(strip, CHART_HEIGHT, width, look, check.limits)]
    if check.phases:
        lines += heading("Phases of the last probe", width, look) + _phases(check, width, look)
    known = [(key, check.windows[key]) for key in ("5m", "1h", "24h") if key in check.windows]
    if known:
        lines += heading("Windows", width, look)
        rows = [[("window", "faint"), ("p50", "faint"), ("p95", "faint"), ("p99", "faint"), ("uptime", "faint")]]
        rows += [
            [
                (seen_text(key, w), "dim"),
                (f.latency(w.p50), "text"),
                (f.latency(w.p95), "text"),
                (f.latency(w.p99), "text"),
                (f.uptime_percent(w.uptime), "text"),
            ]
            for key, w in known
        ]
        lines += table(rows, width, look)
    if check.figures:
        lines += heading("Figures", width, look)
        lines += table([[(name, "dim"), (f.figure(name, value), "text")] for name, value in sorted(check.figures.items())], width, look)
    if check.facts:
        lines += heading("Facts", width, look)
        for name, text in check.facts.items():
            lines += fact(name, text, width, look)
    if found:
        lines += heading("Alerts", width, look)
        lines += [alerts.alert_line(alert, now, width, look) for alert in found]
    return lines


def seen_text(span: str, window: Window) -> str:
    """The window's name, with how much of it was measured where that is less: "24h (seen 33m)"."""
    if window.seen is None or window.seen >= 0.9 * WINDOW_SECONDS.get(span, 0):
        return span
    return f"{span} (seen {f.span(window.seen)})"


def _phases(check: CheckView, width: int, look: RenderStyle) -> list[Line]:
    whole = sum(check.phases.values()) or 1.0
    lines = []
    for name in (*(phase for phase in PHASES if phase in check.phases), *(phase for phase in check.phases if phase not in PHASES)):
        seconds = check.phases[name]
        filled, rest = bar(round(seconds / whole, 3), min(30, max(4, width - 30)), look.glyphs)
        row = LineBuilder(width, look).gap(1).append(name, "dim", 14).gap().append(filled, "bar").append(rest, "faint").gap()
        lines.append(row.append(f.latency(seconds), "text", 8, right=True).line())
    return lines
