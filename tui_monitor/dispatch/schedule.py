"""Recurring times: weekly ranges ("Mon-Fri 09:00-18:00 Asia/Seoul") and cron windows, correct across DST changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Protocol

from tui_monitor.platform.local_zone import local_zone
from tui_monitor.platform.zones import parse_zone

_TIMES = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_HORIZON_DAYS = 9
_LONGEST_CHAIN = 10_000


class Schedule(Protocol):
    """Something that is active at some times. Stamps are UTC milliseconds."""

    def is_active(self, at_ms: int) -> bool:
        """Whether it is active at this moment; beginnings belong to it, ends do not."""
        ...

    def next_change(self, at_ms: int) -> int | None:
        """The first moment after ``at_ms`` at which `is_active` changes; None: never."""
        ...


def parse_weekly(text: str, default_zone: tzinfo | None = None) -> WeeklySchedule:
    """Read "Mon-Fri 09:00-18:00 Asia/Seoul", "Mon,Wed 09:00-12:00,13:00-17:00", "daily 02:00-03:00"; several are joined with ";".

    A range over midnight belongs to the day it begins on. Without a zone: ``default_zone``, else the machine's own.
    Raises ValueError saying which word is wrong.
    """
    ranges: list[tuple[int, int, int]] = []
    zone: tzinfo | None = None
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        times = list(_TIMES.finditer(part))
        if not times:
            raise ValueError(f'"{part}" has no times; write for example "Mon-Fri 09:00-18:00 Asia/Seoul" or "daily 02:00-03:00"')
        for one, following in pairwise(times):
            if between := part[one.end() : following.start()].strip(" ,"):
                raise ValueError(f'"{part}": "{between}" stands between two times; what is for other days comes after ";"')
        tail = part[times[-1].end() :].strip()
        if tail and zone is not None and tail != str(zone):
            raise ValueError(f'"{text}" names two time zones; one schedule has one')
        if tail:
            zone = parse_zone(tail)
        days = _days(part[: times[0].start()].strip())
        for found in times:
            begin, end = _minutes(found[1], found[2]), _minutes(found[3], found[4])
            if begin == end:
                raise ValueError(f'"{found[0]}" is empty; all day is 00:00-24:00')
            ranges.extend((day, begin, end if end > begin else end + 1440) for day in days)
    if not ranges:
        raise ValueError("the schedule is empty")
    return WeeklySchedule(tuple(ranges), zone or default_zone or local_zone())


def _days(text: str) -> list[int]:
    if not text or text.lower() in ("daily", "every day"):
        return list(range(7))
    days: list[int] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        begin = _day(first)
        end = _day(last) if dash else begin
        days.extend((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return sorted(set(days))


def _day(word: str) -> int:
    if len(word) >= 3:
        for number, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")):
            if name.startswith(word.lower()):
                return number
    raise ValueError(f'"{word}" is not a day; write Mon, Tue, Wed, Thu, Fri, Sat, Sun or daily')


def _minutes(hour: str, minute: str) -> int:
    total = int(hour) * 60 + int(minute)
    if int(minute) > 59 or total > 1440:
        raise ValueError(f'"{hour}:{minute}" is not a time of day')
    return total


class WeeklySchedule:
    """Ranges of local wall time on days of the week.

    ``ranges``: (weekday of the begin, begin, end) in minutes since that day's local midnight; the end may lie in the next day.
    A range that lies wholly in a DST gap begins at the gap's end and keeps its length; an end that comes twice means the second.
    """

    def __init__(self, ranges: tuple[tuple[int, int, int], ...], zone: tzinfo) -> None:
        self.ranges = ranges
        self.zone = zone
        self._segment: tuple[int, int, bool, int | None] = (0, 0, False, None)

    def is_active(self, at_ms: int) -> bool:
        """See Schedule."""
        return self._at(at_ms)[2]

    def next_change(self, at_ms: int) -> int | None:
        """See Schedule."""
        return self._at(at_ms)[3]

    def _at(self, at_ms: int) -> tuple[int, int, bool, int | None]:
        """(from, until, active, next change) of the stretch that holds ``at_ms``; the last one is kept, so that asking is cheap."""
        if not self._segment[0] <= at_ms < self._segment[1]:
            self._segment = self._compute(at_ms)
        return self._segment

    def _compute(self, at_ms: int) -> tuple[int, int, bool, int | None]:
        today = datetime.fromtimestamp(at_ms / 1000, self.zone).date()
        horizon = _to_ms(today + timedelta(days=_HORIZON_DAYS - 1), 0, self.zone, 0)
        for begin, end in _merge(sorted(self._spans(today))):
            if at_ms < begin:
                return at_ms, begin, False, begin
            if at_ms < end:
                return (begin, end, True, end) if end < horizon else (at_ms, at_ms + 86_400_000, True, None)
        return at_ms, at_ms + 86_400_000, False, None

    def _spans(self, today: date) -> Iterator[tuple[int, int]]:
        for offset in range(-2, _HORIZON_DAYS):
            day = today + timedelta(days=offset)
            for weekday, begin, end in self.ranges:
                if weekday == day.weekday():
                    start_ms = _to_ms(day, begin, self.zone, 0)
                    end_ms = _to_ms(day, end, self.zone, 1)
                    yield start_ms, end_ms if end_ms > start_ms else start_ms + (end - begin) * 60_000


def _merge(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in spans:
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _to_ms(day: date, minutes: int, zone: tzinfo, fold: int) -> int:
    """The instant of a local wall time; one that a DST gap leaves out becomes the gap's end."""
    days, rest = divmod(minutes, 1440)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    before, after = local.replace(fold=0), local.replace(fold=1)
    if before.astimezone(UTC) > after.astimezone(UTC):
        return _gap_end(local)
    return int(local.replace(fold=fold).timestamp() * 1000)


