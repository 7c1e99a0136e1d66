"""Panels without queries: rows of the board, of kept lines and of traces. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from tui_monitor.board.listings import LogLine
from tui_monitor.board.screen_values import PanelRow, PanelValues
from tui_monitor.board.strip import Strip, with_present
from tui_monitor.board.values import AlertView, Board, CheckView, RequestTable, Resources, alert_order
from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.screen_phrases import ScreenPhrases
from tui_monitor.core.catalogue.translation import Translator, translator
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.subjects import subject_of
from tui_monitor.core.trace import TraceSummary
from tui_monitor.core.values import HealthStatus
from tui_monitor.dispatch.matchers import matches_all

MOST_ROWS = 100
LONGEST = 300
_GRAVITY = (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY)
_LEVELS = {"critical": "critical", "error": "error", "warning": "warning"}
SLOW_S = 1.0
"""A route whose p95 is longer is marked, as by the rule SlowRequests."""
Strips = Mapping[str, Strip]


def board_values(base: PanelValues, board: Board, strips: Strips, phrases: ScreenPhrases) -> PanelValues:
    """The panel of a kind that the board answers."""
    kind = base.panel.kind
    if kind in ("checks", "hosts"):
        return _checks(base, board, strips, translator(phrases.language))
    if kind == "alerts":
        return _alerts(base, board, phrases)
    if kind == "resources":
        return replace(base, heads=("name", "value", "of"), rows=tuple(_resources(board.resources, phrases)))
    if kind == "requests":
        return _requests(base, board.requests)
    if kind == "containers":
        return _containers(base, board)
    if kind == "processes":
        return _processes(base, board.resources)
    return base


def _filled(base: PanelValues, heads: tuple[str, ...], rows: Sequence[PanelRow], more: int = 0) -> PanelValues:
    return replace(base, heads=heads, rows=tuple(rows[:MOST_ROWS]), more=more + max(0, len(rows) - MOST_ROWS))


def labels_of_check(check: CheckView) -> dict[str, str]:
    """What matchers on checks see."""
    own = {"check": check.name, "name": check.name, "type": check.type, "category": check.category, "status": str(check.status)}
    return {**check.labels, **own}


def panel_checks(base: PanelValues, board: Board) -> list[CheckView]:
    """The checks of a panel, the failed ones first."""
    matchers, hosts = base.panel.matchers, base.panel.kind == "hosts"
    found = [check for check in board.checks if (check.type == "host" or not hosts) and matches_all(matchers, labels_of_check(check))]
    return sorted(found, key=lambda check: _GRAVITY.index(check.status))


def _checks(base: PanelValues, board: Board, strips: Strips, words: Translator) -> PanelValues:
    found = panel_checks(base, board)
    rows = [
        PanelRow(
            (clean(check.name), f.latency(check.duration), _why(check, board.at, words)),
            str(check.status),
            check.name,
            strip=with_present(strips.get(check.name, ()), check.status, check.since),
        )
        for check in found
    ]
    counted = [sum(check.status is status for check in found) for status in _GRAVITY]
    remark = " ".join(f"{sign}{count}" for sign, count in zip("✗▴?✓", counted, strict=True) if count)
    return replace(_filled(base, ("name", "latency", "reason"), rows), remark=remark)


def _why(check: CheckView, now: int, words: Translator) -> str:
    """Reason and age of what is not well."""
    if check.status is HealthStatus.HEALTHY:
        return ""
    return clip(
        clean(" ".join(filter(None, (words.say(f.age(check.since, now)) if check.since else "", words.say(check.reason))))), LONGEST
    )


def _alerts(base: PanelValues, board: Board, phrases: ScreenPhrases) -> PanelValues:
    matchers = base.panel.matchers
    shown = [alert for alert in board.alerts if alert.state == "firing" and not alert.suppressed_by]
    found = sorted((one for one in shown if matches_all(matchers, {**one.labels, "severity": one.severity})), key=alert_order)
    rows = [_alert_row(alert, board.at, phrases) for alert in found]
    if shown and not found:
        base = replace(base, empty=phrases.others_fire.format(count=len(shown)))
    return _filled(base, ("severity", "since", "summary"), rows)


def _alert_row(alert: AlertView, now: int, phrases: ScreenPhrases) -> PanelRow:
    subject, summary = subject_of(alert.labels) or alert.name, clean(alert.summary) or alert.name
    text = summary if summary.casefold().startswith(subject.casefold()) else f"{subject}  {summary}"
    if alert.acknowledged_by:
        text = f"({phrases.acknowledged.format(by=clean(alert.acknowledged_by))}) {text}"
    age = translator(phrases.language).say(f.age(alert.starts_at or alert.active_at, now))
    return PanelRow((alert.severity, age, clip(text, LONGEST)), alert.severity, alert.id)


def _full(ratio: float | None, warning: float, critical: float) -> str:
    return "" if ratio is None or ratio < warning else "critical" if ratio >= critical else "warning"


def _resources(here: Resources, phrases: ScreenPhrases) -> Iterable[PanelRow]:
    heads, words = phrases.heads, translator(phrases.language)
    load = " ".join(f"{value:.2f}" for value in here.load)
    yield PanelRow(
        (heads["cpu"], f.percent(here.cpu), f"{heads['load']} {load}" if load else ""), _full(here.cpu, 0.7, 0.9), ratio=here.cpu
    )
    free = f"{f.size(here.memory_total - here.memory_available)} / {f.size(here.memory_total)}" if here.memory_total else ""
    yield PanelRow((heads["memory"], f.percent(here.memory), free), _full(here.memory, 0.7, 0.9), ratio=here.memory)
    if here.swap_total:
        yield PanelRow((heads["swap"], f.percent(here.swap), f.size(here.swap_total)), ratio=here.swap)
    for mount in here.mounts[:8]:
        detail = clean(words.say(mount.error or mount.forecast)) or f"{f.size(mount.used)} / {f.size(mount.total)}"
        yield PanelRow((clean(mount.mount), f.percent(mount.usage), detail), _full(mount.usage, 0.8, 0.9), ratio=mount.usage)
    for interface in here.interfaces[:4]:
        for name, value in (("receive", interface.receive), ("transmit", interface.transmit)):
            yield PanelRow((f"{clean(interface.name)} {heads[name]}", f.rate(value), ""))


def _requests(base: PanelValues, tables: Sequence[RequestTable]) -> PanelValues:
    matchers = base.panel.matchers
    found = [table for table in tables if matches_all(matchers, {"check": table.check, "name": table.check})]
    rows = []
    for table in found:
        for row in table.rows:
            name = clip(clean(f"{row.method} {row.route}".strip()), LONGEST)
            slow = row.p95 is not None and row.p95 > SLOW_S
            status = _full(row.error_ratio, 0.05, 0.1) or ("warning" if slow else "")
            cells = (name, f.count_text(round(row.per_second, 2)), f.percent(row.error_ratio, 1), f.latency(row.p95))
            rows.append(PanelRow(cells, status, table.check))
    more = sum(max(0, table.routes - len(table.rows)) for table in found)
    total = sum(table.total.per_second for table in found)
    remark = f"{f.count_text(round(total, 1))}/s" if found else ""
    return replace(_filled(base, ("route", "rate", "errors", "p95"), rows, more), remark=remark)


def _containers(base: PanelValues, board: Board) -> PanelValues:
    matchers = base.panel.matchers
    rows = [
        PanelRow(
            (
                clean(one.name), clean(f"{one.state} {one.health}".strip()), f.percent(one.cpu), f.size(one.memory),
                "" if one.restarts is None else str(one.restarts),
            ),
            str(one.status),
            check.name,
        )
        for check in board.checks
        for one in check.containers
        if matches_all(
            matchers, {**labels_of_check(check), "container": one.name, "name": one.name, "image": one.image, "state": one.state}
        )
    ]  # fmt: skip
    return _filled(base, ("name", "state", "cpu", "memory", "restarts"), rows)


def _processes(base: PanelValues, here: Resources) -> PanelValues:
    matchers = base.panel.matchers
    found = [one for one in here.processes if matches_all(matchers, {"name": one.name, "user": one.user, "command": one.command})]
    rows = [
        PanelRow((clean(one.name), clean(one.user), f.percent(one.cpu), f.size(one.memory)), ratio=min(1.0, one.cpu))
        for one in sorted(found, key=lambda one: (-one.cpu, -one.memory))
    ]
    return _filled(base, ("name", "user", "cpu", "memory"), rows)


# --- lines and traces ---------------------------------------------------------------------------------------------------------


def log_values(base: PanelValues, lines: Sequence[LogLine], at: int, zone: tzinfo | None) -> PanelValues:
    """The newest lines first."""
    matchers = [one for one in base.panel.matchers if (one.name, one.op) != ("level", "=")]
    rows = [
        PanelRow(
            (
                f.stamp(line.at, at, zone, seconds=True), clean(line.level), clean(line.check or line.service),
                clip(clean(line.message), LONGEST),
            ),
            _LEVELS.get(line.level, ""),
            line.check,
        )
        for line in reversed(lines)
        if line.at <= at + 1000 and matches_all(matchers, {"check": line.check, "service": line.service, "level": line.level})
    ]  # fmt: skip
    return _filled(base, ("time", "level", "source", "message"), rows)


def trace_values(base: PanelValues, traces: Sequence[TraceSummary], at: int, zone: tzinfo | None) -> PanelValues:
    """The newest traces first."""
    rows = [
        PanelRow(
            (
                f.stamp(one.start_us // 1000, at, zone, seconds=True), clean(one.service), clip(clean(one.operation), LONGEST),
                f.latency(one.duration_us / 1e6),
            ),
            "error" if one.errors else "",
            one.trace_id,
        )
        for one in traces
        if matches_all(base.panel.matchers, {"service": one.service, "operation": one.operation})
    ]  # fmt: skip
    return _filled(base, ("time", "source", "operation", "duration"), rows)
