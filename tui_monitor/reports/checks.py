"""Sections about checks: uptime and latency of the period, error budgets, the slowest, certificates, the present state."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tui_monitor.board.report import ReportSection
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.core.values import METRIC_NAME, HealthStatus, Labels, label
from tui_monitor.promql.queryable import Matcher
from tui_monitor.reports.context import ReportContext, change
from tui_monitor.reports.periods import DAY_MS, Period
from tui_monitor.reports.watched import watched_seconds
from tui_monitor.storage.history.trend import Figures

WORSE = 0.25
"""The rise of a p95 from which a check counts as slower; below FAST seconds it does not matter."""
FAST = 0.02
SOON_MS = 30 * DAY_MS
QUANTILES = (0.5, 0.95)
MOST_SLOW = 10


@frozen
class CheckFigures:
    """One check in a window: uptime (ratio), seconds at the median and p95, seconds in which it was down; None: not measured."""

    uptime: float | None = None
    p50: float | None = None
    p95: float | None = None
    down: float | None = None


NOT_MEASURED = CheckFigures()


def figures_between(context: ReportContext, begin: int, end: int) -> dict[str, CheckFigures]:
    """The figures of every check with samples in the window, from one read."""
    return context.once(("checks", begin, end), lambda: _read_figures(context, begin, end))


def _read_figures(context: ReportContext, begin: int, end: int) -> dict[str, CheckFigures]:
    good, durations = context.series("probe_success"), context.series("probe_duration_seconds")
    wanted = [labels for several in (*good.values(), *durations.values()) for labels in several]
    found = context.history.figures(wanted, QUANTILES, begin - 1, end - 1) if wanted else {}
    watched = watched_seconds(context.history, begin, end)
    answer = {}
    for name, several in good.items():
        tried, timed = _joined(several, found), _joined(durations.get(name, ()), found)
        if tried is not None and tried.mean is not None:
            p50, p95 = (value if math.isfinite(value) else None for value in (timed.percentiles if timed else (math.nan, math.nan)))
            answer[name] = CheckFigures(tried.mean, p50, p95, (1 - tried.mean) * watched)
    return answer


def _joined(several: Sequence[Labels], found: Mapping[Labels, Figures]) -> Figures | None:
    """The figures of a check's series; where its labels have changed, those of the one with most samples."""
    known = [found[labels] for labels in several if labels in found and found[labels].samples]
    return max(known, key=lambda one: one.samples, default=None)


def of_period(context: ReportContext, period: Period | None = None) -> dict[str, CheckFigures]:
    """The figures of the report's period, or of another."""
    period = period or context.period
    return figures_between(context, period.begin, min(period.end, context.now))


def mean_uptime(found: Mapping[str, CheckFigures]) -> float | None:
    """The mean uptime of all checks."""
    known = [one.uptime for one in found.values() if one.uptime is not None]
    return sum(known) / len(known) if known else None


def shade_of_uptime(context: ReportContext, uptime: float | None) -> str:
    """Good down to the objective, bad where ten times its budget is spent."""
    if uptime is None:
        return "none"
    objective = context.settings.objective
    return "ok" if uptime >= objective else "warn" if uptime >= 1 - 10 * (1 - objective) else "bad"


def checks_section(context: ReportContext) -> ReportSection:
    """Uptime and p95 of each check beside the period before and, for a day, the same weekday; the worst first."""
    now, then = of_period(context), of_period(context, context.earlier())
    week = of_period(context, context.earlier(7)) if context.period.days == 1 else {}
    rows = []
    for name, one in sorted(now.items(), key=lambda item: (item[1].uptime or 0.0, -(item[1].p95 or 0.0), item[0])):
        before, long_before = then.get(name, NOT_MEASURED), week.get(name, NOT_MEASURED)
        down = one.down if one.down and one.down >= 1 else None
        cells = (clean(name), one.uptime, before.uptime, long_before.uptime, down, one.p95, before.p95, change(one.p95, before.p95))
        rows.append((cells, shade_of_uptime(context, one.uptime)))
    columns = (
        ("check", "text"), ("uptime", "uptime"), ("before", "uptime"), ("week_before", "uptime", True), ("down", "span"),
        ("p95", "seconds"), ("p95_before", "seconds", True), ("change", "change", True),
    )  # fmt: skip
    return context.section("checks", columns, rows, lines=() if rows else (context.t.no_checks,))


# --- performance ---------------------------------------------------------------------------------------------------------


def windows(context: ReportContext) -> dict[int, dict[str, CheckFigures]]:
    """The figures of the last 7, 30 and 90 days before the end of the period."""
    return {days: figures_between(context, context.end - days * DAY_MS, context.end) for days in (7, 30, 90)}


def budget_left(uptime: float | None, objective: float) -> float | None:
    """The share of the error budget that is left; below 0 where more than all is spent."""
    return None if uptime is None else 1 - (1 - uptime) / (1 - objective)