def _gap_end(local: datetime) -> int:
    """Where the zone's offset jumps near a wall time that does not exist, by bisection to the second."""
    low, high = int(local.replace(fold=1).timestamp()), int(local.replace(fold=0).timestamp())
    zone = local.tzinfo
    before = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high * 1000


class CronSchedule:
    """Windows of a fixed length that a cron line starts; a start that DST skips happens right after the gap (as Debian's cron)."""

    def __init__(self, expr: str, duration_ms: int, zone: tzinfo) -> None:
        """Raises ValueError where the line or the length is no good."""
        if duration_ms <= 0:
            raise ValueError("a window must be longer than nothing")
        from cronsim import CronSim, CronSimError

        try:
            CronSim(expr, datetime(2024, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(f'"{expr}" is not a cron line: {error}') from None
        self.expr = expr
        self.duration_ms = duration_ms
        self.zone = zone
        self._segment: tuple[int, int | None, bool] = (0, 0, False)

    def is_active(self, at_ms: int) -> bool:
        """See Schedule."""
        return self._at(at_ms)[2]

    def next_change(self, at_ms: int) -> int | None:
        """See Schedule."""
        return self._at(at_ms)[1]

    def _at(self, at_ms: int) -> tuple[int, int | None, bool]:
        begin, end, _ = self._segment
        if not (begin <= at_ms and (end is None or at_ms < end)):
            self._segment = self._compute(at_ms)
        return self._segment

    def _compute(self, at_ms: int) -> tuple[int, int | None, bool]:
        starts = self._starts(at_ms - self.duration_ms)
        start = next(starts, None)
        if start is None or start > at_ms:
            return at_ms, start, False
        first, end = start, start + self.duration_ms
        for _ in range(_LONGEST_CHAIN):
            start = next(starts, None)
            if start is None or start > end:
                return first, end, True
            end = start + self.duration_ms
        return first, end, True

    def _starts(self, after_ms: int) -> Iterator[int]:
        from cronsim import CronSim

        for moment in CronSim(self.expr, datetime.fromtimestamp(after_ms // 1000, self.zone)):
            if (stamp := int(moment.timestamp() * 1000)) > after_ms:
                yield stamp
