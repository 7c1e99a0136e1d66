"""The screens of containers and of units of systemd, on a fake backend."""

from __future__ import annotations

from dataclasses import replace

from tests.screens.test_app_keys import press, running, seen
from tests.support import sample_boards as boards
from tui_monitor.board.backend import QUERY_S
from tui_monitor.board.listings import LogLine
from tui_monitor.board.privacy import Privacy
from tui_monitor.core.values import labels_of
from tui_monitor.promql.values import Value
from tui_monitor.tui.screens.chart import ChartScreen
from tui_monitor.tui.screens.watched_details import WatchedDetailsScreen
from tui_monitor.tui.screens.watched_lists import ContainersScreen, UnitsScreen


async def test_containers_are_listed_sorted_and_filtered() -> None:
    """The ill one first with its reason; memory beside its limit; `o` sorts, `/` finds by image."""
    async with running("watched", (160, 30)) as (app, _, pilot):
        await press(app, pilot, "C")
        screen = app.screen
        assert isinstance(screen, ContainersScreen) and "4 in all, 1 not well, by status" in seen(app)
        assert screen.table.rows[0].state.name == "shop-worker"
        for text in ("restarting again and again", "212M of 512M", "postgres:17", "healthy"):
            assert text in seen(app)
        await press(app, pilot, *"oooooo")
        assert "by cpu %" in seen(app) and screen.table.rows[0].state.name == "shop-web-1"
        assert screen.table.rows[-1].state.cpu is None, "what is not known stands last"
        await press(app, pilot, "slash", *"hog", "enter")
        assert [one.state.name for one in screen.table.rows] == ["mailhog"]


async def test_the_page_of_a_container_has_its_history_and_what_to_type() -> None:
    """State, reason, charts of the last hour, commands to look further, log lines of a service of its name."""
    async with running("watched", (120, 60)) as (app, backend, pilot):
        backend.lines = [LogLine(boards.AT - 1000, "", "shop-worker", "error", "cannot reach the queue", {})]
        await press(app, pilot, "C", "enter")
        assert isinstance(app.screen, WatchedDetailsScreen)
        for text in ("shop/worker:41", "docker logs --tail 100 shop-worker", "CPU, share of one core", "Memory", "cannot reach the queue"):
            assert text in seen(app)
        assert backend.log_queries[-1].service == "shop-worker"
        await press(app, pilot, "t")
        assert isinstance(app.screen, ChartScreen) and "container_memory_usage_bytes" in seen(app)


async def test_units_have_restarts_and_the_last_run_of_timers() -> None:
    """A timer says when it ran; the page names systemctl and journalctl, and nothing is started or stopped."""
    async with running("watched", (140, 50)) as (app, _, pilot):
        await press(app, pilot, "D")
        assert isinstance(app.screen, UnitsScreen) and "auto-restart" in seen(app) and "5h 00m" in seen(app)
        await press(app, pilot, "slash", *"timer", "enter", "enter")
        assert "journalctl -u backup.timer" in seen(app) and "last run" in seen(app)


async def test_log_lines_come_from_the_check_that_reads_the_unit() -> None:
    """A log check of the unit's journal is asked before a service of its name."""
    async with running("watched") as (app, backend, pilot):
        log = boards.check("journal", "log", target="journal of nginx.service")
        backend.push(replace(boards.watched(), checks=(*boards.watched().checks, log)))
        await press(app, pilot, "D", "slash", *"nginx", "enter", "enter")
        assert backend.log_queries[-1].check == "journal"


async def test_the_past_is_made_of_the_stored_series() -> None:
    """A step back asks the series at that moment: state, health, restarts, memory; image and reason are not stored."""
    async with running("watched", (160, 30)) as (app, backend, pilot):

        async def query(expr: str, at: int, within: float = QUERY_S, privacy: Privacy | None = None) -> Value:
            own = {"container": "web", "check": "containers"}
            values = {"container_restarts_total": 3.0, "container_health": 2.0, "container_memory_usage_bytes": float(64 << 20)}
            if expr == "container_state == 1":
                return [(labels_of("", **own, state="running"), 1.0)]
            return [(labels_of(expr, **own), values[expr])] if expr in values else []

        backend.query = query  # type: ignore[method-assign]
        await press(app, pilot, "C", "left_square_bracket")
        assert isinstance(app.screen, ContainersScreen)
        (web,) = (one.state for one in app.screen.table.rows)
        assert (web.name, web.state, web.health, web.restarts, web.memory, web.image) == ("web", "running", "unhealthy", 3, 64 << 20, "")
        assert "is not stored" in seen(app)
        await press(app, pilot, "right_square_bracket")
        assert len(app.screen.table.rows) == 4


async def test_without_such_checks_the_screen_says_what_to_configure() -> None:
    """The lines to paste stand in place of rows."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "C")
        assert 'type = "docker"' in seen(app)
        await press(app, pilot, "D")
        assert 'type = "systemd"' in seen(app)
