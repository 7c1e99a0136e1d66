"""Screens by role in the dashboard: the grid of panels, its keys, and how one comes to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.screens.test_app_keys import make, press, seen, settle
from tests.support.processes import until
from tests.support.role_backend import RoleBackend
from tui_monitor.platform import unix_groups
from tui_monitor.tui.app import MonitorApp
from tui_monitor.tui.screens.check_details import CheckDetailsScreen
from tui_monitor.tui.screens.explore import ExploreScreen
from tui_monitor.tui.screens.incident import IncidentScreen
from tui_monitor.tui.screens.main import MainScreen
from tui_monitor.tui.screens.picker import PickerScreen
from tui_monitor.tui.screens.prompt import PromptScreen
from tui_monitor.tui.screens.role import RoleScreen


@asynccontextmanager
async def opened(
    example: str, screen: str, size: tuple[int, int] = (120, 40), groups: frozenset[str] = frozenset(), language: str = ""
) -> AsyncIterator[tuple[MonitorApp, RoleBackend, Pilot[Any]]]:
    """The dashboard of an example after its first board."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(unix_groups, "own_groups", lambda: groups)
        backend = RoleBackend(example)
        backend.example = replace(backend.example, language=language)
        app = make(backend, screen=screen)
        async with app.run_test(size=size) as pilot:
            await until(lambda: backend.listeners)
            backend.push(backend.board)
            await until(lambda: app._first_screen is None)
            await settle(app, pilot)
            await settled(app, pilot)
            yield app, backend, pilot


async def settled(app: MonitorApp, pilot: Pilot[Any]) -> None:
    """Until every panel of the screen is answered, where it is one of panels."""
    await settle(app, pilot)
    if isinstance(screen := app.screen, RoleScreen):
        grid = screen.grid
        await until(lambda: grid.values is not None and not any(panel.loading for panel in grid.values.panels) and grid.places)
        await settle(app, pilot)


def grid(app: MonitorApp) -> Any:
    """The grid on the screen."""
    assert isinstance(app.screen, RoleScreen), app.screen
    return app.screen.grid


async def test_a_screen_shows_figures_charts_and_what_is_wrong() -> None:
    """`--screen` opens it with the first board; every panel has an answer."""
    async with opened("trading", "trading") as (app, _, _):
        await until(lambda: isinstance(app.screen, RoleScreen) and "█▀█" in seen(app))
        shown = seen(app)
        assert "Trading desk" in shown and "BTC-USD" in shown and "Spread by symbol" in shown
        assert "3m status 503" in shown and "exchange-b" in shown
        assert "spread %" in shown and "..." not in shown and "█▀█" in shown
        assert all(not panel.error and not panel.loading for panel in grid(app).values.panels)


async def test_keys_go_from_panel_to_panel_and_open_what_they_are_about() -> None:
    """Tab chooses, j goes through the rows of a list, Enter opens: explore for a query, the check, the alert."""
    async with opened("trading", "system") as (app, backend, pilot):
        assert grid(app).chosen.panel.kind == "alerts"
        first = app.screen.chosen_alert()  # type: ignore[attr-defined]
        await press(app, pilot, "j")
        await until(lambda: app.screen.chosen_alert() != first)  # type: ignore[attr-defined]
        await press(app, pilot, "enter")
        await until(lambda: isinstance(app.screen, IncidentScreen))
        await press(app, pilot, "escape")
        await until(lambda: isinstance(app.screen, RoleScreen))
        await press(app, pilot, "tab", "enter")
        await until(lambda: isinstance(app.screen, CheckDetailsScreen))
        await press(app, pilot, "escape")
        await until(lambda: isinstance(app.screen, RoleScreen))
        await press(app, pilot, "G", "enter")
        await until(lambda: isinstance(app.screen, ExploreScreen) and "probe_duration_seconds" in app.screen.question.expr)
        await press(app, pilot, "escape")
        await until(lambda: isinstance(app.screen, RoleScreen))
        await press(app, pilot, "escape")
        await until(lambda: isinstance(app.screen, MainScreen))
        assert not backend.commands


