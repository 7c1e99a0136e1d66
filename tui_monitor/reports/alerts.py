"""Sections about alerts: what is open, the incidents of the period, what fired most, how fast people answered."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.alerts.alert import Alert
from tui_monitor.analysis.noise_report import Noise, noise_of
from tui_monitor.board.report import ReportCell, ReportSection
from tui_monitor.core.mute_reason import parse_mute_reason
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.subjects import subject_of
from tui_monitor.core.values import SEVERITIES, severity_rank
from tui_monitor.promql.robust_statistics import median
from tui_monitor.reports.context import ReportContext
from tui_monitor.storage.records import AlertEventRow, OutboxRow

MOST_INCIDENTS = 25
MOST_NOISY = 8
_SUMMARY = 160


def incidents_of(context: ReportContext) -> list[Alert]:
    """The alerts above info that fired in the period or reached into it, oldest first."""
    period = context.period
    found = [one for one in context.alerts if one.starts_at and severity_rank(one.gravest.severity) > 0]
    inside = [one for one in found if one.starts_at < period.end and (one.ends_at is None or one.ends_at > period.begin)]
    return sorted(inside, key=lambda one: one.starts_at)


def began_in(context: ReportContext, alerts: Sequence[Alert]) -> list[Alert]:
    """Those of them that began in the period."""
    return [one for one in alerts if context.period.begin <= one.starts_at < context.period.end]


def open_alerts(context: ReportContext) -> list[Alert]:
    """What fires now, above info, oldest first."""
    return sorted(
        (one for one in context.alerts if one.state == "firing" and severity_rank(one.severity) > 0), key=lambda one: one.starts_at
    )


def alert_name(alert: Alert) -> str:
    """Its rule and its subject."""
    return clean(f"{alert.name} {subject_of(alert.labels)}").strip()


def summary_of(alert: Alert) -> str:
    """Its text in one line."""
    return _one_line(alert.annotations.get("summary", ""))


def _one_line(text: str) -> str:
    return clip(clean(text).strip(), _SUMMARY)


def open_section(context: ReportContext) -> ReportSection | None:
    """What is still open; None for nothing."""
    rows = [
        ((one.starts_at, context.t.severities.get(one.severity, one.severity), alert_name(one), summary_of(one), _state(context, one)),
         shade_of(one.severity))
        for one in open_alerts(context)
    ]  # fmt: skip
    columns = (("since", "stamp"), ("severity", "text"), ("alert", "text"), ("what", "text", True), ("state", "text", True))
    return context.section("open", columns, rows) if rows else None


def shade_of(severity: str) -> str:
    """The shade of a severity."""
    return "bad" if severity_rank(severity) >= severity_rank("error") else "warn"


def _state(context: ReportContext, alert: Alert) -> str:
    """Acknowledged, muted, flapping, without data; several where they hold."""
    t, parts = context.t, []
    if alert.acknowledged is not None:
        time = context.form.span((alert.acknowledged.at - alert.starts_at) / 1000)
        parts.append(t.acknowledged.format(by=clean(alert.acknowledged.by), time=time))
    if alert.suppressed_by:
        parts.append(t.muted.format(names=", ".join(parse_mute_reason(one).name or one for one in alert.suppressed_by)))
    parts += [t.flapping] * bool(alert.flaps) + [t.no_data] * alert.no_data
    return ", ".join(parts) or t.not_acknowledged


def incidents_section(context: ReportContext) -> ReportSection:
    """The incidents of the period, with who acknowledged them and whom they were told."""
    found = incidents_of(context)
    listed = found[-MOST_INCIDENTS:]
    facts = context.source.state(lambda state: {one.id: (state.alerts.events(one.id), state.outbox.of_alert(one.id)) for one in listed})
    rows = [(_incident(context, one, *facts[one.id]), shade_of(one.gravest.severity)) for one in listed]
    columns = (
        ("began", "stamp"), ("lasted", "text"), ("severity", "text"), ("alert", "text"), ("what", "text", True),
        ("acknowledged", "text", True), ("told", "text", True),
    )  # fmt: skip
    lines = () if found else (context.t.no_incidents,)
    section = context.section("incidents", columns, rows, lines=lines)
    return ReportSection(section.key, section.title, section.lines, section.columns, section.rows, more=len(found) - len(listed))


def _incident(context: ReportContext, alert: Alert, events: Sequence[AlertEventRow], sent: Sequence[OutboxRow]) -> list[ReportCell]:
    t, form = context.t, context.form
    lasted = t.still if alert.ends_at is None else form.span((alert.ends_at - alert.starts_at) / 1000)
    ack = next((event for event in events if event.change == "acknowledged"), None)
    seen = "" if ack is None else t.acknowledged.format(by=clean(ack.by), time=form.span((ack.at - alert.starts_at) / 1000))
    told = {one.notifier: one.sent_at for one in reversed(sent) if one.kind == "firing" and one.state == "sent" and one.sent_at}
    first = min(told.values(), default=alert.starts_at)
    heard = t.told.format(names=", ".join(sorted(told)), time=form.span(max(0, first - alert.starts_at) / 1000)) if told else t.told_nobody
    worst = alert.gravest
    severity = t.severities.get(worst.severity, worst.severity)
    return [alert.starts_at, lasted, severity, alert_name(alert), _one_line(worst.summary), seen, heard]


def noise_of_period(context: ReportContext) -> Noise:
    """The noise report of the period."""
    return context.once("noise", lambda: _noise(context))


def _noise(context: ReportContext) -> Noise:
    history = context.source.state(lambda state: state.firing_history(context.period.begin, context.end))
    return noise_of(history, context.period.begin, context.end, context.source.rules)


def noise_section(context: ReportContext) -> ReportSection:
    """The alerts that fired most."""
    noise = noise_of_period(context)
    rows = [((one.alert, float(one.fired), float(one.messages), float(one.acknowledged), one.median_s), "") for one in noise.rules]
    columns = (("alert", "text"), ("fired", "count"), ("messages", "count"), ("acks", "count", True), ("median", "span"))
    return context.section("noise", columns, rows, most=MOST_NOISY, lines=() if rows else (context.t.nothing_fired,))


def response_section(context: ReportContext) -> ReportSection | None:
    """How long people took to acknowledge, and how long alerts lasted, by severity; None without alerts."""
    found = began_in(context, incidents_of(context))
    rows = []
    for severity in reversed(SEVERITIES):
        some = [one for one in found if one.gravest.severity == severity]
        if some:
            ended = [(one.ends_at - one.starts_at) / 1000 for one in some if one.ends_at is not None]
            acks = seconds_to_acknowledge(context, some)
            middle = median(acks) if acks else None, median(ended) if ended else None
            rows.append(((context.t.severities[severity], float(len(some)), float(len(acks)), *middle), ""))
    columns = (("severity", "text"), ("alerts", "count"), ("acks", "count"), ("ack_time", "span"), ("resolve_time", "span"))
    return context.section("response", columns, rows) if rows else None


def seconds_to_acknowledge(context: ReportContext, alerts: Sequence[Alert]) -> list[float]:
    """The seconds until the first acknowledgement of each alert that has one."""
    events = context.source.state(lambda state: {one.id: state.alerts.events(one.id) for one in alerts})
    first = {one.id: next((event.at for event in events[one.id] if event.change == "acknowledged"), None) for one in alerts}
    return [(at - one.starts_at) / 1000 for one in alerts if (at := first[one.id]) is not None]
