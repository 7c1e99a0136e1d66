"""Conversion of the leader's state to the board's view values. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tui_monitor.alerts.alert import Alert, labels_text
from tui_monitor.alerts.received import RECEIVED
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.board.figures import figures_of
from tui_monitor.board.values import (
    AlertView,
    Board,
    CheckView,
    Delivery,
    DiskView,
    Evidence,
    EvidenceProcess,
    InterfaceView,
    MemberView,
    MountView,
    ProcessView,
    Resources,
    Window,
)
from tui_monitor.core.humanize import measured
from tui_monitor.core.values import METRIC_NAME, CheckResult, HealthStatus
from tui_monitor.promql.query_facts import limits_for, parts_of, query_facts
from tui_monitor.promql.queryable import exact_name
from tui_monitor.promql.values import format_labels, selection
from tui_monitor.sources.system.process_row import ProcessRow
from tui_monitor.sources.system.readings import SystemReading

if TYPE_CHECKING:
    from tui_monitor.config.entries import CheckSettings


def resources_of(
    reading: SystemReading, processes: Sequence[ProcessRow] = (), count: int = 0, forecasts: Mapping[str, str] = {}
) -> Resources:
    """This machine's part of the board; ``forecasts`` are remarks by mount."""
    return Resources(
        cpu=reading.cpu,
        cores=reading.cores,
        modes=reading.modes,
        load=reading.load,
        memory=reading.memory.usage if reading.memory else None,
        memory_total=reading.memory.total if reading.memory else 0,
        memory_available=reading.memory.available if reading.memory else 0,
        swap=reading.swap.usage if reading.swap else None,
        swap_total=reading.swap.total if reading.swap else 0,
        mounts=tuple(
            MountView(m.mount, m.total, m.used, m.free, m.usage, m.inodes, forecasts.get(m.mount, ""), m.error) for m in reading.mounts
        ),
        interfaces=tuple(InterfaceView(i.name, i.receive, i.transmit) for i in reading.interfaces),
        disks=tuple(DiskView(d.name, d.read, d.write, d.busy) for d in reading.disks),
        pressure={p.resource: p.ratio for p in reading.pressure if p.kind == "some"},
        uptime=reading.uptime_s,
        processes=tuple(ProcessView(p.pid, p.name, p.user, p.cpu or 0.0, p.memory, p.command or p.name) for p in processes),
        process_count=count,
        error="; ".join(reading.faults),
    )


MOST_EXPRESSION = 2_000
_TARGET_LABELS = ("host", "instance", "job")
MOST_FIGURES = 100
"""Of a check's own series: one of 1,000 units has 5,000, and the board is written each second."""


def check_view(
    result: CheckResult, target: str, windows: Mapping[str, Window], depends_on: Sequence[str], figures: Mapping[str, float]
) -> CheckView:
    """One check's row; ``figures`` are the newest values of its queries."""
    probe = result.probe
    own = figures_of(probe)
    expires = own.get("probe_ssl_earliest_cert_expiry")
    return CheckView(
        name=result.name,
        type=result.type,
        category=result.category,
        target=target,
        status=result.status,
        reason=result.reason,
        since=result.since,
        at=result.at,
        duration=probe.duration if probe.status is not HealthStatus.UNKNOWN else None,
        phases=probe.phases,
        windows=windows,
        certificate_expires=round(expires * 1000) if expires else None,
        facts=probe.facts,
        figures={**dict(islice(own.items(), MOST_FIGURES)), **figures},
        consecutive_failures=result.consecutive_failures,
        depends_on=tuple(depends_on),
        units=probe.units,
        containers=probe.containers,
    )


MOST_MEMBERS = 200
"""Members of a group on the board."""
_WORST_FIRST = (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY)


def member_views(statuses: Mapping[str, HealthStatus]) -> tuple[MemberView, ...]:
    """The members of a group, the worst first, those of one status in the order of the configuration."""
    order = sorted(statuses.items(), key=lambda member: _WORST_FIRST.index(member[1]))
    return tuple(MemberView(name, status) for name, status in order[:MOST_MEMBERS])


def unprobed(name: str, kind: str, category: str, target: str, depends_on: Sequence[str] = ()) -> CheckView:
    """The view of a check whose first probe is still running."""
    return CheckView(name, kind, category, target, HealthStatus.UNKNOWN, "waiting for the first probe", 0, 0, depends_on=tuple(depends_on))


MOST_AFFECTED = 50
"""Names of affected subjects that an alert on the board carries."""


