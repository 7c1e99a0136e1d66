"""Periods of reports: calendar days and weeks, one due time each, whatever the clocks do."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.reports import ReportSettings
from tui_monitor.reports.periods import DAY_MS, before, newest_due, next_due, period_sent_on, period_with

HOUR = 3_600_000


def settings(kind: str = "daily", at: str = "08:00", zone: str = "Europe/Berlin", **more: Any) -> ReportSettings:
    """A report's settings."""
    return made(ReportSettings, {"name": "r", "kind": kind, "at": at, "timezone": zone, **more})


def ms(zone: str, *moment: int) -> int:
    """UTC ms of a wall time."""
    return round(datetime(*moment, tzinfo=ZoneInfo(zone)).timestamp()) * 1000  # type: ignore[arg-type,misc]


def wall(at: int, zone: str) -> str:
    """The wall time of a stamp."""
    return f"{datetime.fromtimestamp(at / 1000, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def test_a_daily_report_is_about_yesterday_and_a_weekly_one_about_the_last_whole_week() -> None:
    """Monday 2 March 2026, 08:00: Sunday, and Monday to Sunday before; a minute earlier it is the one before."""
    now = ms("Europe/Berlin", 2026, 3, 2, 8)
    day, week = newest_due(settings(), now), newest_due(settings("weekly"), now)
    assert (day.key, day.days, week.key, str(week.last), week.days) == ("2026-03-01", 1, "2026-02-23", "2026-03-01", 7)
    assert newest_due(settings(), now - 60_000).key == "2026-02-28"
    assert newest_due(settings("weekly"), now - 60_000).key == "2026-02-16"
    assert newest_due(settings("risk", day="Fri"), now).key == "2026-02-20"
    assert (day.lasts_until, week.lasts_until) == (now + DAY_MS, now + 3 * DAY_MS)


def test_kind_health_is_about_the_day_on_which_it_is_sent() -> None:
    """Its period ends when it is due."""
    now = ms("Europe/Berlin", 2026, 3, 2, 8)
    period = newest_due(settings("health"), now)
    assert (period.key, period.end, period.due) == ("2026-03-02", now, now)
    assert next_due(settings("health"), now) == now + DAY_MS


def test_the_period_before_and_the_one_that_holds_a_day() -> None:
    """Neighbours touch; every day is in one week."""
    now = ms("Europe/Berlin", 2026, 3, 2, 8)
    for kind in ("daily", "weekly", "performance", "health"):
        own = settings(kind)
        period = newest_due(own, now)
        earlier = before(own, period)
        assert earlier.last == period.first - timedelta(days=1) and (kind == "health" or earlier.end == period.begin)
        assert before(own, period, 3).first == period.first - timedelta(days=3 * period.days)
    assert {period_with(settings("weekly"), date(2026, 2, day)).key for day in range(16, 23)} == {"2026-02-16"}


@pytest.mark.parametrize(
    ("zone", "day", "due", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-29 03:30", 24),  # 02:30 is skipped
        ("Europe/Berlin", date(2026, 3, 30), "2026-03-30 02:30", 23),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-25 02:30", 24),  # 02:30 comes twice: the first
        ("Europe/Berlin", date(2026, 10, 26), "2026-10-26 02:30", 25),
        ("America/New_York", date(2026, 3, 8), "2026-03-08 03:30", 24),
        ("America/New_York", date(2026, 3, 9), "2026-03-09 02:30", 23),
        ("America/New_York", date(2026, 11, 1), "2026-11-01 02:30", 24),
        ("America/New_York", date(2026, 11, 2), "2026-11-02 02:30", 25),
    ],
)
def test_a_day_is_due_once_when_the_clocks_change(zone: str, day: date, due: str, hours: int) -> None:
    """at = 02:30 on both days of each change; the day of the change has 23 or 25 hours."""
    period = period_sent_on(settings(at="02:30", zone=zone), day)
    assert wall(period.due, zone) == due
    assert (period.end - period.begin) / HOUR == hours


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("kind", ["daily", "weekly"])
def test_through_a_year_every_period_is_due_once_and_none_is_skipped(zone: str, kind: str) -> None:
    """Asked every hour, the newest due period goes on by one at a time, and never back; next_due says when."""
    own = settings(kind, at="02:30", zone=zone)
    now = ms(zone, 2026, 1, 1)
    known, changes = newest_due(own, now), 0
    due = next_due(own, now)
    for _ in range(366 * 24):
        now += HOUR
        found = newest_due(own, now)
        if found != known:
            assert before(own, found).key == known.key and now - HOUR < found.due <= now and found.due == due
            known, changes, due = found, changes + 1, next_due(own, now)
    assert changes == (366 if kind == "daily" else 52)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"at": "8"}, '"8" is not a time of day'), ({"at": "24:00"}, "is not a time of day"), ({"timezone": "KST"}, "Asia/Seoul"),
        ({"kind": "hourly"}, "daily"), ({"day": "Monday"}, "Mon"), ({"figures": [{"title": "x"}]}, "a figure has a `query`"),
        ({"objective": "100%"}, "less than 1"),
    ],
)  # fmt: skip
def test_a_wrong_value_says_what_is_wanted(keys: dict[str, Any], said: str) -> None:
    """The fault has the remedy."""
    with pytest.raises(ConfigurationError) as refused:
        made(ReportSettings, {"name": "r", **keys})
    assert said in str(refused.value)
