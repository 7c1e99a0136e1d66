"""The parser of times that people type: on the command line, in prompts, in requests. Standard library only."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo

from tui_monitor.core.sanitize import clean
from tui_monitor.core.units import parse_duration

LAST_MS = 253_402_300_799_999
"""The end of the year 9999; `datetime` represents no later time."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_TIME_OF_DAY = re.compile(r"(?:(yesterday|today|tomorrow)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII | re.IGNORECASE)
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_AGO = re.compile(r"-\s*(.+)")


def parse_time(text: str, now_ms: int, zone: tzinfo | None = None, *, ahead: bool = False) -> int:
    """UTC ms of a time: RFC 3339, Unix seconds, HH:MM[:SS], "yesterday 03:10", or "-2h" for two hours ago.

    Without a zone of its own it is in ``zone`` (None: this machine's). A time of day alone is its last occurrence (``ahead``: its
    next one). Fractions of a millisecond are rounded. ValueError with advice for anything else, and for times before 1970 or
    after 9999.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return _in_range(_milliseconds(float(text)), text)
    if found := _TIME_OF_DAY.fullmatch(text):
        return _time_of_day(found, now_ms, zone, ahead)
    if found := _AGO.fullmatch(text):
        return _in_range(now_ms - round(parse_duration(found[1].strip()) * 1000), text)
    try:
        moment = datetime.fromisoformat(text)
        since = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC) - _EPOCH
    except (ValueError, OverflowError):
        raise ValueError(
            f'"{clean(text)}" is not a time; write 2026-05-01T03:10:00Z, 03:10, yesterday 03:10, -2h or Unix seconds'
        ) from None
    return _in_range((since.days * 86_400 + since.seconds) * 1000 + (since.microseconds + 500) // 1000, text)


def _milliseconds(seconds: float) -> float:
    """Rounded half up. As in Prometheus only the fraction is rounded, so that no digits are lost."""
    fraction, whole = math.modf(seconds)
    return whole * 1000 + math.floor(fraction * 1000 + 0.5)


def _in_range(stamp: float, text: str) -> int:
    if not 0 <= stamp <= LAST_MS:
        raise ValueError(f'"{clean(text)}" is {"before 1970" if stamp < 0 else "after the year 9999"}')
    return int(stamp)


def _time_of_day(found: re.Match[str], now_ms: int, zone: tzinfo | None, ahead: bool) -> int:
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    try:
        moment = now.replace(hour=int(found[2]), minute=int(found[3]), second=int(found[4] or 0), microsecond=0)
    except ValueError:
        raise ValueError(f'"{found[0]}" is not a time of day') from None
    if found[1]:
        moment += timedelta(days=_DAYS[found[1].lower()])
    elif (moment > now) is not ahead:
        moment += timedelta(days=1 if ahead else -1)
    return _in_range(round(moment.timestamp() * 1000), found[0])
