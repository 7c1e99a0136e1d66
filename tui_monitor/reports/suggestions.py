"""The suggestions at the end of a performance report: at most five, what helps most first."""

from __future__ import annotations

from collections.abc import Iterator

from tui_monitor.board.report import ReportSection
from tui_monitor.core.sanitize import clean
from tui_monitor.core.values import SEVERITIES
from tui_monitor.promql.robust_statistics import median
from tui_monitor.reports.alerts import began_in, incidents_of, noise_of_period, seconds_to_acknowledge
from tui_monitor.reports.checks import CheckFigures, budget_left, figures_between, slower
from tui_monitor.reports.context import ReportContext
from tui_monitor.reports.machine import until_full
from tui_monitor.reports.periods import DAY_MS
from tui_monitor.reports.records import deliveries_of, stored_messages

MOST = 5
FULL_WITHIN_S = 30 * 86400
NOISY, SHORT_S = 3, 300.0
SLOW_ANSWER_S = {"critical": 900.0, "error": 3600.0}
"""The median time to acknowledge from which it is too long, by severity."""


def suggestions_section(context: ReportContext) -> ReportSection:
    """The sentences."""
    found = [text for _, text in sorted(_found(context), key=lambda one: one[0])][:MOST]
    return context.section("suggestions", lines=found or (context.t.calm,))


def _found(context: ReportContext) -> Iterator[tuple[int, str]]:
    """(place in the order, sentence) of everything that can be suggested."""
    yield from _capacity(context)
    yield from _budgets(context)
    yield from _noise(context)
    yield from _slower(context)
    yield from _answers(context)
    yield from _deliveries(context)


def _capacity(context: ReportContext) -> Iterator[tuple[int, str]]:
    for mount, left in sorted(until_full(context).items(), key=lambda one: one[1]):
        if left < FULL_WITHIN_S:
            name = context.t.disk.format(mount=clean(mount))
            yield 0 if left < 7 * 86400 else 4, context.t.suggestions["full"].format(what=name, time=context.form.span(left))


def _budgets(context: ReportContext) -> Iterator[tuple[int, str]]:
    month = figures_between(context, context.end - 30 * DAY_MS, context.end)
    spent = {name: _spent(one, context.settings.objective) for name, one in month.items()}
    for name, share in sorted(spent.items(), key=lambda one: -one[1])[:2]:
        if share > 0.75:
            yield 1, context.t.suggestions["budget"].format(name=clean(name), spent=context.form.value(min(share, 99.0), "ratio"))


def _spent(one: CheckFigures, objective: float) -> float:
    left = budget_left(one.uptime, objective)
    return 0.0 if left is None else 1 - left


def _noise(context: ReportContext) -> Iterator[tuple[int, str]]:
    for one in noise_of_period(context).rules[:3]:
        if one.fired < NOISY:
            continue
        words = {"alert": one.alert, "count": one.fired, "acks": one.acknowledged, "time": context.form.span(one.median_s)}
        if one.median_s < SHORT_S and one.acknowledged * 2 < one.fired:
            yield 2, context.t.suggestions["noisy"].format(**words)
        elif not one.acknowledged:
            yield 3, context.t.suggestions["unheard"].format(**words)


def _slower(context: ReportContext) -> Iterator[tuple[int, str]]:
    for name, now, then in slower(context)[:2]:
        words = {"before": context.form.value(then.p95, "seconds"), "now": context.form.value(now.p95, "seconds")}
        yield 3, context.t.suggestions["slower"].format(name=clean(name), **words)


def _answers(context: ReportContext) -> Iterator[tuple[int, str]]:
    found = began_in(context, incidents_of(context))
    for severity in reversed(SEVERITIES):
        acks = seconds_to_acknowledge(context, [one for one in found if one.gravest.severity == severity])
        if acks and median(acks) > SLOW_ANSWER_S.get(severity, float("inf")):
            words = {"severity": context.t.severities[severity], "time": context.form.span(median(acks))}
            yield 2, context.t.suggestions["slow_answer"].format(**words)


def _deliveries(context: ReportContext) -> Iterator[tuple[int, str]]:
    for name, one in sorted(deliveries_of(stored_messages(context), context.period.begin, context.end).items()):
        if one.failed:
            yield 1, context.t.suggestions["failed"].format(notifier=clean(name), count=one.failed)
