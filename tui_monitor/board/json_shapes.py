"""JSON shapes of commands with --json (docs/commands.md): one function per shape, from values to plain objects.

Stamps are RFC 3339 UTC or null, durations in milliseconds where a key ends in ``_ms`` and in seconds where it ends in ``_s``.
`query` uses Prometheus' shapes (promql.http_json); those of `rules backtest` and `rules noise` are in `analysis`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tui_monitor.alerts.alert import labels_text
from tui_monitor.board.figures import figures_of
from tui_monitor.core.access_token import LINK_MS, AccessToken
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.trace import Span, TraceSummary
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import METRIC_NAME, SEVERITIES, HealthStatus, label
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.http_json import error_to_json, to_json

if TYPE_CHECKING:
    from tui_monitor.alerts.alert import Acknowledgement, Alert
    from tui_monitor.alerts.rules.rule import Rule
    from tui_monitor.board.listings import SeriesStatistics
    from tui_monitor.board.values import AlertView, Board, CheckView, Resources
    from tui_monitor.core.audit import Audit
    from tui_monitor.core.values import ProbeResult
    from tui_monitor.dispatch.message import Message
    from tui_monitor.dispatch.silences import Silence
    from tui_monitor.promql.explain import Part
    from tui_monitor.storage.records import LeaderRow, OutboxRow

Json = dict[str, Any]


def _time(stamp: int | None) -> str | None:
    return rfc3339(stamp) if stamp else None


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _durations(duration: float | None, phases: Mapping[str, float]) -> Json:
    return {
        "duration_ms": None if duration is None else _milliseconds(duration),
        "phases_ms": {phase: _milliseconds(seconds) for phase, seconds in phases.items()},
    }


# --- check and status -----------------------------------------------------------------------------------------------------


def probe_json(name: str, kind: str, result: ProbeResult, at: int) -> Json:
    """`check`: one probe's plain verdict."""
    known = {"name": name, "type": kind, "status": str(result.status), "reason": result.reason}
    told = {"figures": jsonable(figures_of(result)), "facts": dict(result.facts)}
    return {**known, **_durations(result.duration, result.phases), "at": _time(at), **told}


def status_json(host: str, version: str, reason: str = "", board: Board | None = None) -> Json:
    """`status`: the newest board; a ``reason`` says why the present state is not known.

    The caller adds the leader and the alerts from the state, which is newer than a stored board.
    """
    return {
        "host": board.host if board else host,
        "status": "unknown" if reason or board is None else str(board.status),
        "reason": reason,
        "leader": None,
        "summary": check_summary_json(board.checks if board else (), reason),
        "checks": [check_json(check, reason) for check in board.checks] if board else [],
        "alerts": alert_counts_json([]),
        "resources": resources_json(board.resources) if board else {},
        "trouble": list(board.trouble) if board else [],
        "version": version,
        "uptime_s": None,
        "at": _time(board.at) if board else None,
    }


def leader_json(leader: LeaderRow) -> Json:
    """The process that polls and notifies, within `status`."""
    return {"pid": leader.pid, "kind": leader.kind, "since": _time(leader.since), "heartbeat": _time(leader.heartbeat)}


def alert_counts_json(alerts: Sequence[Alert], unrecorded: Sequence[AlertView] = (), history: int = 0, last_at: int | None = None) -> Json:
    """Counts of alerts within `status`; ``firing``: unacknowledged, ``muted``: how many of these are muted;
    ``by_severity``: all firing alerts.

    ``unrecorded``: firing alerts that are missing in the state. ``history``: how many that ever fired are stored, ``last_at``: when the
    newest of them began (UTC ms).
    """
    firing = [alert for alert in alerts if alert.state == "firing"]
    every: list[Alert | AlertView] = [*firing, *unrecorded]
    severities = Counter(alert.severity for alert in every)
    taken = sum(alert.acknowledged is not None for alert in firing) + sum(bool(alert.acknowledged_by) for alert in unrecorded)
    muted = sum(bool(alert.suppressed_by) and alert.acknowledged is None for alert in firing)
    return {
        "firing": len(firing) + len(unrecorded) - taken,
        "muted": muted + sum(bool(alert.suppressed_by) and not alert.acknowledged_by for alert in unrecorded),
        "acknowledged": taken,
        "pending": len(alerts) - len(firing),
        "by_severity": {severity: severities[severity] for severity in reversed(SEVERITIES)},
        "by_name": _counted(alert.name for alert in every),
        "by_category": _counted(alert.labels.get("category", "") for alert in every),
        "total_history": history,
        "last_at": _time(last_at),
    }


