"""Queries kept as panels, and backtests for the dashboard."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.stored_history import write_history
from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.board.backend import CommandRefused
from tui_monitor.core.commands import DropPanel, SavePanel
from tui_monitor.core.values import labels_of
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.runtime.analysis_process import backtest, noise
from tui_monitor.runtime.panel_commands import PanelCommands
from tui_monitor.runtime.queries import StoreQueries
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.in_memory.repository import InMemoryRepository
from tui_monitor.storage.records import MOST_PANELS, UnitOfWork
from tui_monitor.storage.state.database import SqliteRepository


async def test_a_panel_is_kept_until_it_is_taken_away(tmp_path: Path) -> None:
    """A kept query has a name, a range and an author, survives a restart, is replaced by name, and what cannot run is refused."""
    state = await SqliteRepository.open(tmp_path / "state.db")
    verbs = PanelCommands(state)
    assert (await verbs.save(SavePanel("load", "load1; load5", 300_000), "kim", 5)).ok
    assert (await verbs.save(SavePanel("cpu", "cpu_usage_ratio"), "lee", 6)).ok
    assert (await verbs.save(SavePanel("cpu", "avg(cpu_usage_ratio)"), "kim", 7)).ok
    for wrong in (SavePanel("", "up"), SavePanel("x", " "), SavePanel("x", "up; sum(")):
        assert not (await verbs.save(wrong, "kim", 8)).ok
    await state.close()
    reading = HistoryConnection(tmp_path / "history.db")
    archive = StoreQueries(tmp_path / "state.db", reading)
    found = [(one.name, one.expr, one.span, one.by) for one in await archive.panels()]
    assert found == [("cpu", "avg(cpu_usage_ratio)", 3_600_000, "kim"), ("load", "load1; load5", 300_000, "kim")]
    await archive.close()
    await reading.close()
    state = await SqliteRepository.open(tmp_path / "state.db")
    verbs = PanelCommands(state)
    assert (await verbs.drop(DropPanel("cpu"))).ok
    assert not (await verbs.drop(DropPanel("cpu"))).ok
    await state.close()


async def test_panels_are_bounded() -> None:
    """No more than a hundred are kept; those that are there may still be changed."""
    state = InMemoryRepository()
    verbs = PanelCommands(state)
    for number in range(MOST_PANELS):
        assert (await verbs.save(SavePanel(f"p{number}", "up"), "kim", 1)).ok
    assert "delete one first" in (await verbs.save(SavePanel("more", "up"), "kim", 1)).text
    assert (await verbs.save(SavePanel("p7", "up == 0"), "kim", 1)).ok
    await state.close()


async def test_a_backtest_for_the_dashboard(tmp_path: Path) -> None:
    """The dashboard's backtest is the command's, worked out beside: each alert's figures, a change beside the present rule, refusals."""
    now = round(time.time()) * 1000
    config = tmp_path / "config.toml"
    config.write_text('default_rules = false\n[[rules]]\nalert = "Hot"\nexpr = "heat > 90"\nfor = "2m"\nseverity = "critical"\n')
    hot = (now - 3_000_000, now - 1_200_000)
    write_history(
        tmp_path / "history.db", {labels_of("heat"): lambda at: 95.0 if hot[0] <= at < hot[1] else 20.0}, now - 7_200_000, now, 15.0
    ).close()
    directory = open_directory(tmp_path)
    found = await backtest(directory, config, "", "2h", [])
    (row,) = found.rows
    assert (row.alert, row.severity, row.fired, row.tried) == ("Hot", "critical", 1, "")
    assert row.firing_s == pytest.approx(1680, abs=60) and row.messages == 2 and row.condition == "heat > 90 for 2m"
    assert hot[0] <= (row.last or 0) < hot[1]
    both = await backtest(directory, config, "Hot", "2h", ["for=1h"])
    assert [(row.tried, row.fired, row.nearly) for row in both.rows] == [("", 1, 0), ("for=1h", 0, 1)]
    for alert, since, changes in (("Cold", "2h", []), ("Hot", "2h", ["for=soon"]), ("Hot", "x", [])):
        with pytest.raises(CommandRefused):
            await backtest(directory, config, alert, since, changes)


async def test_what_disturbed_for_the_dashboard(tmp_path: Path) -> None:
    """The dashboard's noise report is the command's: an alert that fired this week, nothing of one that fired before, refusals."""
    now = round(time.time()) * 1000
    config = tmp_path / "config.toml"
    config.write_text("default_rules = false\n")
    state = await SqliteRepository.open(tmp_path / "state.db")
    for name, days in (("Hot", 2), ("Cold", 20)):
        labels, start = {"alertname": name, "severity": "warning"}, now - days * 86_400_000
        over = Alert(name, name, "r", "resolved", "warning", labels, {}, 1.0, active_at=start, starts_at=start, ends_at=start + 60_000)
        steps = [Transition(start, "firing", replace(over, state="firing", ends_at=None)), Transition(start + 60_000, "resolved", over)]
        await state.commit(UnitOfWork(0, steps))
    await state.close()
    directory = open_directory(tmp_path)
    (row,) = await noise(directory, config, "7d")
    assert (row.alert, row.severity, row.fired, row.median_s, row.acknowledged, row.messages) == ("Hot", "warning", 1, 60.0, 0, 0)
    with pytest.raises(CommandRefused):
        await noise(directory, config, "x")


async def test_a_backtest_ends_with_whoever_asked(tmp_path: Path) -> None:
    """Leaving the screen ends the process."""
    now = round(time.time()) * 1000
    write_history(tmp_path / "history.db", {labels_of("heat"): lambda at: 1.0}, now - 600_000, now, 15.0).close()
    task = asyncio.create_task(backtest(open_directory(tmp_path), None, "", "2h", []))
    await asyncio.sleep(0)
    while not (children := await asyncio.to_thread(_children)):
        assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not set(children) & set(_children())


def _children() -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process().children() if "backtest" in child.cmdline()]
