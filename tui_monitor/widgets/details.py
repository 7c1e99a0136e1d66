"""The detail pages of an alert and of a check. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.values import AlertDetail, AlertView, CheckView, Delivery, Evidence, EvidenceProcess, Window
from tui_monitor.core import humanize as f
from tui_monitor.widgets import alerts
from tui_monitor.widgets.cell_line import HEALTH_STYLES, SEVERITY_WORDS, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.graphs import bar
from tui_monitor.widgets.list_panes import fact, heading, table
from tui_monitor.widgets.notifications import DELIVERY_STYLES, delivery_shape

WINDOW_SECONDS = {"5m": 300.0, "1h": 3600.0, "24h": 86_400.0}
PHASES = ("resolve", "connect", "tls", "processing", "transfer")


def alert_lines(detail: AlertDetail, now: int, width: int, look: RenderStyle) -> list[Line]:
    """Detail page of one alert, the description first."""
    alert = detail.alert
    word = SEVERITY_WORDS.get(alert.severity, alert.severity[:4].upper())
    colour = alerts.severity_style(alert)
    head = LineBuilder(width, look).gap(1).append(f" {word} ", f"chip-{colour}" if alerts.is_open(alert) else colour).gap(2)
    head.append(alert.state, "strong").gap(2)
    since = alert.starts_at or alert.active_at
    head.append(f"since {f.stamp(since, now, look.zone, seconds=True)}, {f.age(since, now)}", "dim")
    lines: list[Line] = [LineBuilder(width, look).line(), head.line(), LineBuilder(width, look).line()]
    lines += fact("summary", alert.summary, width, look, "strong")
    lines += fact("what to do", alert.annotations.get("description", ""), width, look)
    lines += fact("runbook", alert.annotations.get("runbook_url", ""), width, look, "accent")
    lines += fact("value", "no data" if alert.no_data else alert.value_text, width, look)
    if alert.acknowledged_by:
        until = f", until {f.stamp(alert.acknowledged_until, now, look.zone)}" if alert.acknowledged_until else ""
        note = f": {alert.acknowledged_note}" if alert.acknowledged_note else ""
        text = f"by {alert.acknowledged_by} at {f.stamp(alert.acknowledged_at, now, look.zone)}{until}{note}"
        lines += fact("acknowledged", text, width, look)
    if due := alerts.due_text(alert, now):
        lines += fact("answer", f"{due} ({f.stamp(alert.due_at, now, look.zone)})", width, look, "warning" if due == "overdue" else "")
    lines += fact("muted by", ", ".join(alert.suppressed_by), width, look, "warning")
    lines += fact("flapping", f"{alert.flaps} times" if alert.flaps else "", width, look, "warning")
    lines += fact("affected", alerts.affected_text(alert), width, look)
    lines += fact("condition", detail.expr, width, look)
    for name, text in alert.annotations.items():
        if name not in ("summary", "description", "runbook_url"):
            lines += fact(name, text, width, look)
    lines += fact("labels", "  ".join(f"{key}={value}" for key, value in sorted(alert.labels.items())), width, look, "dim")
    lines += fact("id", alert.id, width, look, "dim")
    if detail.events:
        lines += heading("History", width, look)
        rows = [
            [(f.stamp(e.at, now, look.zone, seconds=True), "dim"), (e.change, "text"), (f"{e.by} {e.note}".strip(), "dim")]
            for e in detail.events
        ]  # fmt: skip
        lines += table(rows, width, look)
    if detail.notes:
        lines += heading("Annotations", width, look)
        lines += table([[(f.stamp(at, now, look.zone, seconds=True), "dim"), (text, "text")] for at, text in detail.notes], width, look)
    lines += heading("Notifications", width, look)
    deliveries = detail.deliveries or alert.deliveries
    lines += table([_delivery(one, now, look) for one in deliveries], width, look) or fact(
        "none", "no notification was sent", width, look, "dim"
    )
    for title, texts in evidence_texts(detail.evidence):
        lines += [
            LineBuilder(width, look).line(),
            LineBuilder(width, look).gap(1).append(title, "heading").gap(2).append("when it fired", "dim").line(),
        ]
        lines += [LineBuilder(width, look).gap(3).append(text, "text").line() for text in texts]
    return lines


def evidence_texts(evidence: Evidence) -> list[tuple[str, Sequence[str]]]:
    """The stored parts of the evidence: heading and lines."""
    parts: list[tuple[str, Sequence[str]]] = [
        ("Reason", [evidence.reason] if evidence.reason else []),
        ("Phases", [f"{name:<11}{seconds * 1000:8.1f}ms" for name, seconds in evidence.phases.items()]),
        ("Busiest processes", [_process_text(one) for one in evidence.processes]),
        ("Log", evidence.log),
        ("Last values", [" ".join(f"{value:.4g}" for value in evidence.values[-20:])] if evidence.values else []),
    ]
    return [(title, texts) for title, texts in parts if texts]


def _process_text(one: EvidenceProcess) -> str:
    share = "     -" if one.cpu is None else f"{one.cpu * 100:5.1f}%"
    return f"{one.pid:>7} {share} {f.size(one.memory):>7}  {one.name}"


def _delivery(one: Delivery, now: int, look: RenderStyle) -> list[tuple[str, str]]:
    style = DELIVERY_STYLES.get(one.state, "dim")
    return [
        (f.stamp(one.at, now, look.zone, seconds=True), "dim"), (delivery_shape(one.state, look) + " " + one.state, style),
        (one.notifier, "text"), (one.kind, "dim"), (one.error, "warning"),
    ]  # fmt: skip


def check_lines(check: CheckView, found: list[AlertView], now: int, width: int, look: RenderStyle) -> list[Line]:
    """Detail page of one check: state, phases of the last probe, windows, figures, facts, its alerts."""
    style = HEALTH_STYLES[check.status]
    head = LineBuilder(width, look).gap(1).append(f"{look.glyphs.health(check.status)} {check.status.value}", style).gap(2)
    if check.since:
        head.append(f"since {f.stamp(check.since, now, look.zone, seconds=True)}, {f.age(check.since, now)}", "dim")
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
