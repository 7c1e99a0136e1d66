"""Weekly ranges and cron windows, across midnight and DST."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.config.load import load
from tui_monitor.core.humanize import clock
from tui_monitor.dispatch.schedule import CronSchedule, WeeklySchedule, parse_weekly
from tui_monitor.platform.local_zone import local_zone, zone_problem
from tui_monitor.platform.zones import parse_zone

BERLIN = ZoneInfo("Europe/Berlin")  # 2024: gap on 31 March 02:00-03:00, overlap on 27 October 02:00-03:00


def ms(text: str, zone: str = "UTC", fold: int = 0) -> int:
    """UTC ms of "2024-03-31 02:00" in a zone."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "moment", "active"),
    [
        ("Mon-Fri 09:00-18:00 Asia/Seoul", ms("2024-06-03 09:00", "Asia/Seoul"), True),  # a Monday
        ("Mon-Fri 09:00-18:00 Asia/Seoul", ms("2024-06-03 18:00", "Asia/Seoul"), False),
        ("Mon-Fri 09:00-18:00 Asia/Seoul", ms("2024-06-02 12:00", "Asia/Seoul"), False),
        ("Sun 22:00-02:00 Europe/Berlin", ms("2024-06-03 01:59", "Europe/Berlin"), True),
        ("Sun 22:00-02:00 Europe/Berlin", ms("2024-06-02 01:00", "Europe/Berlin"), False),
        ("Mon,Wed 09:00-12:00 UTC", ms("2024-06-05 09:30"), True),
        ("Mon,Wed 09:00-12:00 UTC", ms("2024-06-04 09:30"), False),
        ("daily 02:00-03:00 UTC", ms("2024-06-04 02:30"), True),
        ("02:00-03:00 UTC", ms("2024-06-04 02:30"), True),
        ("Fri-Mon 00:00-24:00 UTC", ms("2024-06-02 23:59"), True),
        ("Fri-Mon 00:00-24:00 UTC", ms("2024-06-04 00:00"), False),
        ("monday 09:00-12:00,13:00-17:00 UTC", ms("2024-06-03 12:30"), False),
        ("Mon 09:00-12:00; Tue 13:00-17:00 UTC", ms("2024-06-04 14:00"), True),
    ],
)
def test_weekly_ranges(text: str, moment: int, active: bool) -> None:
    """Days, lists, midnight and zones mean what they say; a begin belongs to a range, an end does not."""
    assert parse_weekly(text).is_active(moment) is active


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Mon-Fri", "no times"),
        ("", "empty"),
        ("Mox 09:00-10:00", '"Mox" is not a day'),
        ("Mo 09:00-10:00", '"Mo" is not a day'),
        ("Mon 09:00-09:00", "is empty"),
        ("Mon 25:00-26:00", "not a time of day"),
        ("Mon 09:61-10:00", "not a time of day"),
        ("Mon 09:00-10:00 Mars/Base", "not a time zone"),
        ("Mon 09:00-10:00 Asia/Seul", 'did you mean "Asia/Seoul"?'),
        ("Mon 09:00-10:00 ../etc/passwd", "not a time zone"),
        ("Mon 09:00-12:00, Wed 13:00-17:00 UTC", '"Wed" stands between two times; what is for other days comes after ";"'),
        ("Mon 09:00-12:00 Asia/Seoul; Tue 09:00-12:00 Europe/Berlin", "names two time zones"),
    ],
)
def test_bad_schedules_say_what_is_wrong(text: str, complaint: str) -> None:
    """A wrong schedule is refused with the word that is wrong."""
    with pytest.raises(ValueError, match=complaint):
        parse_weekly(text)


def test_next_change_finds_both_edges() -> None:
    """next_change gives the begin, then the end; days without a range are skipped."""
    schedule = parse_weekly("Mon 09:00-18:00 Asia/Seoul")
    begin = schedule.next_change(ms("2024-06-03 20:00", "Asia/Seoul"))
    assert begin == ms("2024-06-10 09:00", "Asia/Seoul")
    assert schedule.next_change(begin) == ms("2024-06-10 18:00", "Asia/Seoul")


