"""What is owed when: pure decisions over the rows of what was done."""

from __future__ import annotations

from typing import Any

from tests.support.report_world import MIDNIGHT, NOW, report_settings_of
from tui_monitor.reports.dues import KNOWN, QUEUED, QUIET, OwedReport, owed_report, unknown_recipients
from tui_monitor.storage.records import ReportOutcome

DAY, HOUR = 86_400_000, 3_600_000


def known(since: int, *names: str) -> list[ReportOutcome]:
    """The rows of recipients that are known since then."""
    return [ReportOutcome("daily", name, "", KNOWN, since) for name in names]


def done(period: str, name: str, outcome: str = QUEUED, at: int = NOW) -> ReportOutcome:
    """A row of a period."""
    return ReportOutcome("daily", name, period, outcome, at)


def owed(rows: list[ReportOutcome], now: int = NOW, names: tuple[str, ...] = ("ops",), **more: Any) -> OwedReport | None:
    """What is owed of the daily report."""
    return owed_report(report_settings_of("daily", figures=[], **more), names, rows, now)


def test_a_due_period_is_owed_until_it_is_recorded() -> None:
    """At eight, not a minute before; once it is queued or quiet, no more."""
    rows = known(MIDNIGHT - 5 * DAY, "ops")
    before = [*rows, done("2026-02-28", "ops")]
    assert owed(before, NOW - 60_000) is None
    found = owed(before)
    assert found is not None and (found.period.key, found.recipients, found.late, found.missed) == ("2026-03-01", ("ops",), False, ())
    assert owed([*rows, done("2026-03-01", "ops")]) is None and owed([*rows, done("2026-03-01", "ops", QUIET)]) is None


def test_each_recipient_has_its_own_period() -> None:
    """One that has it already does not get it again; a new one begins with the next."""
    rows = [*known(MIDNIGHT - 5 * DAY, "ops", "chat"), done("2026-03-01", "ops")]
    found = owed(rows, names=("ops", "chat"))
    assert found is not None and found.recipients == ("chat",)
    assert unknown_recipients(("ops", "new"), rows) == ["new"] and owed(known(NOW + 60_000, "ops"), NOW + HOUR) is None


def test_a_late_report_names_the_periods_that_nobody_got() -> None:
    """Off from Friday to Monday: Sunday is sent late, Friday and Saturday are named; after a day it is too late for Sunday too."""
    rows = [*known(MIDNIGHT - 9 * DAY, "ops"), done("2026-02-26", "ops")]
    found = owed(rows, NOW + 3 * HOUR)
    assert found is not None and found.late and [period.key for period in found.missed] == ["2026-02-27", "2026-02-28"]
    next_day = owed(rows, NOW + DAY)
    assert next_day is not None and next_day.period.key == "2026-03-02" and not next_day.late
    weekly = report_settings_of("weekly", figures=[])
    assert owed_report(weekly, ("ops",), known(MIDNIGHT - 30 * DAY, "ops"), NOW + 3 * DAY - 60_000) is not None
    assert owed_report(weekly, ("ops",), known(MIDNIGHT - 30 * DAY, "ops"), NOW + 3 * DAY) is None


def test_quiet_periods_end_with_a_sign_of_life_after_seven_days() -> None:
    """It counts from the last message, not from the last quiet period."""
    quiet = [done(f"2026-02-{day}", "ops", QUIET, NOW - (28 - day + 1) * DAY) for day in range(23, 29)]
    rows = [*known(MIDNIGHT - 20 * DAY, "ops"), *quiet]
    early = owed([*rows, done("2026-02-24", "ops", at=NOW - 5 * DAY)], only_if="incidents")
    late = owed([*rows, done("2026-02-22", "ops", at=NOW - 7 * DAY)], only_if="incidents")
    assert early is not None and not early.sign_of_life and late is not None and late.sign_of_life


def test_a_clock_that_was_set_back_owes_nothing_twice() -> None:
    """The row decides, not the time."""
    rows = [*known(MIDNIGHT - 5 * DAY, "ops"), done("2026-03-01", "ops"), done("2026-02-28", "ops")]
    assert all(owed(rows, NOW - hours * HOUR) is None for hours in range(24))
