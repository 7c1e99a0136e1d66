"""The screens of services: overview, service, details."""

from __future__ import annotations

from tests.screens.test_app_keys import press, running, seen
from tests.support import sample_boards as boards
from tui_monitor.board.backend import QUERY_S
from tui_monitor.board.privacy import Privacy
from tui_monitor.core.values import labels_of
from tui_monitor.promql.values import Value
from tui_monitor.tui.screens.check_details import CheckDetailsScreen
from tui_monitor.tui.screens.incident import IncidentScreen
from tui_monitor.tui.screens.services import ServiceScreen, ServicesScreen
from tui_monitor.tui.screens.watched_details import WatchedDetailsScreen


async def test_from_all_services_to_one_to_a_detail_and_back() -> None:
    """`S` lists them, Enter opens the page of one, Enter there the details of a row; Esc goes back step by step."""
    async with running("watched", (140, 45)) as (app, backend, pilot):

        async def query(expr: str, at: int, within: float = QUERY_S, privacy: Privacy | None = None) -> Value:
            return [(labels_of("", check="shop"), 17.0)] if "log_lines_total" in expr else []

        backend.query = query  # type: ignore[method-assign]
        await press(app, pilot, "S")
        assert isinstance(app.screen, ServicesScreen)
        for text in ("shop-service", "1 of 3", "21.1/s", "2.5%", "310ms", "17"):
            assert text in seen(app)
        await press(app, pilot, "enter")
        assert isinstance(app.screen, ServiceScreen)
        for text in ("1 of 3 healthy", "POST /checkout", "12.4%", "17 errors in the log (1h)", "shop-worker", "last 1h"):
            assert text in seen(app)
        await press(app, pilot, "w")
        assert "last 24h" in seen(app)
        await press(app, pilot, "enter")
        assert isinstance(app.screen, CheckDetailsScreen)
        await press(app, pilot, "escape", "slash", *"crit", "enter", "j", "enter")
        assert isinstance(app.screen, IncidentScreen)
        await press(app, pilot, "escape", "escape", "slash", *"worker", "enter", "j", "enter")
        assert isinstance(app.screen, WatchedDetailsScreen)
        await press(app, pilot, "escape", "escape", "escape")
        assert isinstance(app.screen, ServicesScreen)


async def test_enter_on_the_head_of_a_service_opens_its_page() -> None:
    """On the main screen a check that others depend on opens its service, any other its details."""
    async with running("watched") as (app, _, pilot):
        await press(app, pilot, "tab")
        app.main.services.select("db")
        await press(app, pilot, "enter")
        assert isinstance(app.screen, ServiceScreen) and "web" in seen(app)
        await press(app, pilot, "escape")
        app.main.services.select("login")
        await press(app, pilot, "enter")
        assert isinstance(app.screen, CheckDetailsScreen)


async def test_keys_act_on_the_selected_row_of_the_page() -> None:
    """`a` takes the alert of the selected check, `s` silences the check, `t` shows its latency."""
    async with running("watched", (140, 45)) as (app, _, pilot):
        await press(app, pilot, "S", "enter", "j")
        assert isinstance(app.screen, ServiceScreen) and app.screen.silence_labels() == [("check", "shop")]
        await press(app, pilot, "a")
        assert "Acknowledge CheckUnhealthy shop" in seen(app)
        await press(app, pilot, "escape", "t")
        assert 'probe_duration_seconds{check="shop"}' in seen(app)


async def test_a_service_that_a_reload_has_removed_is_said() -> None:
    """The page stays open and says so."""
    async with running("watched") as (app, backend, pilot):
        await press(app, pilot, "S", "enter")
        backend.push(boards.empty())
        await pilot.pause()
        assert "no longer on the board" in seen(app)


async def test_without_checks_the_list_says_how_services_are_made() -> None:
    """The lines to paste stand in place of rows."""
    async with running("empty") as (app, _, pilot):
        await press(app, pilot, "S")
        assert 'type = "group"' in seen(app)
