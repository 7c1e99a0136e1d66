"""The section [[reports]]: what is reported, when, and to which notifiers (docs/reports.md)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Annotated, Literal

from tui_monitor.config.fields import Name, Text
from tui_monitor.config.section import Section, key
from tui_monitor.core.units import parse_ratio
from tui_monitor.platform.zones import parse_zone

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ReportKind = Literal["daily", "weekly", "performance", "risk", "health"]


def check_time_of_day(text: str) -> str:
    """The time, as written. Raises ValueError for what is none."""
    if not _TIME.fullmatch(text):
        raise ValueError(f'"{text}" is not a time of day; write for example "08:00"')
    return text


def check_zone(name: str) -> str:
    """The zone's name, as written. Raises ValueError with advice for an unknown one."""
    parse_zone(name)
    return name


TimeOfDay = Annotated[str, Text(check_time_of_day)]
ZoneName = Annotated[str, Text(check_zone)]
Objective = Annotated[
    float, Text(parse_ratio, before=True, schema={"type": ["number", "string"]}, spell=lambda value: f'"{value * 100:.10g}%"')
]
"""A Ratio that is spelled with its decimals: "99.9%"."""


class FigureSettings(Section):
    """A figure of a report: one value, or a table with a row for each label value."""

    title: Name = key(doc="its name in the report", min_length=1, example="New users")
    query: str = key(
        default="",
        doc="PromQL, evaluated at the end of the period; [$__range] is its length",
        example="increase(users_total[$__range])",
        shown="required, or `columns`",
    )
    columns: dict[str, str] = key(
        default={}, doc="several queries side by side, a row for each label value: name = query", example={"amount": "volume"}
    )
    unit: str = key(
        default="",
        doc="ratio, percent, seconds, bytes, bytes/s, count, or a word behind the number; a column `count` has none",
        example="KRW",
    )
    total: bool = key(default=False, doc="a last row with the sum of each column")
    icon: str = key(default="", doc="a sign before the title", example="👤", max_length=8)

    @property
    def queries(self) -> dict[str, str]:
        """Each column's query by its name; "" is the only one of a figure without columns."""
        return {**({"": self.query} if self.query else {}), **self.columns}

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """A figure has something to show."""
        if not self.queries:
            yield "query", "is missing: a figure has a `query`, or `columns`"


class ReportSettings(Section):
    """A report, sent once for each period to each of its notifiers."""

    name: Name = key(doc="the report's name, unique", min_length=1, example="morning")
    kind: ReportKind = key(
        default="daily", doc="daily, weekly, performance, risk (all three weekly), or health (each day: the machine and all checks then)"
    )
    at: TimeOfDay = key(default="08:00", doc="when it is sent; it is about the days before")
    day: Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] = key(default="Mon", doc="the day on which a weekly one is sent")
    timezone: ZoneName | None = key(default=None, doc="zone of `at` and of its days", shown="the machine's", example="Europe/Berlin")
    to: list[str] = key(default=[], doc="notifiers or recipient groups; none: it is only shown", example=["ops-mail"])
    only_if: Literal["always", "incidents"] = key(
        default="always", doc="incidents: not sent where nothing happened, but once in seven days"
    )
    objective: Objective = key(default=0.999, doc="the uptime that is wanted; its error budget is reported", gt=0, lt=1)
    figures: list[FigureSettings] = key(default=[])