def test_always_active_never_changes() -> None:
    """All day every day has no edge."""
    schedule = parse_weekly("daily 00:00-24:00 Europe/Berlin")
    assert schedule.is_active(ms("2024-03-31 01:30")) and schedule.next_change(ms("2024-03-31 01:30")) is None


def test_a_range_in_a_dst_gap_moves_to_its_end() -> None:
    """02:00-03:00 on the night without that hour is the hour after the gap."""
    schedule = parse_weekly("daily 02:00-03:00 Europe/Berlin")
    begin = schedule.next_change(ms("2024-03-31 00:30"))
    assert begin == ms("2024-03-31 01:00")  # 03:00 summer time
    assert schedule.next_change(begin) == ms("2024-03-31 02:00")


def test_a_begin_in_a_dst_gap_is_the_gaps_end() -> None:
    """02:30-05:00 begins at 03:00 on the night without 02:30."""
    schedule = parse_weekly("daily 02:30-05:00 Europe/Berlin")
    assert schedule.next_change(ms("2024-03-31 00:59")) == ms("2024-03-31 01:00")


def test_a_range_in_a_dst_overlap_covers_both_hours_once() -> None:
    """02:00-03:00 on the night with that hour twice is one stretch of two hours."""
    schedule = parse_weekly("daily 02:00-03:00 Europe/Berlin")
    begin = schedule.next_change(ms("2024-10-26 23:30"))
    assert begin == ms("2024-10-27 00:00")
    assert schedule.next_change(begin) == ms("2024-10-27 02:00")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440)), min_size=1, max_size=4),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Seoul", "Australia/Lord_Howe", "UTC"]),
    st.integers(ms("2024-01-01 00:00"), ms("2025-01-01 00:00")),
)
def test_is_active_and_next_change_agree(ranges: list[tuple[int, int, int]], zone: str, moment: int) -> None:
    """Between a moment and its next change the answer stays, at the change it turns; asking in any order makes no difference."""
    made = tuple((day, begin, begin + length) for day, begin, length in ranges)
    schedule, fresh = WeeklySchedule(made, ZoneInfo(zone)), WeeklySchedule(made, ZoneInfo(zone))
    change = schedule.next_change(moment)
    if change is None:
        assert schedule.is_active(moment)
        return
    assert change > moment
    assert fresh.is_active(change) is not schedule.is_active(moment)
    for part in (1, 2, 3):
        assert fresh.is_active(moment + (change - moment) * part // 4) is schedule.is_active(moment)


def test_cron_windows() -> None:
    """A window lasts its length from each start."""
    schedule = CronSchedule("0 2 * * 0", 3_600_000, BERLIN)
    assert not schedule.is_active(ms("2024-06-02 01:59", "Europe/Berlin"))
    assert schedule.is_active(ms("2024-06-02 02:00", "Europe/Berlin"))
    assert schedule.is_active(ms("2024-06-02 02:59", "Europe/Berlin"))
    assert not schedule.is_active(ms("2024-06-02 03:00", "Europe/Berlin"))
    assert schedule.next_change(ms("2024-06-02 03:00", "Europe/Berlin")) == ms("2024-06-09 02:00", "Europe/Berlin")
    assert schedule.next_change(ms("2024-06-09 02:10", "Europe/Berlin")) == ms("2024-06-09 03:00", "Europe/Berlin")


def test_overlapping_cron_windows_are_one() -> None:
    """Windows that touch have no edge between them."""
    schedule = CronSchedule("0 2,3 * * *", 3_600_000, ZoneInfo("UTC"))
    assert schedule.next_change(ms("2024-06-02 02:30")) == ms("2024-06-02 04:00")


def test_cron_across_dst() -> None:
    """A start that the gap skips happens right after it; one that comes twice happens once."""
    schedule = CronSchedule("30 2 * * *", 600_000, BERLIN)
    assert schedule.next_change(ms("2024-03-31 00:00")) == ms("2024-03-31 01:00")
    starts, moment = [], ms("2024-10-26 12:00")
    while (moment := schedule.next_change(moment) or 0) < ms("2024-10-28 00:00"):
        starts.append(moment)
    assert starts == [ms("2024-10-27 00:30"), ms("2024-10-27 00:40")]


def test_bad_cron_lines() -> None:
    """A wrong cron line or length is refused."""
    with pytest.raises(ValueError, match="not a cron line"):
        CronSchedule("61 * * * *", 1000, UTC)
    with pytest.raises(ValueError, match="longer than nothing"):
        CronSchedule("* * * * *", 0, BERLIN)


@pytest.fixture
def machine_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets $TZ as if the program had been started with it."""

    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", ["Asia/Seoul", ":Asia/Seoul", "KST-9", "<+09>-9", "/usr/share/zoneinfo/Asia/Seoul"])
def test_every_spelling_of_the_machine_s_zone_means_the_same(machine_zone: Callable[[str], None], name: str) -> None:
    """Schedules and all other times agree, however $TZ says it: noon in Seoul is 03:00 UTC."""
    machine_zone(name)
    assert parse_weekly("daily 12:00-13:00").is_active(ms("2024-06-02 03:30"))
    assert not parse_weekly("daily 12:00-13:00").is_active(ms("2024-06-02 12:30"))
    assert clock(ms("2024-06-02 03:30"), None) == "12:30"


@pytest.mark.parametrize("name", ["Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"])
def test_the_machine_s_zone_knows_its_summer_time(machine_zone: Callable[[str], None], name: str) -> None:
    """At each moment of the two changes it says what the zone's own rules say, also for times that come twice or never."""
    machine_zone(name)
    for begin in ("2024-03-30 20:00", "2024-10-26 20:00"):
        for minute in range(0, 600, 10):
            stamp = ms(begin) // 1000 + minute * 60
            here, there = datetime.fromtimestamp(stamp, local_zone()), datetime.fromtimestamp(stamp, BERLIN)
            assert (here.replace(tzinfo=None), here.fold, here.utcoffset()) == (there.replace(tzinfo=None), there.fold, there.utcoffset())
            assert here.timestamp() == stamp and here.tzname() == there.tzname()
    ours, theirs = parse_weekly("daily 02:10-02:50"), parse_weekly("daily 02:10-02:50 Europe/Berlin")
    for evening in (ms("2024-03-30 20:00"), ms("2024-10-26 20:00")):
        assert ours.next_change(evening) == theirs.next_change(evening)


@pytest.mark.parametrize("name", ["KST", "Nowhere/City", "/etc/hostname", "Asia/Seoul2"])
def test_a_zone_that_is_none_is_a_fault(machine_zone: Callable[[str], None], tmp_path: Path, name: str) -> None:
    """The C library takes UTC for it without a word: a schedule without a zone is refused, and loading warns."""
    machine_zone(name)
    with pytest.raises(ValueError, match=f'TZ="{name}" is .*write the zone behind the times'):
        parse_weekly("daily 12:00-13:00")
    assert parse_weekly("daily 12:00-13:00 Asia/Seoul").is_active(ms("2024-06-02 03:30"))
    (tmp_path / "c.toml").write_text("")
    assert [name in text for text in load(tmp_path / "c.toml").warnings] == [True]


def test_no_zone_at_all_is_utc(tmp_path: Path) -> None:
    """A machine without /etc/localtime lives in UTC and is told nothing; one whose file is broken is."""
    assert zone_problem({}, tmp_path / "none") == "" == zone_problem({"TZ": ""})
    (tmp_path / "localtime").write_text("x")
    assert "no time zone file" in zone_problem({}, tmp_path / "localtime")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("KST", "Asia/Seoul"),
        ("kst", "Asia/Seoul"),
        ("KST-9", "Asia/Seoul"),
        ("Seoul", "Asia/Seoul"),
        ("new york", "America/New_York"),
        ("UTC+9", "Etc/GMT-9"),
        ("gmt-05:00", "Etc/GMT+5"),
        ("asia/seoul ", "Asia/Seoul"),
        ("Asia/Soul", "Asia/Seoul"),
    ],
)
def test_a_zone_that_is_not_there_is_told_its_name(name: str, meant: str) -> None:
    """Abbreviations, cities and offsets are what people write."""
    with pytest.raises(ValueError, match="is not a time zone") as refused:
        parse_zone(name)
    assert f'did you mean "{meant}"?' in str(refused.value)