def alert_view(alert: Alert, unit: str, deliveries: Sequence[Delivery] = (), affected: Sequence[str] = ()) -> AlertView:
    """One alert's row; of one that has ended, the gravest that it was."""
    taken = alert.acknowledged
    said = alert.listed
    return AlertView(
        id=alert.id,
        name=alert.name,
        severity=said.severity,
        state=alert.state,
        summary=said.summary or labels_text(alert.labels),
        value=alert.value,
        value_text=measured(alert.value, unit),
        active_at=alert.active_at,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
        labels=alert.labels,
        annotations=alert.annotations,
        acknowledged_by=taken.by if taken else "",
        acknowledged_at=taken.at if taken else 0,
        acknowledged_note=taken.note if taken else "",
        acknowledged_until=taken.until if taken else None,
        suppressed_by=alert.suppressed_by,
        deliveries=tuple(deliveries),
        flaps=alert.flaps,
        no_data=alert.no_data,
        affected=len(affected),
        affects=tuple(affected[:MOST_AFFECTED]),
        due_at=alert.due_at,
    )


def evidence_view(stored: Mapping[str, object]) -> Evidence:
    """An alert's stored evidence (alerts.evidence.gather) as a view value; parts of another shape are left out."""
    phases, processes = stored.get("phases"), stored.get("processes")
    log, values = stored.get("log"), stored.get("values")
    return Evidence(
        reason=str(stored.get("reason") or ""),
        phases={str(name): float(seconds) for name, seconds in phases.items()} if isinstance(phases, Mapping) else {},
        processes=tuple(EvidenceProcess(one["pid"], one["name"], one["cpu"], int(one["memory"])) for one in processes)
        if isinstance(processes, list)
        else (),
        log=tuple(str(line) for line in log) if isinstance(log, list) else (),
        values=tuple(float(value) for _, value in values) if isinstance(values, list) else (),
    )


def condition_of(alert: Alert) -> str:
    """The rule's expression when the alert fired, "" where it is not known. Prometheus sends it within the alert's link."""
    return str(alert.evidence.get("expr", "")) or _expression_in(str(alert.evidence.get("generator_url", "")))


def _expression_in(link: str) -> str:
    """The expression of a link to Prometheus' graph page (g0.expr)."""
    try:
        return parse_qs(urlsplit(link).query).get("g0.expr", [""])[0][:MOST_EXPRESSION]
    except ValueError:
        return ""


def series_of_alert(alert: Alert, expr: str) -> str:
    """PromQL of an alert's trend: the rule's metric with the alert's labels, or the compared expression of a computed value."""
    facts = query_facts(expr)
    if "check" in alert.labels and facts.metrics <= {"check_health", "probe_success"}:
        return selection("probe_duration_seconds", check=alert.labels["check"])
    if facts.measure is None or facts.measure[0] or not (metric := exact_name(facts.measure[1])):
        return facts.subject
    if alert.rule == RECEIVED:  # its other labels may be the rule's own
        named = {matcher.name: matcher.value for matcher in facts.measure[1] if matcher.op == "=" and matcher.name != METRIC_NAME}
        return selection(metric, **named, **{key: alert.labels[key] for key in _TARGET_LABELS if key in alert.labels and key not in named})
    samples = [rung.sample for rung in alert.rungs.values()]  # without the labels that the rule added
    given = samples[0] if samples else alert.labels.items()
    own = [(key, value) for key, value in given if key not in (METRIC_NAME, "alertname", "severity", "host", "category")]
    return format_labels(((METRIC_NAME, metric), *own))


def own_limits(check: CheckSettings) -> tuple[tuple[float, str], ...]:
    """(seconds, status) of the latencies above which the check is degraded or unhealthy."""
    given = ((check.degraded_above, "degraded"), (check.unhealthy_above, "unhealthy"))
    return tuple((seconds, word) for seconds, word in given if seconds is not None)


def chart_limits(expr: str, board: Board) -> tuple[tuple[float, str], ...]:
    """The limits drawn on a chart: those of rules that select its series, and the own ones of the checks whose latency it shows."""
    named = {name for facts in parts_of(expr) for name in facts.checks}
    own = {selection("probe_duration_seconds", check=check.name): check.limits for check in board.checks if check.name in named}
    return limits_for(expr, {**board.limits, **own})


def limits_of(rules: Iterable[Rule]) -> dict[str, tuple[tuple[float, str], ...]]:
    """(limit, severity) by compared expression, of the rules with a bound; read by query_facts.limits_for."""
    found: dict[str, set[tuple[float, str]]] = {}
    for rule in rules:
        for limit in query_facts(rule.expr).limits:
            if limit.op in (">", ">=", "<", "<="):
                found.setdefault(limit.expr, set()).add((limit.value, rule.severity))
    return {expr: tuple(sorted(limits)) for expr, limits in found.items()}
