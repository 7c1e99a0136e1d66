"""The kinds of reports: which sections each has, and what its verdict says. A new kind is an entry here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from tui_monitor.board.report import ReportSection
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus
from tui_monitor.reports import alerts, checks, machine, records
from tui_monitor.reports.context import ReportContext
from tui_monitor.reports.figures import figure_sections
from tui_monitor.reports.risks import risks_of, risks_section
from tui_monitor.reports.suggestions import suggestions_section

SectionMaker = Callable[[ReportContext], ReportSection | Iterable[ReportSection] | None]


class PeriodVerdict(NamedTuple):
    """A period in one line, and its shade: ok, warn or bad."""

    text: str
    shade: str


@frozen
class KindOfReport:
    """``sections`` in their order; those that have nothing to say are left out."""

    sections: tuple[SectionMaker, ...]
    verdict: Callable[[ReportContext], PeriodVerdict]


def happened(context: ReportContext) -> PeriodVerdict:
    """How many incidents, what is open, the mean uptime."""
    t, found, still = context.t, alerts.incidents_of(context), alerts.open_alerts(context)
    uptime = checks.mean_uptime(checks.of_period(context))
    if uptime is None and not found:
        return PeriodVerdict(t.nothing_watched, "warn")
    parts = [t.quiet if not found else t.one_incident if len(found) == 1 else t.incidents.format(count=len(found))]
    parts += [t.still_open.format(count=len(still))] * bool(still)
    parts += [t.uptime.format(uptime=context.form.value(uptime, "uptime"))] * (uptime is not None)
    grave = any(alerts.shade_of(one.severity) == "bad" for one in still)
    return PeriodVerdict(", ".join(parts), "bad" if grave else "warn" if found or still else "ok")


def risky(context: ReportContext) -> PeriodVerdict:
    """How many risks there are."""
    found = risks_of(context)
    if not found:
        return PeriodVerdict(context.t.no_risks, "ok")
    return PeriodVerdict(context.t.risks.format(count=len(found)), "bad" if any(one.grave for one in found) else "warn")


def healthy(context: ReportContext) -> PeriodVerdict:
    """How many checks are in which state now."""
    counts = {status.value: sum(one.status is status for one in context.source.board.checks) for status in HealthStatus}
    whole = sum(counts.values())
    if not whole:
        return PeriodVerdict(context.t.nothing_watched, "warn")
    if counts["healthy"] == whole:
        return PeriodVerdict(context.t.all_healthy.format(count=whole), "ok")
    order = ("unhealthy", "degraded", "unknown", "healthy")
    told = [context.t.health_count.format(status=context.t.statuses[word], count=counts[word]) for word in order if counts[word]]
    return PeriodVerdict(", ".join(told), "bad" if counts["unhealthy"] else "warn")


REPORT_KINDS: Mapping[str, KindOfReport] = {
    "daily": KindOfReport(
        (
            alerts.open_section, alerts.incidents_section, figure_sections, checks.checks_section, machine.resources_section,
            checks.certificates_section, records.deliveries_section, records.changes_section, records.trouble_section,
        ),
        happened,
    ),
    "weekly": KindOfReport(
        (
            alerts.open_section, alerts.incidents_section, figure_sections, checks.checks_section, machine.resources_section,
            alerts.noise_section, checks.certificates_section, records.deliveries_section, records.changes_section,
        ),
        happened,
    ),
    "performance": KindOfReport(
        (
            figure_sections, checks.uptime_section, checks.worse_section, checks.slow_section, alerts.response_section,
            alerts.noise_section, machine.resources_section, records.changes_section, suggestions_section,
        ),
        happened,
    ),
    "risk": KindOfReport((risks_section, figure_sections, alerts.open_section, checks.certificates_section), risky),
    "health": KindOfReport(
        (checks.health_section, alerts.open_section, figure_sections, machine.resources_now_section, records.trouble_section), healthy
    ),
}  # fmt: skip
