"""Rules, alerts, targets and the state of the server, as Prometheus' HTTP API gives them (shapes: prometheus/web/api/v1/api.go)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from tui_monitor.board.rule_views import RuleAlertView, RuleGroupView, RuleView
from tui_monitor.board.values import CheckView
from tui_monitor.core.values import METRIC_NAME, HealthStatus, Labels, label
from tui_monitor.core.version import VERSION
from tui_monitor.promql.chart_queries import plain_selector
from tui_monitor.promql.numbers import format_sample
from tui_monitor.promql.queryable import Matcher, fulfils
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.endpoint import Endpoint, HttpCall
from tui_monitor.serving.prometheus_api import QueryParameters, answer, invalid, parameters, promql_faults

PROMETHEUS_VERSION = "3.5.0"
"""The version whose API this is: Grafana chooses what it asks for by it."""
NEVER = "0001-01-01T00:00:00Z"
MOST_COUNTED = 10
_HEALTH = {HealthStatus.HEALTHY: "up", HealthStatus.DEGRADED: "up", HealthStatus.UNHEALTHY: "down", HealthStatus.UNKNOWN: "unknown"}


def rfc3339(at_ms: int) -> str:
    """UTC milliseconds as Go writes a time; 0 is Go's zero time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at_ms else NEVER


# --- rules and alerts -------------------------------------------------------------------------------------------------------


async def rules(call: HttpCall) -> Response:
    """The rules in force, in groups."""
    given = await parameters(call)
    kind = given.text("type").lower()
    if kind not in ("", "alert", "record"):
        raise invalid("type", "it must be alert or record")
    with promql_faults("match[]"):
        matchers = [_matchers(text) for text in given.all("match[]")]
    exclude = given.text("exclude_alerts", "false").lower() in ("true", "1", "t")
    groups = []
    for group in _asked(await call.backend.rules(), given):
        chosen = [rule for rule in group.rules if _wanted(rule, kind, given.all("rule_name[]"), matchers)]
        if chosen or not (kind or matchers or given.all("rule_name[]")):
            groups.append(_group(group, [_rule(rule, group.evaluated_at, exclude) for rule in chosen]))
    return await answer(call, _page(groups, given))


def _matchers(text: str) -> tuple[Matcher, ...]:
    found = plain_selector(text)
    if found is None:
        raise invalid("match[]", "it must be a series selector")
    return found


def _asked(groups: Sequence[RuleGroupView], given: QueryParameters) -> list[RuleGroupView]:
    names, files = given.all("rule_group[]"), given.all("file[]")
    return [group for group in groups if (not names or group.name in names) and (not files or group.file in files)]


def _wanted(rule: RuleView, kind: str, names: Sequence[str], matchers: Sequence[tuple[Matcher, ...]]) -> bool:
    if kind not in ("", rule.kind) or (names and rule.name not in names):
        return False
    labels = tuple(rule.labels.items())
    return not matchers or any(fulfils(labels, one) for one in matchers)


def _page(groups: list[dict[str, Any]], given: QueryParameters) -> dict[str, Any]:
    limit, token = given.limit("group_limit"), given.text("group_next_token", "0")
    if not (token.isascii() and token.isdigit() and len(token) < 10):
        raise invalid("group_next_token", "it is not one that was given here")
    first, past = int(token), int(token) + limit
    if not limit or past >= len(groups):
        return {"groups": groups[first:]}
    return {"groups": groups[first:past], "groupNextToken": str(past)}


def _group(group: RuleGroupView, views: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": group.name,
        "file": group.file,
        "rules": views,
        "interval": group.interval_s,
        "limit": 0,
        "evaluationTime": 0,
        "lastEvaluation": rfc3339(group.evaluated_at),
    }


def _rule(rule: RuleView, at: int, exclude_alerts: bool) -> dict[str, Any]:
    common = {
        "name": rule.name,
        "query": rule.expr,
        "labels": dict(rule.labels),
        "health": "err" if rule.error else "ok",
        **({"lastError": rule.error} if rule.error else {}),
        "evaluationTime": 0,
        "lastEvaluation": rfc3339(at),
    }
    if rule.kind == "record":
        return {**common, "type": "recording"}
    return {
        "state": rule.state,
        **common,
        "duration": rule.for_s,
        "keepFiringFor": rule.keep_firing_for_s,
        "annotations": dict(rule.annotations),
        "alerts": [] if exclude_alerts else [_alert(alert) for alert in rule.alerts],
        "type": "alerting",
    }


def _alert(alert: RuleAlertView) -> dict[str, Any]:
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": alert.state,
        "activeAt": rfc3339(alert.active_at),
        "value": format_sample(alert.value) if alert.value is not None else "NaN",
    }


