"""Makes a report: reads the stores once, asks each section of its kind, says what the reader has to know first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_monitor.board.report import Report, ReportSection
from tui_monitor.board.report_format import ReportFormat
from tui_monitor.config.reports import ReportSettings
from tui_monitor.core.catalogue.languages import language_in_use
from tui_monitor.reports.alerts import incidents_of
from tui_monitor.reports.context import ReportContext, ReportSource
from tui_monitor.reports.dues import Sending
from tui_monitor.reports.kinds import REPORT_KINDS
from tui_monitor.reports.periods import LATE_MS, Period
from tui_monitor.reports.watched import off_spans, seconds_of, spans_text

MOST_ALERTS = 10_000


SHOWN = Sending()
"""A report that is made because somebody asked for it."""


def build_report(source: ReportSource, settings: ReportSettings, period: Period, now: int, host: str, sending: Sending = SHOWN) -> Report:
    """The report of a period. Raises StorageFault where a store cannot be read."""
    short = period.days == 1
    zone = settings.timezone or ""
    form = ReportFormat(language_in_use(source.settings.language), zone, period.begin if short else 0, period.end if short else 0)
    known = source.state(lambda state: state.alerts.history(MOST_ALERTS))
    context = ReportContext(source, settings, period, now, form, known)
    kind = REPORT_KINDS[settings.kind]
    verdict = kind.verdict(context)
    return Report(
        name=settings.name,
        kind=settings.kind,
        title=form.t.kinds[settings.kind],
        period=form.days(period.first, period.last),
        language=language_in_use(source.settings.language),
        host=host,
        zone=zone,
        begin=period.begin,
        end=period.end,
        made_at=now,
        verdict=verdict.text,
        shade=verdict.shade,
        notes=tuple(_notes(context, sending)),
        sections=tuple(section for make in kind.sections for section in _several(make(context))),
        incidents=len(incidents_of(context)),
    )


def _several(made: ReportSection | Iterable[ReportSection] | None) -> Iterable[ReportSection]:
    if made is None:
        return ()
    return (made,) if isinstance(made, ReportSection) else made


def _notes(context: ReportContext, sending: Sending) -> Iterable[str]:
    """What the reader has to know before reading: lateness, failures, time that was not watched."""
    t, period = context.t, context.period
    if sending.late:
        yield t.late.format(due=_dated(context, period.due))
        if off := off_spans(context.history, period.due - LATE_MS, context.now):
            yield t.off.format(spans=spans_text(context, off))
    if sending.failed:
        yield t.again.format(reason=sending.failed)
    if sending.missed:
        yield t.missed.format(periods=_periods_text(context, sending.missed), name=context.settings.name)
    if sending.sign_of_life and context.settings.only_if == "incidents" and not incidents_of(context):
        yield t.sign_of_life
    if period.end > period.begin and context.settings.kind != "health" and (spans := off_spans(context.history, period.begin, context.end)):
        yield t.unwatched.format(time=context.form.span(seconds_of(spans)), spans=spans_text(context, spans))


def _dated(context: ReportContext, at: int) -> str:
    return ReportFormat(language_in_use(context.source.settings.language), context.settings.timezone or "").stamp(at)


def _periods_text(context: ReportContext, periods: Sequence[Period]) -> str:
    return ", ".join(context.form.short_day(one.first) for one in periods)
