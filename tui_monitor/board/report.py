"""A report as values: sections of lines, tables and charts, the same for mail, chat, terminal, page and scripts."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen

KIND_NAMES = ("daily", "weekly", "performance", "risk", "health")
"""The kinds, in the order in which they are offered."""
ReportCell = str | float | None
"""A text, a number in its column's unit, or nothing."""


@frozen
class ReportColumn:
    """A column. ``unit``: text, uptime, ratio, percent, seconds, span (seconds in words), bytes, bytes/s, stamp (UTC ms), count, change (a
    ratio with its sign), or any word that stands behind the number. ``brief``: it is left out where there is little room.
    """

    key: str
    title: str
    unit: str = "text"
    brief: bool = False


@frozen
class ReportRow:
    """One row; ``shade``: ok, warn, bad, none, total, or "" for plain."""

    cells: tuple[ReportCell, ...]
    shade: str = ""


@frozen
class ReportChart:
    """One line over time: equal steps from ``begin`` to ``end`` (UTC ms), None where there is no value."""

    title: str
    unit: str
    begin: int
    end: int
    values: tuple[float | None, ...]


@frozen
class ReportSection:
    """One subject. ``lines`` are sentences, before the table; ``more``: rows that are not shown."""

    key: str
    title: str
    lines: tuple[str, ...] = ()
    columns: tuple[ReportColumn, ...] = ()
    rows: tuple[ReportRow, ...] = ()
    charts: tuple[ReportChart, ...] = ()
    more: int = 0


@frozen
class Report:
    """A report of one period, ``begin`` to ``end`` (UTC ms), in one language. ``zone``: of its times, "" for the machine's.

    ``verdict`` is the period in one line, ``shade`` its state (ok, warn, bad); ``notes`` say what the reader has to know first: that it
    comes late, when the monitor was off. ``incidents``: how many began in the period.
    """

    name: str
    kind: str
    title: str
    period: str
    language: str
    host: str
    zone: str
    begin: int
    end: int
    made_at: int
    verdict: str
    shade: str
    notes: tuple[str, ...] = ()
    sections: tuple[ReportSection, ...] = ()
    incidents: int = 0