def _counted(names: Iterable[str]) -> Json:
    """The most frequent first, then by name; "" is left out."""
    return dict(sorted(Counter(filter(None, names)).items(), key=lambda pair: (-pair[1], pair[0])))


def check_json(check: CheckView, not_known: str = "") -> Json:
    """One check within `status`; with ``not_known`` (why the present state is unknown) the reason contains the last status."""
    was = f"{not_known}; was {check.status}{f': {check.reason}' if check.reason else ''}"
    return {
        "name": check.name,
        "type": check.type,
        "category": check.category,
        "target": check.target,
        "status": "unknown" if not_known else str(check.status),
        "reason": was if not_known else check.reason,
        "since": _time(check.since),
        "at": _time(check.at),
        **_durations(check.duration, check.phases),
        "windows": {name: asdict(window) for name, window in check.windows.items()},
        "consecutive_failures": check.consecutive_failures,
        "depends_on": list(check.depends_on),
        "figures": jsonable(check.figures),
        "facts": dict(check.facts),
    }


def jsonable(figures: Mapping[str, float]) -> Json:
    """Numbers by name, as JSON has them."""
    return {name: number_json(value) for name, value in figures.items()}


def check_summary_json(checks: Sequence[CheckView], not_known: str = "") -> Json:
    """How many checks are in each state, within `status`; ``healthy_ratio`` is null where there are none."""
    states = Counter(str(HealthStatus.UNKNOWN if not_known else check.status) for check in checks)
    counts = {str(status): states[str(status)] for status in (HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY)}
    ratio = round(counts["healthy"] / len(checks), 4) if checks else None
    return {"total": len(checks), **counts, "unknown": states["unknown"], "healthy_ratio": ratio}


def resources_json(resources: Resources) -> Json:
    """The machine within `status`, without its processes: ratios 0 to 1, bytes, bytes per second."""
    return {name: value for name, value in asdict(resources).items() if name not in ("processes", "process_count")}


# --- alerts, silences, audit log, outbox ----------------------------------------------------------------------------------


def alert_json(alert: Alert) -> Json:
    """One entry of `alerts`; values that JSON lacks are texts ("NaN", "+Inf"), null before the first value."""
    return {
        "id": alert.id,
        "fingerprint": alert.fingerprint,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "severity": alert.severity,
        "state": alert.state,
        "value": number_json(alert.value),
        "starts_at": rfc3339(alert.starts_at or alert.active_at),
        "ends_at": None if alert.ends_at is None else rfc3339(alert.ends_at),
        "acknowledged": None if alert.acknowledged is None else _acknowledgement(alert.acknowledged),
        "suppressed_by": list(alert.suppressed_by),
    }


def listed_alert_json(alert: Alert, service: str, deliveries: Sequence[OutboxRow]) -> Json:
    """One entry of `alerts`: as `alert_json`, with what people are told of it.

    ``title``: the summary, else its name and labels; ``message``: what to do. ``metric``: what its rule compares; ``threshold``: the
    limit, in the same ``unit``. ``service``: its label, else the configured one. ``deliveries``: its messages, oldest first.
    """
    told = [
        {"notifier": row.notifier, "kind": row.kind, "state": row.state, "at": rfc3339(row.sent_at or row.created_at)} for row in deliveries
    ]
    return {
        **alert_json(alert),
        "title": alert.annotations.get("summary", "") or " ".join(filter(None, (alert.name, labels_text(alert.labels)))),
        "message": alert.annotations.get("description", ""),
        "category": alert.labels.get("category", ""),
        "service": alert.labels.get("service") or service,
        "metric": alert.measure.metric,
        "current_value": number_json(alert.value),
        "threshold": number_json(alert.measure.threshold),
        "unit": alert.measure.unit,
        "resolved": None if alert.state != "resolved" else _resolution(alert),
        "deliveries": told,
    }