async def test_the_list_of_screens_has_the_configured_ones_first_and_the_filter_finds_them() -> None:
    """`0`, a few letters, Enter."""
    async with opened("trading", "") as (app, _, pilot):
        assert isinstance(app.screen, MainScreen)
        await press(app, pilot, "0")
        await until(lambda: isinstance(app.screen, PickerScreen) and "Trading desk" in seen(app))
        shown = seen(app)
        assert shown.index("Trading desk") < shown.index("Portfolio") < shown.index("Overview")
        await filtered(app, pilot, "portf")
        await press(app, pilot, "enter")
        await until(lambda: isinstance(app.screen, RoleScreen) and app.screen.grid.heading == "Portfolio")


async def test_a_member_of_a_group_begins_with_its_screen() -> None:
    """Esc leads to the overview, and the next board does not open it again."""
    async with opened("shop", "", groups=frozenset({"managers"})) as (app, backend, pilot):
        await until(lambda: isinstance(app.screen, RoleScreen) and app.screen.grid.heading == "The shop in one look")
        await press(app, pilot, "escape")
        await until(lambda: isinstance(app.screen, MainScreen))
        later = replace(backend.board, at=backend.board.at + 1000)
        backend.push(later)
        await until(lambda: app.context.live is later)
        await settle(app, pilot)
        assert isinstance(app.screen, MainScreen)


async def test_an_unknown_screen_is_told_with_the_known_ones() -> None:
    """The overview stays."""
    async with opened("shop", "sales") as (app, _, _):
        await until(lambda: any("there are: management, business, application" in note.message for note in app._notifications))
        assert isinstance(app.screen, MainScreen)


async def test_a_small_terminal_has_one_column_that_scrolls() -> None:
    """40x12: the chosen panel is shown whole, and the title says how much is below."""
    async with opened("dispatch", "business", (40, 12)) as (app, _, pilot):
        await until(lambda: "more below" in seen(app) and "Waiting over 2h" in seen(app))
        await press(app, pilot, "tab", "tab")
        await until(lambda: "Vehicles in use" in seen(app) and "Waiting over 2h" not in seen(app))
        await press(app, pilot, "pagedown")
        await until(lambda: "Orders by status" in seen(app))


async def test_the_filter_leaves_matching_rows() -> None:
    """`/` looks through the rows of all panels, Esc clears it."""
    async with opened("trading", "system") as (app, _, pilot):
        await filtered(app, pilot, "redis-server")
        await until(lambda: "redis-server" in seen(app) and "containerd" not in seen(app))
        await press(app, pilot, "escape")
        await until(lambda: "containerd" in seen(app))


async def filtered(app: MonitorApp, pilot: Pilot[Any], text: str) -> None:
    """Type a filter."""
    await press(app, pilot, "slash")
    await until(lambda: isinstance(app.screen, PromptScreen))
    app.screen.query_one(Input).value = text
    await press(app, pilot, "enter")
    await until(lambda: not isinstance(app.screen, PromptScreen))


async def test_the_past_is_asked_for_its_own_moment() -> None:
    """`[` shows a minute before, with the figures of then."""
    async with opened("trading", "portfolio") as (app, _, pilot):
        now = grid(app).values
        await press(app, pilot, "left_square_bracket")
        await until(lambda: grid(app).values.at < now.at and not grid(app).values.panels[0].loading)
        assert "Portfolio" in seen(app)


async def test_a_covered_screen_is_drawn_when_it_is_uncovered() -> None:
    """A board repaints only the screen on top (21 KB/s otherwise); Esc shows the present at once."""
    async with opened("trading", "portfolio") as (app, backend, pilot):
        covered = app.main.board
        later = replace(backend.board, at=backend.board.at + 60_000, alerts=())
        backend.push(later)
        await until(lambda: grid(app).values.at == later.at)
        assert app.main.board is covered
        await press(app, pilot, "escape")
        await until(lambda: app.main.board is later)


async def test_a_screen_is_in_the_dashboards_language() -> None:
    """Heads, what is empty, reasons, ages and the list of screens."""
    async with opened("trading", "system", language="ko") as (app, _, pilot):
        await until(lambda: "사용자" in seen(app))
        shown = seen(app)
        assert "장애" in shown and "메모리" in shown and "4분" in shown and "초당" in shown and "user" not in shown
        await press(app, pilot, "0")
        await until(lambda: "패널 4개" in seen(app) or "패널 6개" in seen(app))
