"""The risks: what nobody watches, nobody hears of, or what will end soon, each with what to do; the gravest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.board.report import ReportSection
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import METRIC_NAME, HealthStatus, severity_rank
from tui_monitor.dispatch.routing import Routing, compile_routing
from tui_monitor.promql.queryable import Matcher
from tui_monitor.reports.alerts import alert_name, open_alerts
from tui_monitor.reports.checks import ending_soon
from tui_monitor.reports.context import ReportContext
from tui_monitor.reports.machine import TIGHT_S, until_full
from tui_monitor.reports.periods import DAY_MS
from tui_monitor.reports.records import stored_messages
from tui_monitor.storage.repository import State

LONG_SILENCE_MS = 30 * DAY_MS
OLD_ACK_MS = 3 * DAY_MS
BACKLOG_MS = 600_000
UNKNOWN_MS = 3_600_000
CLOCK_S = 1.0
FEWEST_DEPENDING = 2


@frozen
class Risk:
    """One risk: which sentence of the catalogue, what fills it, and whether it is grave."""

    key: str
    grave: bool
    words: dict[str, object]


def risks_of(context: ReportContext) -> list[Risk]:
    """All of them, grave ones first."""
    found = context.once("risks", lambda: [risk for look in _LOOKS for risk in look(context)])
    return sorted(found, key=lambda one: not one.grave)


def risks_section(context: ReportContext) -> ReportSection:
    """The table of risks."""
    t = context.t
    rows = [
        ((t.risk_names[one.key].format(**one.words), t.risk_advice[one.key].format(**one.words)), "bad" if one.grave else "warn")
        for one in risks_of(context)
    ]
    return context.section("risks", (("risk", "text"), ("advice", "text")), rows, most=60, lines=() if rows else (t.no_risks,))


def _unheard(context: ReportContext) -> Iterator[Risk]:
    """Rules whose alerts go to nobody."""
    settings = context.source.settings
    if not settings.notifiers:
        yield Risk("no_notifier", True, {})
        return
    routing = compile_routing(settings)
    silent: dict[str, dict[str, None]] = {}
    for rule in context.source.rules:
        if severity_rank(rule.severity) > 0 and not _may_be_heard(routing, rule):
            silent.setdefault(rule.severity, {})[rule.alert] = None
    for severity, alerts in sorted(silent.items(), key=lambda one: -severity_rank(one[0])):
        names = clip(", ".join(alerts), 160)
        yield Risk(
            "no_route", severity_rank(severity) >= severity_rank("error"), {"severity": severity, "count": len(alerts), "names": names}
        )


def _may_be_heard(routing: Routing, rule: Rule) -> bool:
    """Whether a route takes its alerts; a matcher on a label that only the alert will have may match."""
    labels = {"alertname": rule.alert, "severity": rule.severity, **rule.labels}
    if routing.routes_for(labels, rule.severity, rule.ladder):
        return True
    return any(all(one.name not in labels or one.matches(labels[one.name]) for one in route.matchers) for route in routing.routes)


def _mute_notifiers(context: ReportContext) -> Iterator[Risk]:
    """Notifiers that have never delivered, or fail now; waiting messages."""
    rows = stored_messages(context)
    sent = {row.notifier for row in rows if row.state == "sent"}
    for one in context.source.settings.notifiers:
        failing, error = context.source.state(partial(_failing, one.name, context.now))
        if failing:
            yield Risk("failing", True, {"notifier": clean(one.name), "error": clip(clean(error), 120)})
        elif one.name not in sent:
            yield Risk("never_sent", False, {"notifier": clean(one.name)})
    waiting = [row for row in rows if row.next_try is not None and context.now - row.created_at > BACKLOG_MS]
    if waiting:
        oldest = min(row.created_at for row in waiting)
        yield Risk("backlog", True, {"count": len(waiting), "time": context.form.span((context.now - oldest) / 1000)})


def _failing(name: str, now: int, state: State) -> tuple[int, str]:
    return state.outbox.failing(name, now)


def _long_silences(context: ReportContext) -> Iterator[Risk]:
    for one in context.source.state(lambda state: state.dispatch.silences()):
        if one.starts_at <= context.now and one.ends_at - context.now > LONG_SILENCE_MS:
            yield Risk("silence", False, {"matchers": clean(" ".join(map(str, one.matchers))), "id": one.id})


def _ending(context: ReportContext) -> Iterator[Risk]:
    for kind, name, at in ending_soon(context):
        left = (at - context.end) / 1000
        yield Risk(kind, left < 7 * 86400, {"name": clean(name), "time": context.form.span(max(0.0, left))})


def _filling(context: ReportContext) -> Iterator[Risk]:
    for mount, left in until_full(context).items():
        if left < TIGHT_S:
            yield Risk("disk", left < 2 * 86400, {"mount": clean(mount), "time": context.form.span(left)})


def _clock(context: ReportContext) -> Iterator[Risk]:
    charts = context.history.downsampled_all((Matcher(METRIC_NAME, "=", "ntp_offset_seconds"),), context.end - DAY_MS, context.end, 1)
    worst = max((abs(points[-1].last) for points in charts.values() if points), default=0.0)
    if worst > CLOCK_S:
        yield Risk("clock", True, {"time": context.form.span(worst)})


def _single_points(context: ReportContext) -> Iterator[Risk]:
    """Checks on which several others depend."""
    depending: dict[str, list[str]] = {}
    for check in context.source.settings.checks:
        for parent in check.depends_on:
            depending.setdefault(parent, []).append(check.name)
    for name, children in sorted(depending.items(), key=lambda one: -len(one[1])):
        if len(children) >= FEWEST_DEPENDING:
            names = clip(clean(", ".join(sorted(children))), 120)
            yield Risk("single_point", False, {"name": clean(name), "count": len(children), "names": names})


def _unmeasured(context: ReportContext) -> Iterator[Risk]:
    for check in context.source.board.checks:
        if check.status is HealthStatus.UNKNOWN and check.since and context.now - check.since > UNKNOWN_MS:
            yield Risk("unknown_check", False, {"name": clean(check.name), "time": context.form.span((context.now - check.since) / 1000)})


def _monitor(context: ReportContext) -> Iterator[Risk]:
    if context.source.settings.heartbeat is None:
        yield Risk("no_ping", False, {})
    for text, _ in Counter(context.source.board.trouble).items():
        yield Risk("trouble", True, {"text": clip(clean(text), 200)})


def _old_acks(context: ReportContext) -> Iterator[Risk]:
    for one in open_alerts(context):
        if one.acknowledged is not None and context.now - one.acknowledged.at > OLD_ACK_MS:
            yield Risk("old_ack", False, {"alert": alert_name(one), "time": context.form.span((context.now - one.acknowledged.at) / 1000)})


_LOOKS: tuple[Callable[[ReportContext], Iterator[Risk]], ...] = (
    _unheard, _mute_notifiers, _monitor, _filling, _ending, _clock, _unmeasured, _long_silences, _old_acks, _single_points,
)  # fmt: skip
