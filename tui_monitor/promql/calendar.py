"""The functions of time in UTC: hour, day_of_week and the like, of any number of seconds since 1970."""

from __future__ import annotations

from collections.abc import Callable

_DAY = 86_400


def _civil(seconds: float) -> tuple[int, int, int]:
    """Year, month and day in the proleptic Gregorian calendar (years counted from March, so that leap days come last)."""
    days = int(seconds) // _DAY + 719_468
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in_month(seconds: float) -> int:
    year, month, _ = _civil(seconds)
    return 29 if month == 2 and _leap(year) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _day_of_year(seconds: float) -> int:
    year, month, day = _civil(seconds)
    before = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)[month - 1]
    return before + day + (month > 2 and _leap(year))


def _total(function: Callable[[float], int], beyond: int) -> Callable[[float], float]:
    """NaN, infinities and what no 64 bits hold have no date: ``beyond`` is what Prometheus (Go on amd64) answers for them."""
    return lambda seconds: float(function(seconds)) if abs(seconds) < 2.0**63 else float(beyond)


CALENDAR: dict[str, Callable[[float], float]] = {
    "day_of_month": _total(lambda seconds: _civil(seconds)[2], 4),
    "day_of_week": _total(lambda seconds: (int(seconds) // _DAY + 4) % 7, 0),
    "day_of_year": _total(_day_of_year, 339),
    "days_in_month": _total(_days_in_month, 31),
    "hour": _total(lambda seconds: int(seconds) % _DAY // 3600, 15),
    "minute": _total(lambda seconds: int(seconds) % 3600 // 60, 30),
    "month": _total(lambda seconds: _civil(seconds)[1], 12),
    "year": _total(lambda seconds: _civil(seconds)[0], 292277026596),
}
"""Each takes seconds and is given the time of evaluation when called without an argument."""