def _resolution(alert: Alert) -> Json:
    """``by`` is "" where the condition ended by itself; ``note``: of who closed it, or why the monitor did."""
    return {"by": alert.resolved_by, "at": _time(alert.ends_at), "note": alert.note}


def number_json(value: float | None) -> float | str | None:
    """A number as JSON has it; NaN and infinities as texts."""
    return value if value is None or math.isfinite(value) else _not_finite(value)


def _not_finite(value: float) -> str:
    return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"


def _acknowledgement(given: Acknowledgement) -> Json:
    return {"by": given.by, "at": rfc3339(given.at), "note": given.note, "until": None if given.until is None else rfc3339(given.until)}


def silence_state(silence: Silence, now: int) -> str:
    """active, pending or expired, as Alertmanager calls them."""
    return "active" if silence.is_active(now) else "pending" if now < silence.starts_at else "expired"


def silence_json(silence: Silence, now: int) -> Json:
    """One entry of `silences`."""
    return {
        "id": silence.id,
        "state": silence_state(silence, now),
        "matchers": [str(matcher) for matcher in silence.matchers],
        "starts_at": _time(silence.starts_at),
        "ends_at": _time(silence.ends_at),
        "by": silence.by,
        "comment": silence.comment,
    }


def audit_json(entry: Audit) -> Json:
    """One entry of `audit`."""
    return {"at": _time(entry.at), "by": entry.by, "verb": entry.verb, "subject": entry.subject, "note": entry.note}


def notification_json(row: OutboxRow, message: Message) -> Json:
    """One entry of `notifications`."""
    return {
        "id": row.id,
        "notifier": row.notifier,
        "alerts": list(row.alerts),
        "kind": row.kind,
        "state": row.state,
        "attempts": row.attempts,
        "next_try": rfc3339(row.next_try) if row.next_try is not None and row.state in ("retrying", "unknown") else None,
        "created_at": rfc3339(row.created_at),
        "sent_at": None if row.sent_at is None else rfc3339(row.sent_at),
        "provider_id": row.provider_id or None,
        "error": row.error or None,
        "title": message.title,
        "severity": message.severity,
    }


# --- store ----------------------------------------------------------------------------------------------------------------


def store_json(known: Mapping[str, Any]) -> Json:
    """`store info`: sizes in bytes; each table's first and last time."""
    return {**known, "tables": {name: _with_times(entry) for name, entry in known["tables"].items()}}


def _with_times(entry: Mapping[str, Any]) -> Json:
    return {name: _time(value) if name in ("from", "until") else value for name, value in entry.items()}


# --- rules and queries ----------------------------------------------------------------------------------------------------


def explain_json(alert: str, rules: Sequence[Json], now: int) -> Json:
    """`explain`: the rules of an alert, each as `explained_rule_json`."""
    return {"alert": alert, "at": _time(now), "rules": list(rules)}


def explained_rule_json(
    rule: Rule, state: str, why: str, subjects: Iterable[tuple[Alert, str, str]], parts: Iterable[Part], now: int
) -> Json:
    """One rule within `explain`; ``subjects`` are its alerts with state and reason, ``parts`` the parts of its expression."""
    return {
        "severity": rule.severity,
        "source": rule.source,
        "expr": rule.expr,
        "for_s": rule.for_s,
        "keep_firing_for_s": rule.keep_firing_for_s,
        "state": state,
        "why": why,
        "subjects": [{"alert": alert_json(alert), "state": does, "why": because} for alert, does, because in subjects],
        "parts": [{"text": part.text, "depth": part.depth, **_part_json(part, now)} for part in parts],
    }


def _part_json(part: Part, now: int) -> Json:
    return error_to_json(part.result) if isinstance(part.result, EvaluationError) else to_json(part.result, now)


