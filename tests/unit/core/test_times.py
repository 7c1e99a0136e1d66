"""Times as people type them, by the one parser that command line and prompts share."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tui_monitor.core.times import parse_time

NOW = 1_777_605_000_000
"""2026-05-01 03:10:00 UTC."""
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("0", 0),
        ("0.0004", 0),
        ("0.0005", 1),
        ("1.0015", 1002),
        ("1777605000.1234", 1_777_605_000_123),
        ("1777605000.9996", 1_777_605_001_000),
        ("1.7776050e9", NOW),
        ("2026-05-01T03:10:00Z", NOW),
        ("2026-05-01T03:10:00.0004999Z", NOW),
        ("2026-05-01T03:10:00.0005Z", NOW + 1),
        ("2026-05-01 05:10:00+02:00", NOW),
        (" 2026-05-01T03:10:00Z ", NOW),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_times_are_read_to_the_millisecond(text: str, stamp: int) -> None:
    """RFC 3339 and Unix seconds, from 0 on, rounded half up."""
    assert parse_time(text, NOW) == stamp


def test_a_time_of_day_is_todays_or_yesterdays(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this machine's zone; what is still to come today was yesterday."""
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    try:
        midnight = datetime(2026, 5, 1, tzinfo=UTC) - timedelta(hours=9)  # NOW is 12:10 in Seoul
        for text, hours in (("12:10", 12 + 10 / 60), ("00:00", 0), ("12:11", 12 + 11 / 60 - 24), ("3:05:07", 3 + 5 / 60 + 7 / 3600)):
            assert parse_time(text, NOW) == round((midnight.timestamp() + hours * 3600) * 1000)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "soon",
        "-",
        "-2x",
        "yesterday",
        "yesterday 25:00",
        "-60y",
        "nan",
        "inf",
        "1_000",
        "-1",
        "25:00",
        "12:60",
        "1:2:3:4",
        "2026-13-01",
        "9e99",
        "１２",
        "0x10",
        "12:5",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """With advice instead of a guess."""
    with pytest.raises(ValueError, match=r"time|before|after|duration"):
        parse_time(text, NOW)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("03:10", "2026-05-01T03:10:00"),
        ("03:11", "2026-04-30T03:11:00"),
        ("yesterday 03:05", "2026-04-30T03:05:00"),
        ("Yesterday 3:05:07", "2026-04-30T03:05:07"),
        ("today 03:11", "2026-05-01T03:11:00"),
        ("tomorrow 03:11", "2026-05-02T03:11:00"),
        ("-2h", "2026-05-01T01:10:00"),
        ("- 1d2h", "2026-04-30T01:10:00"),
        ("2026-04-20 03:10", "2026-04-20T03:10:00"),
        ("2026-04-20T03:10:00+09:00", "2026-04-19T18:10:00"),
    ],
)
def test_a_time_is_read_in_the_zone_of_who_asks(text: str, wanted: str) -> None:
    """In UTC here; a time that names its zone keeps it."""
    assert parse_time(text, NOW, UTC) == round(datetime.fromisoformat(wanted + "+00:00").timestamp() * 1000)


def test_another_zone_moves_times_without_one() -> None:
    """NOW is 12:10 in Seoul: 12:05 was five minutes ago, whatever the machine's zone."""
    assert parse_time("12:05", NOW, SEOUL) == NOW - 300_000
    assert parse_time("2026-05-01 12:05", NOW, SEOUL) == NOW - 300_000
    assert parse_time("2026-05-01T03:05Z", NOW, SEOUL) == NOW - 300_000


def test_ahead_means_the_next_time_of_day() -> None:
    """For ends of silences; a named day is that day."""
    assert parse_time("03:05", NOW, UTC, ahead=True) == NOW + 86_400_000 - 300_000
    assert parse_time("03:15", NOW, UTC, ahead=True) == NOW + 300_000
    assert parse_time("tomorrow 03:15", NOW, UTC, ahead=True) == NOW + 86_400_000 + 300_000