async def alerts(call: HttpCall) -> Response:
    """The pending and firing alerts."""
    groups = await call.backend.rules()
    return await answer(call, {"alerts": [_alert(alert) for group in groups for rule in group.rules for alert in rule.alerts]})


# --- targets ----------------------------------------------------------------------------------------------------------------


async def targets(call: HttpCall) -> Response:
    """The checks as targets; none are dropped."""
    given = await parameters(call)
    state, pool = given.text("state", "any").lower(), given.text("scrapePool")
    intervals = {check.name: (check.interval, check.timeout) for check in call.settings.checks}
    wanted = [one for one in call.backend.board.checks if state in ("any", "active", "") and pool in ("", one.type)]
    return await answer(
        call, {"activeTargets": [_target(one, *intervals.get(one.name, (0.0, 0.0))) for one in wanted], "droppedTargets": []}
    )


def _target(check: CheckView, interval: float, timeout: float) -> dict[str, Any]:
    labels = {name: value for name, value in check.series if name != METRIC_NAME}
    return {
        "discoveredLabels": labels,
        "labels": labels,
        "scrapePool": check.type,
        "scrapeUrl": check.target,
        "globalUrl": check.target,
        "lastError": check.reason,
        "lastScrape": rfc3339(check.at),
        "lastScrapeDuration": check.duration or 0,
        "health": _HEALTH[check.status],
        "scrapeInterval": f"{interval:g}s",
        "scrapeTimeout": f"{timeout:g}s",
    }


async def alertmanagers(call: HttpCall) -> Response:
    """No Alertmanagers: this program notifies by itself."""
    return await answer(call, {"activeAlertmanagers": [], "droppedAlertmanagers": []})


# --- the server -------------------------------------------------------------------------------------------------------------


async def buildinfo(call: HttpCall) -> Response:
    """The version of the API; without `features`, by which Grafana would take it for Mimir."""
    return await answer(
        call,
        {
            "version": PROMETHEUS_VERSION,
            "revision": f"tui-monitor {VERSION}",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        },
    )


async def runtimeinfo(call: HttpCall) -> Response:
    """When it began, and whether its configuration is in force; no path, no environment."""
    board = call.backend.board
    return await answer(
        call,
        {
            "startTime": rfc3339(board.leader.since),
            "CWD": "",
            "hostname": board.host,
            "serverTime": rfc3339(call.clock.wall_ms()),
            "reloadConfigSuccess": True,
            "lastConfigTime": rfc3339(board.leader.since),
            "corruptionCount": 0,
            "goroutineCount": 0,
            "GOMAXPROCS": 0,
            "GOMEMLIMIT": 0,
            "GOGC": "",
            "GODEBUG": "",
            "storageRetention": "",
        },
    )


async def tsdb(call: HttpCall) -> Response:
    """How many series each metric and label has, the most first."""
    limit = (await parameters(call)).limit() or MOST_COUNTED
    if limit > 10_000:
        raise ApiError(400, "limit must not exceed 10000")
    found = await call.backend.series([])
    return await answer(call, await asyncio.to_thread(_statistics, found, limit))


def _statistics(found: Sequence[Labels], limit: int) -> dict[str, Any]:
    names = Counter(label(labels, METRIC_NAME) for labels in found)
    pairs = Counter(f"{name}={value}" for labels in found for name, value in labels)
    values: dict[str, set[str]] = {}
    for labels in found:
        for name, value in labels:
            values.setdefault(name, set()).add(value)
    return {
        "headStats": {"numSeries": len(found), "numLabelPairs": len(pairs), "chunkCount": 0, "minTime": 0, "maxTime": 0},
        "seriesCountByMetricName": _counted(names, limit),
        "labelValueCountByLabelName": _counted({name: len(own) for name, own in values.items()}, limit),
        "memoryInBytesByLabelName": [],
        "seriesCountByLabelValuePair": _counted(pairs, limit),
    }


def _counted(counts: Mapping[str, int], limit: int) -> list[dict[str, Any]]:
    return [{"name": name, "value": count} for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:limit]]


ENDPOINTS = tuple(
    Endpoint("GET", f"/api/v1/{path}", handler, summary, family="prometheus")
    for path, handler, summary in (
        ("rules", rules, "the rules in force with their alerts"),
        ("alerts", alerts, "the pending and firing alerts"),
        ("targets", targets, "the checks as targets"),
        ("alertmanagers", alertmanagers, "Alertmanagers: always none"),
        ("status/buildinfo", buildinfo, "the version of the API"),
        ("status/runtimeinfo", runtimeinfo, "since when it runs"),
        ("status/tsdb", tsdb, "how many series there are"),
    )
)
