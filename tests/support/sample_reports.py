"""A report as values, for faces that show one."""

from __future__ import annotations

from tests.support import sample_boards as boards
from tui_monitor.board.report import Report, ReportChart, ReportColumn, ReportRow, ReportSection

DAY, MIDNIGHT = 86_400_000, 1_772_323_200_000
EVENING = float(MIDNIGHT + 79_200_000)
EXAMPLE_REPORT = Report(
    name="daily",
    kind="daily",
    title="Daily report",
    period="Sunday 1 Mar 2026",
    language="en",
    host="web-1",
    zone="UTC",
    begin=MIDNIGHT,
    end=MIDNIGHT + DAY,
    made_at=boards.AT,
    verdict="2 incidents, 1 still open, uptime 99.69%",
    shade="warn",
    notes=("Not watched for 2h: 03:55–05:56. This time does not count as uptime.",),
    sections=(
        ReportSection(
            "open",
            "Still open",
            columns=(
                ReportColumn("since", "since", "stamp"), ReportColumn("severity", "severity"), ReportColumn("alert", "alert"),
                ReportColumn("what", "what", brief=True), ReportColumn("state", "state", brief=True),
            ),
            rows=(
                ReportRow((EVENING, "warning", "DiskFullSoon /", "Disk / is full in 3 h", "nobody has acknowledged it"), "warn"),
            ),
        ),
        ReportSection(
            "figures",
            "Figures",
            columns=(
                ReportColumn("figure", ""), ReportColumn("value", "value", "own"), ReportColumn("before", "before", "own"),
                ReportColumn("change", "change", "change"), ReportColumn("not_available", ""), ReportColumn("unit", "", "hidden"),
            ),
            rows=(
                ReportRow(("👤 New users", 1234.0, 1100.0, 0.1218, "", "")), ReportRow(("Revenue", 5_200_000.0, None, None, "", "KRW")),
                ReportRow(("Broken", None, None, None, "not available: no samples at the end of the period", ""), "warn"),
            ),
        ),
        ReportSection(
            "checks",
            "Checks",
            columns=(
                ReportColumn("check", "check"), ReportColumn("uptime", "uptime", "uptime"), ReportColumn("p95", "p95", "seconds"),
                ReportColumn("change", "change", "change", brief=True),
            ),
            rows=(ReportRow(("api", 0.9939, 0.119, 0.0), "warn"), ReportRow(("shop-db", 1.0, 0.09, 2.03), "ok")),
        ),
        ReportSection(
            "resources",
            "This machine",
            columns=(ReportColumn("resource", ""), ReportColumn("mean", "mean", "ratio"), ReportColumn("full_in", "full in", "span")),
            rows=(ReportRow(("CPU", 0.331, None), "ok"), ReportRow(("Disk /", 0.7, 201_600.0), "warn")),
            charts=(
                ReportChart("CPU", "ratio", MIDNIGHT, MIDNIGHT + DAY, tuple(0.3 + (hour % 12) / 40 for hour in range(48))),
            ),
        ),
        ReportSection("incidents", "Incidents", lines=("Nothing happened.",)),
    ),
    incidents=2,
)  # fmt: skip
