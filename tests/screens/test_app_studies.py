"""Panels, backtests, several series and marks on the dashboard, by keys on a fake backend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from tests.screens.test_app_keys import make, press, settle
from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tui_monitor.board.backend import CommandRefused, NotReady
from tui_monitor.board.values import BacktestRow, BacktestView, Board, NoiseRow, PanelView
from tui_monitor.core.commands import Annotate, Command, CommandResult, DropPanel, SavePanel
from tui_monitor.tui.app import MonitorApp
from tui_monitor.tui.screens.chart import ChartScreen
from tui_monitor.tui.screens.explore import ExploreScreen
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.tui.screens.prompt import PromptScreen
from tui_monitor.widgets.analysis_panes import NoisePane
from tui_monitor.widgets.cell_line import RenderStyle, text_of
from tui_monitor.widgets.glyphs import UNICODE
from tui_monitor.widgets.palettes import palette_of
from tui_monitor.widgets.styles import TextStyles

HOT = BacktestRow("HighCPU", "", "critical", 3, 1, 7, 1680.0, 900.0, boards.AT - 86_400_000, 6, 2, "cpu_usage_ratio > 0.9 for 120s")
QUIET = BacktestRow("DiskSpace", "", "warning", 0, condition="disk_usage_ratio > 0.8 for 0s")


class StudyBackend(FakeBackend):
    """Keeps panels and answers backtests."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = {"load": PanelView("load", "load1", 300_000, "kim")}
        self.asked: list[tuple[str, str, tuple[str, ...]]] = []

    async def command(self, command: Command, by: str = "") -> CommandResult:
        if isinstance(command, SavePanel):
            self.kept[command.name] = PanelView(command.name, command.expr, command.span)
        elif isinstance(command, DropPanel):
            del self.kept[command.name]
        return await super().command(command)

    async def panels(self) -> Sequence[PanelView]:
        return [self.kept[name] for name in sorted(self.kept)]

    async def backtest(self, alert: str, since: str, changes: Sequence[str]) -> BacktestView:
        self.asked.append((alert, since, tuple(changes)))
        if "for=soon" in changes:
            raise CommandRefused("for=soon is no duration")
        rows = (HOT, replace(HOT, tried=changes[0], fired=1)) if changes else (HOT, QUIET)
        return BacktestView(boards.AT - 7 * 86_400_000, boards.AT, rows, ("no monitor ran for 5m of this time",))

    async def noise(self, since: str) -> Sequence[NoiseRow]:
        self.asked.append(("noise", since, ()))
        loud = NoiseRow("HighCPU", "critical", 12, 90.0, 5, 0, 0, 30, 6, "HighCPU fired 12 times, median 90s: try for=5m")
        return [] if since == "1d" else [loud, NoiseRow("DiskSpace", "warning", 1, 7200.0, 0, 1, 1, 1, 0)]


@asynccontextmanager
async def studying(**more: Any) -> AsyncIterator[tuple[MonitorApp, StudyBackend, Pilot[Any]]]:
    backend = StudyBackend()
    app = make(backend, **more)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        yield app, backend, pilot


def page(app: MonitorApp) -> str:
    assert isinstance(app.screen, PaneScreen)
    return text_of(app.screen.pane.build(120, 36)[0])


async def write(app: MonitorApp, pilot: Pilot[Any], text: str) -> None:
    assert isinstance(app.screen, PromptScreen)
    app.screen.query_one(Input).value = text
    await press(app, pilot, "enter")
    await settle(app, pilot)


async def test_a_trend_draws_several_series_and_is_kept_as_a_panel() -> None:
    """`;` adds an expression to the chart, Ctrl+S keeps all of it with its range, screen 6 shows it and Enter opens it again."""
    async with studying() as (app, backend, pilot):
        await press(app, pilot, "tab", "t")
        await settle(app, pilot)
        assert isinstance(app.screen, ChartScreen)
        first = app.screen.question.expr
        await press(app, pilot, "semicolon")
        await write(app, pilot, "load1")
        assert isinstance(app.screen, ChartScreen) and app.screen.question.expr == f"{first}; load1"
        await press(app, pilot, "minus", "minus", "ctrl+s")
        await write(app, pilot, "both")
        assert backend.commands[-1] == SavePanel("both", f"{first}; load1", 86_400_000)
        await press(app, pilot, "6")
        await settle(app, pilot)
        shown = page(app)
        assert "2 saved" in shown and "both" in shown and "load" in shown
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert isinstance(app.screen, ExploreScreen)
        assert (app.screen.question.expr, app.screen.question.span) == (f"{first}; load1", 86_400_000)
        assert app.screen.input.value == f"{first}; load1"