def rules_check_json(
    read: Mapping[str, int], alerting: int, recording: int, files: Sequence[str], problems: Sequence[str], warnings: Sequence[str]
) -> Json:
    """`rules check`: number of rules ``read`` per origin ("built_in", "configuration", "files") and of valid ones."""
    counts = {"read": sum(read.values()), "run": alerting + recording, **read, "alerting": alerting, "recording": recording}
    return {**counts, "rule_files": list(files), "problems": list(problems), "warnings": list(warnings)}


def added_rule_json(rule: AddedRule, waiting: bool) -> Json:
    """One rule of `rules list`; ``waiting``: for the next leader."""
    return {
        "name": rule.name, "when": rule.condition, "expr": rule.expr, "for_s": rule.for_s, "severity": rule.severity, "to": list(rule.to),
        "cooldown_s": rule.cooldown_s, "by": rule.by, "at": rfc3339(rule.at), "state": "waiting" if waiting else "used",
    }  # fmt: skip


def series_summary_json(found: SeriesStatistics, unit: str) -> Json:
    """The summary of a series over a time; figures that are no numbers are null."""
    name, average = label(found.labels, METRIC_NAME), found.sum / found.count
    figures = {"sum": found.sum, "min": found.low, "avg": average, "max": found.high, "p95": found.p95, "last": found.last}
    known = {key: value if math.isfinite(value) else None for key, value in figures.items()}
    labels = {key: value for key, value in found.labels if key != METRIC_NAME}
    return {"metric": name, "labels": labels, "unit": unit, "count": found.count, **known}


def trace_summary_json(trace: TraceSummary) -> Json:
    """One trace of `traces`."""
    return {
        "trace_id": trace.trace_id, "service": trace.service, "operation": trace.operation, "at": rfc3339(trace.start_us // 1000),
        "duration_ms": trace.duration_us / 1000, "spans": trace.spans, "errors": trace.errors,
    }  # fmt: skip


def trace_extent(spans: Sequence[Span]) -> tuple[int, int]:
    """When a trace began (Unix µs) and how long it took (µs)."""
    begin = min(span.start_us for span in spans)
    return begin, max(span.start_us + span.duration_us for span in spans) - begin


def trace_json(spans: Sequence[Span], lines: Sequence[Json]) -> Json:
    """One trace, with the log lines that name it."""
    begin, length = trace_extent(spans)
    return {
        "trace_id": spans[0].trace_id, "at": rfc3339(begin // 1000), "duration_ms": length / 1000,
        "spans": [_span_json(span) for span in spans], "logs": list(lines),
    }  # fmt: skip


def _span_json(span: Span) -> Json:
    events = [{"at": rfc3339(each.at_us // 1000), "name": each.name, "attributes": dict(each.attributes)} for each in span.events]
    return {
        "span_id": span.span_id, "parent_id": span.parent_id, "service": span.service, "operation": span.operation, "kind": span.kind,
        "status": span.status, "message": span.message, "at": rfc3339(span.start_us // 1000), "duration_ms": span.duration_us / 1000,
        "attributes": dict(span.attributes), "events": events,
    }  # fmt: skip


def token_json(token: AccessToken) -> Json:
    """One access token, without its secret and without what is stored of it."""
    return {
        "name": token.name, "scopes": list(token.scopes), "kind": token.kind, "by": token.by, "created_at": rfc3339(token.created_at),
        "expires_at": rfc3339(token.expires_at) if token.expires_at else None,
    }  # fmt: skip


def socket_link_json(url: str, socket: str) -> Json:
    """`web` for the unix socket: the address once ssh forwards the socket."""
    return {"url": url, "socket": socket}


def link_json(url: str, scope: str, by: str) -> Json:
    """`web`: a link that signs a browser in."""
    return {"url": url, "scope": scope, "expires_in_s": LINK_MS // 1000, "by": by}


def refusal_json(reason: str) -> Json:
    """Refusal of any other command."""
    return {"error": reason}


def query_refused_json(reason: str, *, bad_arguments: bool) -> Json:
    """Failed `query` with an errorType of Prometheus' HTTP API: unavailable where the history cannot be read."""
    return {"status": "error", "errorType": "bad_data" if bad_arguments else "unavailable", "error": reason}
