"""The spelling of a report's values in its language and zone. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo

from tui_monitor.board.report import ReportCell, ReportColumn, ReportRow
from tui_monitor.core.catalogue.languages import report_phrases
from tui_monitor.core.humanize import latency, percent, rate, size, span_words, uptime_percent
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.platform.zones import parse_zone

MOST_TEXT = 300
NOTHING = "-"


class ReportFormat:
    """Texts of numbers, times and days. ``zone``: a name of the tz database, "" for the machine's.

    ``begin`` and ``end`` (UTC ms) bound a single day whose times need no date; 0: every time has its date.
    """

    def __init__(self, language: str, zone: str, begin: int = 0, end: int = 0) -> None:
        self.t = report_phrases(language)
        self.zone = zone_named(zone)
        self._begin, self._end = begin, end

    def cell(self, value: ReportCell, column: ReportColumn, row: ReportRow) -> str:
        """A cell of a table; a column of unit "own" takes its unit from the row's last cell."""
        unit = str(row.cells[-1]) if column.unit == "own" else column.unit
        return self.value(value, unit)

    def value(self, value: ReportCell, unit: str) -> str:
        """A value in a unit; "-" for none."""
        if isinstance(value, str):
            return clip(clean(value).strip(), MOST_TEXT)
        if value is None or not math.isfinite(value):
            return NOTHING
        if unit in _UNITS:
            return _UNITS[unit](value)
        if unit == "span":
            return self.span(value)
        if unit == "stamp":
            return self.stamp(int(value))
        text = number_text(value)
        return text if unit in ("", "count", "text") else f"{text} {clip(clean(unit), 20)}"

    def span(self, seconds: float) -> str:
        """A length of time in words."""
        if 0 < seconds < 1:
            return latency(seconds)
        return span_words(seconds, self.t.units)

    def stamp(self, at: int) -> str:
        """A time, with its day unless that is the only one."""
        moment = datetime.fromtimestamp(at / 1000, self.zone)
        time = f"{moment:%H:%M}"
        return time if self._begin <= at < self._end else f"{self.short_day(moment.date())} {time}"

    def day(self, day: date) -> str:
        """A day with its weekday and year."""
        return self.t.day.format(**_parts(day, self.t.weekdays, self.t.months))

    def short_day(self, day: date) -> str:
        """A day within this year."""
        return self.t.short_day.format(**_parts(day, self.t.weekdays, self.t.months))

    def days(self, first: date, last: date) -> str:
        """One day, or the first and the last of several."""
        return self.day(first) if first == last else self.t.days.format(first=self.short_day(first), last=self.day(last))


def zone_named(name: str) -> tzinfo | None:
    """The zone of a name; the machine's (None) where the name is empty or not known here, as another host may have made the report."""
    try:
        return parse_zone(name) if name else None
    except ValueError:
        return None


def _parts(day: date, weekdays: tuple[str, ...], months: tuple[str, ...]) -> dict[str, object]:
    return {"weekday": weekdays[day.weekday()], "day": day.day, "month": months[day.month - 1], "year": day.year}


def number_text(value: float) -> str:
    """A number with thousands apart: "1,234,567", "12.5", "0.00012"."""
    if abs(value) >= 1e15:
        return f"{value:.4g}"
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) < 1:
        return f"{value:.4g}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def change_text(ratio: float) -> str:
    """A change with its sign: "+12%", "-3%", "0%"."""
    whole = round(ratio * 100)
    return f"{whole:+,}%" if whole else "0%"


_UNITS: Mapping[str, Callable[[float], str]] = {
    "uptime": uptime_percent,
    "ratio": lambda value: percent(value, 1),
    "percent": lambda value: f"{number_text(round(value, 2))}%",
    "seconds": latency,
    "bytes": size,
    "bytes/s": rate,
    "bytes_per_second": rate,
    "change": change_text,
    "budget": lambda value: percent(value),
}
LEFT = frozenset({"text", "stamp"})
"""Units whose values stand at the left of their column."""
