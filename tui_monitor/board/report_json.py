"""A report as JSON for scripts: the shape of `report --json` and /api/reports/KIND. Times are RFC 3339 UTC, numbers in base units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tui_monitor.board.report import Report, ReportCell, ReportChart, ReportColumn, ReportSection
from tui_monitor.core.units import rfc3339

Json = dict[str, Any]


def report_json(report: Report) -> Json:
    """The whole report."""
    return {
        "name": report.name,
        "kind": report.kind,
        "title": report.title,
        "host": report.host,
        "language": report.language,
        "period": {"name": report.period, "begin": rfc3339(report.begin), "end": rfc3339(report.end)},
        "made_at": rfc3339(report.made_at),
        "verdict": report.verdict,
        "status": report.shade,
        "incidents": report.incidents,
        "notes": list(report.notes),
        "sections": [_section(section) for section in report.sections],
    }


def report_entry_json(name: str, kind: str, next_due: int, to: Sequence[str]) -> Json:
    """One configured report, in the list of `report --json`."""
    return {"name": name, "kind": kind, "next": rfc3339(next_due), "to": list(to)}


def _section(section: ReportSection) -> Json:
    return {
        "key": section.key,
        "title": section.title,
        "lines": list(section.lines),
        "rows": [
            {"status": row.shade, **{column.key: _cell(value, column) for column, value in zip(section.columns, row.cells, strict=False)}}
            for row in section.rows
        ],
        "charts": [_chart(chart) for chart in section.charts],
        "more": section.more,
    }


def _cell(value: ReportCell, column: ReportColumn) -> Any:
    if isinstance(value, str) or value is None:
        return value
    if not math.isfinite(value):
        return None
    return rfc3339(int(value)) if column.unit == "stamp" else value


def _chart(chart: ReportChart) -> Json:
    return {
        "title": chart.title,
        "unit": chart.unit,
        "begin": rfc3339(chart.begin),
        "end": rfc3339(chart.end),
        "values": list(chart.values),
    }