async def test_a_panel_is_taken_away() -> None:
    """`x` asks, Enter takes it away, and the list says so."""
    async with studying() as (app, backend, pilot):
        await press(app, pilot, "6")
        await settle(app, pilot)
        await press(app, pilot, "x")
        await write(app, pilot, "")
        assert backend.commands[-1] == DropPanel("load")
        await settle(app, pilot)
        assert "No panel yet" in page(app)


async def test_what_disturbed_last_week() -> None:
    """Screen 8 counts what fired, came back at once and was never taken, with advice for the selected; other ranges are asked for."""
    async with studying() as (app, backend, pilot):
        await press(app, pilot, "8")
        await settle(app, pilot)
        shown = page(app)
        assert backend.asked == [("noise", "7d", ())]
        assert "13 alerts" in shown and "24+6" in shown and "never" in shown and "try for=5m" in shown
        await press(app, pilot, "left")
        await settle(app, pilot)
        assert backend.asked[-1] == ("noise", "1d", ()) and "No alert fired in the last 1d" in page(app)


def test_advice_is_read_whole_at_80_columns() -> None:
    """What to try against noise is broken into lines, not cut."""
    advice = "HighCPU fired 31 times, median 40s, 12 came back within ten minutes: try for=5m, or keep_firing_for=10m, and see screen 7"
    pane = NoisePane(look=RenderStyle(UNICODE, UTC), text_styles=TextStyles(palette_of("night").colors))
    pane.show([NoiseRow("HighCPU", "warning", 31, 40.0, 12, 0, 0, 31, 0, advice)], "7d")
    assert " ".join(text_of(pane.foot(80, 20)).split()) == advice


async def test_a_backtest_and_a_change_beside_it() -> None:
    """Screen 7 says what each rule would have done; Enter tries a change beside the present rule; other ranges are asked for."""
    async with studying() as (app, backend, pilot):
        await press(app, pilot, "7")
        await settle(app, pilot)
        shown = page(app)
        assert backend.asked == [("", "7d", ())]
        assert "3 alerts, 6 messages" in shown and "28m" in shown and "6+2" in shown
        assert "cpu_usage_ratio > 0.9 for 120s" in shown and "no monitor ran for 5m" in shown
        await press(app, pilot, "enter")
        await write(app, pilot, "for=10m")
        assert backend.asked[-1] == ("HighCPU", "7d", ("for=10m",))
        assert "HighCPU  for=10m" in page(app)
        await press(app, pilot, "right")
        await settle(app, pilot)
        assert backend.asked[-1] == ("", "30d", ()) and "for=10m" not in page(app)
        await press(app, pilot, "enter")
        await write(app, pilot, "for=soon")
        assert "HighCPU" in page(app)


async def test_the_moment_of_an_alert() -> None:
    """`m` goes to the moment of the selected alert, from the main screen as from the list of past ones."""
    async with studying() as (app, _, pilot):
        alert = app.main.chosen_alert()
        assert alert is not None
        await press(app, pilot, "m")
        await settle(app, pilot)
        assert app.context.view.past_at == alert.starts_at
        await press(app, pilot, "escape", "2", "m")
        await settle(app, pilot)
        assert app.screen is app.main and app.context.view.past_at > 0


async def test_marks() -> None:
    """`M` marks this moment, or the past one that is shown."""
    async with studying() as (app, backend, pilot):
        await press(app, pilot, "M")
        await write(app, pilot, "deploy")
        assert backend.commands[-1] == Annotate("deploy")
        await press(app, pilot, "[")
        await settle(app, pilot)
        await press(app, pilot, "M")
        await write(app, pilot, "noise")
        assert backend.commands[-1] == Annotate("noise", boards.AT - 60_000)


class SlowBackend(StudyBackend):
    """Cannot be asked at first, as a real runtime that is still opening."""

    refusals = 3

    async def board_at(self, at: int) -> Board:
        if self.refusals:
            self.refusals -= 1
            raise NotReady("not ready yet")
        return await super().board_at(at)


async def test_a_start_in_the_past_waits_for_the_runtime() -> None:
    """`--at` shows its moment once the history can be read, however long the runtime takes to open."""
    backend = SlowBackend()
    app = make(backend, at=boards.AT - boards.HOUR)
    async with app.run_test(size=(120, 40)) as pilot:
        async with asyncio.timeout(60):
            while not app.context.view.past_at:
                await pilot.pause(0.02)
    assert (app.context.view.past_at, backend.refusals) == (boards.AT - boards.HOUR, 0)