def uptime_section(context: ReportContext, known: Mapping[int, Mapping[str, CheckFigures]] | None = None) -> ReportSection:
    """Uptime over 7, 30 and 90 days, and what is left of the error budget of 30 days; the least budget first."""
    known = known or windows(context)
    objective = context.settings.objective
    rows = []
    for name, month in known[30].items():
        week, quarter = known[7].get(name, NOT_MEASURED), known[90].get(name, NOT_MEASURED)
        left = budget_left(month.uptime, objective)
        cells = (clean(name), week.uptime, month.uptime, quarter.uptime, month.down if month.down and month.down >= 1 else None, left)
        rows.append((cells, "ok" if left is not None and left > 0.5 else "warn" if left is not None and left > 0 else "bad"))
    rows.sort(key=lambda row: (row[0][5] if isinstance(row[0][5], float) else 1.0, row[0][0]))
    columns = (
        ("check", "text"), ("days7", "uptime"), ("days30", "uptime"), ("days90", "uptime"), ("down", "span", True), ("budget", "budget"),
    )  # fmt: skip
    allowed = context.t.within.format(objective=f"{objective * 100:.10g}%", time=context.form.span((1 - objective) * 30 * DAY_MS / 1000))
    return context.section("uptime", columns, rows, lines=(allowed,) if rows else (context.t.no_checks,))


def slow_section(context: ReportContext) -> ReportSection:
    """The slowest checks by p95."""
    now, then = of_period(context), of_period(context, context.earlier())
    timed = sorted(((name, one) for name, one in now.items() if one.p95 is not None), key=lambda item: -(item[1].p95 or 0.0))
    rows = [_slow_row(name, one, then.get(name, NOT_MEASURED)) for name, one in timed]
    return context.section("slow", _SLOW_COLUMNS, rows, most=MOST_SLOW, lines=() if rows else (context.t.no_checks,))


_SLOW_COLUMNS = (("check", "text"), ("p50", "seconds", True), ("p95", "seconds"), ("p95_before", "seconds"), ("change", "change"))


def _slow_row(name: str, now: CheckFigures, then: CheckFigures) -> tuple[tuple[str | float | None, ...], str]:
    risen = change(now.p95, then.p95)
    return (clean(name), now.p50, now.p95, then.p95, risen), "warn" if risen is not None and risen > WORSE else ""


def slower(context: ReportContext) -> list[tuple[str, CheckFigures, CheckFigures]]:
    """The checks whose p95 rose clearly against the period before, the most first."""
    now, then = of_period(context), of_period(context, context.earlier())
    risen = [
        (share, name)
        for name, one in now.items()
        if (share := change(one.p95, then.get(name, NOT_MEASURED).p95)) is not None and share > WORSE and (one.p95 or 0.0) >= FAST
    ]
    return [(name, now[name], then[name]) for _, name in sorted(risen, key=lambda item: (-item[0], item[1]))]


def worse_section(context: ReportContext) -> ReportSection | None:
    """The checks that became slower; None where none did."""
    rows = [_slow_row(name, now, then) for name, now, then in slower(context)]
    return context.section("worse", _SLOW_COLUMNS, rows, most=MOST_SLOW) if rows else None


# --- certificates, the present ---------------------------------------------------------------------------------------------


ENDS = {"probe_ssl_earliest_cert_expiry": "certificate", "domain_expiry_timestamp_seconds": "domain"}


def ending_soon(context: ReportContext) -> list[tuple[str, str, int]]:
    """(certificate or domain, check, when) of what ends within 30 days, the first to end first."""
    found: list[tuple[str, str, int]] = []
    for metric, kind in ENDS.items():
        charts = context.history.downsampled_all((Matcher(METRIC_NAME, "=", metric),), context.end - DAY_MS, context.end, 1)
        ends = [
            (label(labels, "check"), round(points[-1].last * 1000)) for labels, points in charts.items() if math.isfinite(points[-1].last)
        ]
        found += [(kind, name, at) for name, at in ends if at < context.end + SOON_MS]
    return sorted(found, key=lambda one: one[2])


def certificates_section(context: ReportContext) -> ReportSection | None:
    """Certificates and domains that end within 30 days; None for none."""
    rows = []
    for _, name, at in ending_soon(context):
        left = (at - context.end) / 1000
        rows.append(
            ((clean(name), float(at), context.form.span(left) if left > 0 else context.t.ended), "bad" if left < 7 * 86400 else "warn")
        )
    return context.section("certificates", (("check", "text"), ("ends", "stamp"), ("left", "text")), rows) if rows else None


_RANKS = {HealthStatus.UNHEALTHY: 0, HealthStatus.DEGRADED: 1, HealthStatus.UNKNOWN: 2, HealthStatus.HEALTHY: 3}
_SHADES = {HealthStatus.UNHEALTHY: "bad", HealthStatus.DEGRADED: "warn", HealthStatus.UNKNOWN: "none", HealthStatus.HEALTHY: "ok"}


def health_section(context: ReportContext) -> ReportSection:
    """Every check as it is now, what is wrong first."""
    rows = []
    for check in sorted(context.source.board.checks, key=lambda one: (_RANKS[one.status], one.name)):
        cells = (clean(check.name), context.t.statuses[check.status.value], float(check.since) or None, check.duration, clean(check.reason))
        rows.append((cells, _SHADES[check.status]))
    columns = (("check", "text"), ("state", "text"), ("since", "stamp"), ("latency", "seconds", True), ("reason", "text", True))
    return context.section("health", columns, rows, most=200, lines=() if rows else (context.t.no_checks,))
