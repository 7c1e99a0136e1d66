"""What reports say: of a week in real stores, worked out beside."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.report_world import HOUR, MIDNIGHT, NOW, OFF, OUTAGE, report_of, report_settings_of, section_of
from tests.support.settings import made
from tui_monitor.board.report import Report
from tui_monitor.board.report_json import report_json
from tui_monitor.board.report_text import brief_text, chat_lines, report_lines
from tui_monitor.config.settings import Settings
from tui_monitor.core.humanize import cells
from tui_monitor.reports.dues import Sending
from tui_monitor.reports.periods import before, newest_due, period_sent_on

KINDS = ("daily", "weekly", "performance", "risk", "health")


def rows(report: Report, key: str) -> list[dict[str, Any]]:
    """The rows of a section as scripts see them."""
    return next(section["rows"] for section in report_json(report)["sections"] if section["key"] == key)


def lines(report: Report, width: int = 120) -> str:
    return "\n".join(line.text for line in report_lines(report, width))


def test_a_daily_report_has_what_happened_and_how_it_was_before(world: Path) -> None:
    """One hour of outage of 22 watched is 95.45 %; the incident names who acknowledged it and whom it was told, the open one since when."""
    report = report_of(world)
    api, database = rows(report, "checks")
    assert (api["check"], api["status"], api["before"], api["week_before"]) == ("api", "bad", 1.0, 1.0)
    assert api["uptime"] == pytest.approx(21 / 22, abs=0.002) and api["down"] == pytest.approx(3600, abs=120)
    assert database["p95"] == pytest.approx(0.09, rel=0.05) and database["change"] == pytest.approx(2, rel=0.1)
    first, second = rows(report, "incidents")
    assert (first["alert"], first["lasted"], first["acknowledged"], first["told"]) == (
        "CheckUnhealthy api", "1h", "acknowledged by kim after 3m", "ops after 2s",
    )  # fmt: skip
    assert (second["lasted"], second["told"]) == ("still firing", "nobody")
    assert [row["alert"] for row in rows(report, "open")] == ["DiskFullSoon /"]
    assert [(row["check"], row["left"]) for row in rows(report, "certificates")] == [("api", "12d")]
    assert (report.incidents, report.shade) == (2, "warn") and report.verdict.startswith("2 incidents, 1 still open, uptime 97.7")


def test_time_without_the_monitor_is_not_uptime_and_is_said(world: Path) -> None:
    """The two hours on Sunday in which it was off stand in the notes."""
    (note,) = report_of(world).notes
    assert note.startswith("Not watched for 2h") and "03:5" in note and OFF[1] - OFF[0] == 2 * HOUR


def test_figures_are_values_tables_with_totals_or_say_why_they_are_missing(world: Path) -> None:
    """A figure that fails reads "not available: reason", and the report goes out."""
    report = report_of(world)
    users, broken, nowhere = rows(report, "figures")
    assert (users["value"], users["before"], users["change"]) == (10.0, 10.0, 0.0)
    assert broken["not_available"].startswith("not available: 1:9: unclosed") and "no samples" in nowhere["not_available"]
    assert [(row["label"], row["count"], row["volume"]) for row in rows(report, "figure")] == [
        ("transfer", 42.0, 1_250_000.0), ("swap", 7.0, 310_500.5), ("total", 49.0, 1_560_500.5),
    ]  # fmt: skip
    text = lines(report)
    assert "1,560,500.5 KRW" in text and "👤 New users" in text and "not available: 1:9: unclosed" in text


def test_a_performance_report_ends_with_at_most_five_suggestions(world: Path) -> None:
    """What is worst first: the disk, the budget, the check that became slower."""
    report = report_of(world, "performance")
    assert report.sections[-1].key == "suggestions" and 0 < len(report.sections[-1].lines) <= 5
    disk, budget, slower = report.sections[-1].lines
    assert "is full in 2d" in disk and "api has spent" in budget and "shop-db rose from 30ms to 90ms" in slower
    assert rows(report, "uptime")[0]["check"] == "api" and rows(report, "uptime")[0]["budget"] < 0
    (answer, _) = rows(report, "response")
    assert (answer["severity"], answer["ack_time"], answer["resolve_time"]) == ("critical", 180.0, 3600.0)


def test_risks_name_what_nobody_hears_of(world: Path) -> None:
    """Without a notifier that; with a route for one severity only the others; each with what to do."""
    report = report_of(world, "risk")
    named = {row["risk"]: row["advice"] for row in rows(report, "risks")}
    assert "Nobody is notified" in named and any(name.startswith("The certificate of api") for name in named)
    notifiers = [{"name": "ops", "type": "command", "argv": ["true"]}, {"name": "new", "type": "command", "argv": ["true"]}]
    checks = [
        {"name": "db", "type": "tcp", "host": "x", "port": 1},
        *({"name": name, "type": "tcp", "host": "x", "port": 1, "depends_on": ["db"]} for name in ("a", "b")),
    ]
    settings = made(Settings, {"notifiers": notifiers, "routing": {"critical": ["ops"]}, "checks": checks})
    named = {row["risk"]: row["advice"] for row in rows(report_of(world, "risk", settings=settings), "risks")}
    assert "Nobody is notified" not in named
    assert any("rules of severity warning notify nobody" in name for name in named)
    assert named["new has never delivered"] == "tui-monitor notify test new" and "ops has never delivered" not in named
    assert "2 checks depend on db: a, b" in named


def test_a_health_report_is_about_now(world: Path) -> None:
    """All checks with what is wrong first, and the machine."""
    report = report_of(world, "health")
    assert [(row["check"], row["state"]) for row in rows(report, "health")] == [("shop-db", "degraded"), ("api", "healthy")]
    assert report.verdict == "1 degraded, 1 healthy" and rows(report, "resources")[0]["value"] == 0.4


def test_a_late_report_says_so_and_what_was_missed(world: Path) -> None:
    """It names when it was due, when the monitor was off, and the older periods that are not sent."""
    own = report_settings_of()
    period = newest_due(own, NOW)
    report = report_of(world, now=NOW + 3 * HOUR, sending=Sending(late=True, missed=(before(own, period),), failed="the disk was full"))
    notes = " ".join(report.notes)
    assert "it was due 2 Mar 08:00" in notes and "28 Feb" in notes and "the disk was full" in notes and "tui-monitor report daily" in notes


def test_a_day_without_incidents_is_calm(world: Path) -> None:
    """Friday: nothing happened."""
    own = report_settings_of()
    report = report_of(world, period=period_sent_on(own, date(2026, 2, 28)), now=MIDNIGHT - 2 * 24 * HOUR + 8 * HOUR)
    assert report.incidents == 0 and report.verdict.startswith("No incidents") and section_of(report, "incidents").lines


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_kind_fits_its_width_in_both_languages(world: Path, kind: str, language: str) -> None:
    """No line is wider than asked for, in a mail, a terminal of 40 cells and a wide one; a chat gets every section."""
    report = report_of(world, kind, settings=made(Settings, {"language": language}))
    for width in (40, 78, 200):
        assert [line.text for line in report_lines(report, width) if cells(line.text) > width] == []
    chat = "\n".join(chat_lines(report))
    assert all(f"■ {section.title}" in chat for section in report.sections if section.rows)
    assert report.verdict in brief_text(report) and len(brief_text(report)) < 500
    if language == "ko":
        assert any("가" <= letter <= "힣" for letter in report.verdict + report.title)


def test_times_are_those_of_the_report_s_zone(world: Path) -> None:
    """14:00 in Berlin is 22:00 in Seoul."""
    assert "✖ 14:00" in lines(report_of(world)) and OUTAGE[0] == MIDNIGHT - 10 * HOUR
    assert "✖ 22:00" in lines(report_of(world, timezone="Asia/Seoul", at="16:00"))


def test_an_empty_monitor_reports_that_nothing_was_watched(tmp_path: Path) -> None:
    """A first day without samples makes a report, not an error."""
    import asyncio

    from tests.support.stored_history import write_history
    from tui_monitor.storage.state.database import SqliteRepository

    async def empty() -> None:
        await (await SqliteRepository.open(tmp_path / "state.db")).close()

    asyncio.run(empty())
    write_history(tmp_path / "history.db", {}, NOW - HOUR, NOW).close()
    for kind in KINDS:
        assert report_of(tmp_path, kind, figures=[]).verdict
    assert report_of(tmp_path, figures=[]).verdict == "Nothing was watched"
