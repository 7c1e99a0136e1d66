"""Time stamps of log lines as UTC milliseconds: ISO 8601, epochs, syslog, access logs, times of day. Counters use arrival times instead."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_NAMES = "JanFebMarAprMayJunJulAugSepOctNovDec"
_MONTHS = {_NAMES[3 * number - 3 : 3 * number]: number for number in range(1, 13)}
_ZONE = r"\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?"
_CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_ISO = re.compile(rf"(?P<year>\d{{4}})[-/](?P<month>\d\d)[-/](?P<day>\d\d)[T ]{_CLOCK}{_ZONE}")
_ACCESS = re.compile(rf"(?P<day>\d\d)/(?P<name>[A-Z][a-z]{{2}})/(?P<year>\d{{4}}):{_CLOCK}{_ZONE}")
_SYSLOG = re.compile(rf"(?P<name>[A-Z][a-z]{{2}}) (?P<day>[ \d]\d) (?:(?P<year>\d{{4}}) )?{_CLOCK}")
_HTTP = re.compile(rf"(?:[A-Z][a-z]{{2}}, )?(?P<day>\d\d?) (?P<name>[A-Z][a-z]{{2}}) (?P<year>\d{{4}}) {_CLOCK}{_ZONE}")
_TIME = re.compile(rf"{_CLOCK}{_ZONE}")
_EPOCH = re.compile(r"(\d{9,19})(\.\d+)?")
_BEGIN = re.compile(r"[\s\[(<>\d]{0,8}?(?=\d{4}[-/]\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d |\d\d/[A-Z][a-z]{2}/)")
_DAY = timedelta(days=1)


def stamp_of_value(value: object, zone: tzinfo, now_ms: int) -> int | None:
    """The stamp in a field: a number is an epoch in s, ms, µs or ns by its size, a text any supported form."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _epoch(value)
    return parse_stamp(value, zone, now_ms) if isinstance(value, str) else None


def stamp_of_text(text: str, zone: tzinfo, now_ms: int) -> int | None:
    """The stamp at the start of a plain text line."""
    begin = _BEGIN.match(text)
    return parse_stamp(text[begin.end() :][:40], zone, now_ms) if begin else None


def parse_stamp(text: str, zone: tzinfo, now_ms: int) -> int | None:
    """The stamp at the start of a text; ``zone`` is the default. A missing year or day is the nearest one.

    The year is chosen so that the stamp is at most a day in the future, the day so that it is at most an hour (clock differences).
    """
    text = text.strip()
    for pattern in (_ISO, _ACCESS, _SYSLOG, _HTTP, _TIME):
        if match := pattern.match(text):
            try:
                return _moment(match, zone, now_ms)
            except (ValueError, OverflowError):
                return None
    match = _EPOCH.fullmatch(text)
    return _epoch(float(text)) if match else None


def _epoch(number: int | float) -> int | None:
    if not 1e8 <= number < 1e20:
        return None
    for limit, factor in ((1e11, 1000.0), (1e14, 1.0), (1e17, 1e-3)):
        if number < limit:
            return round(number * factor)
    return round(number * 1e-6)


def _moment(match: re.Match[str], zone: tzinfo, now_ms: int) -> int:
    given = match.groupdict()
    zone = _zone(given.get("zone")) or zone
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    micro = int((given["fraction"] or "0").ljust(6, "0")[:6])
    clock = {"hour": int(given["hour"]), "minute": int(given["minute"]), "second": min(59, int(given["second"])), "microsecond": micro}
    if not given.get("day"):
        found = now.replace(**clock, fold=0)  # type: ignore[arg-type]
        return _ms(found - _DAY if found > now + timedelta(hours=1) else found)
    month = int(given["month"]) if given.get("month") else _MONTHS.get(given["name"], 0)
    if given.get("year"):
        return _ms(datetime(int(given["year"]), month, int(given["day"]), tzinfo=zone, **clock))
    return _ms(_of_nearest_year(now, month, int(given["day"]), clock))


def _of_nearest_year(now: datetime, month: int, day: int, clock: dict[str, int]) -> datetime:
    """The newest such day that is not in the future; 29 February is that of the last leap year."""
    for year in range(now.year + 1, now.year - 9, -1):
        try:
            found = datetime(year, month, day, tzinfo=now.tzinfo, **clock)
        except ValueError:
            if day != 29:
                raise
            continue
        if found <= now + _DAY:
            return found
    raise ValueError("no such day")


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in ("Z", "UTC", "GMT"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
