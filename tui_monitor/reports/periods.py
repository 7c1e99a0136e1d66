"""The periods of reports: calendar days and weeks in a zone, and when the report about each is due. Pure.

A period is named by its first day, and a day is due once whatever the clocks do: where `at` is skipped in spring the report is due as much
later as the clock jumps, where it comes twice in autumn at the first.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

from tui_monitor.config.reports import DAYS, ReportSettings
from tui_monitor.core.frozen import frozen
from tui_monitor.platform.local_zone import MachineZone
from tui_monitor.platform.zones import parse_zone

WEEKLY = ("weekly", "performance", "risk")
DAY_MS = 86_400_000
LATE_MS = 15 * 60_000
"""A report that is made later than this after its time says so."""


@frozen
class Period:
    """What one report is about: from ``begin`` until ``end`` (UTC ms), days ``first`` to ``last``; it is due at ``due``.

    ``lasts_until``: until when it may still be sent: a daily one for a day, a weekly one for three.
    """

    first: date
    last: date
    begin: int
    end: int
    due: int
    lasts_until: int

    @property
    def key(self) -> str:
        """The period's name, unique in its report: its first day."""
        return self.first.isoformat()

    @property
    def days(self) -> int:
        """How many calendar days it has."""
        return (self.last - self.first).days + 1


def zone_of(settings: ReportSettings) -> tzinfo:
    """The report's zone; the machine's where it names none."""
    return parse_zone(settings.timezone) if settings.timezone else MachineZone()


def stamp_of(day: date, minutes: int, zone: tzinfo) -> int:
    """UTC ms of a wall time so many minutes after a day's midnight; of two the first, of none as much later as the clock jumps."""
    moment = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone)
    return round(moment.timestamp()) * 1000


def minutes_of(at: str) -> int:
    """Minutes since midnight of "08:00"."""
    hour, _, minute = at.partition(":")
    return int(hour) * 60 + int(minute)


def day_of(at_ms: int, zone: tzinfo) -> date:
    """The calendar day of a moment."""
    return datetime.fromtimestamp(at_ms / 1000, zone).date()


def period_sent_on(settings: ReportSettings, day: date) -> Period:
    """The period that is reported on a day: the day or the seven days before it; of kind health that day itself."""
    zone, minutes = zone_of(settings), minutes_of(settings.at)
    due = stamp_of(day, minutes, zone)
    if settings.kind == "health":
        return Period(day, day, stamp_of(day, 0, zone), due, due, stamp_of(day + timedelta(days=1), minutes, zone))
    length, lasting = (7, 3) if settings.kind in WEEKLY else (1, 1)
    first = day - timedelta(days=length)
    until = stamp_of(day + timedelta(days=lasting), minutes, zone)
    return Period(first, day - timedelta(days=1), stamp_of(first, 0, zone), stamp_of(day, 0, zone), due, until)


def newest_due(settings: ReportSettings, now: int) -> Period:
    """The newest period whose report is due."""
    day = _sending_day(settings, day_of(now, zone_of(settings)) + timedelta(days=1))
    while (period := period_sent_on(settings, day)).due > now:
        day = _sending_day(settings, day - timedelta(days=1))
    return period


def newest_sent_by(settings: ReportSettings, day: date) -> Period:
    """The newest period that is reported on this day or before, whether its report is due already or not."""
    return period_sent_on(settings, _sending_day(settings, day))


def period_with(settings: ReportSettings, day: date) -> Period:
    """The period that holds a day."""
    if settings.kind == "health":
        return period_sent_on(settings, day)
    sent = day + timedelta(days=1)
    if settings.kind in WEEKLY:
        sent += timedelta(days=(DAYS.index(settings.day) - sent.weekday()) % 7)
    return period_sent_on(settings, sent)


def before(settings: ReportSettings, period: Period, count: int = 1) -> Period:
    """The period so many before one."""
    return period_with(settings, period.first - timedelta(days=period.days * (count - 1) + 1))


def next_due(settings: ReportSettings, now: int) -> int:
    """When the next report is due (UTC ms)."""
    sent = sent_on(settings, newest_due(settings, now))
    return period_sent_on(settings, sent + timedelta(days=7 if settings.kind in WEEKLY else 1)).due


def sent_on(settings: ReportSettings, period: Period) -> date:
    """The day on which a period is reported."""
    return period.first if settings.kind == "health" else period.last + timedelta(days=1)


def _sending_day(settings: ReportSettings, day: date) -> date:
    """The newest day not after this one on which it is sent."""
    if settings.kind not in WEEKLY:
        return day
    return day - timedelta(days=(day.weekday() - DAYS.index(settings.day)) % 7)
