"""The page of an incident and the service map, with their keys, on a fake backend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.screens.test_app_keys import ENVIRON, press, running, seen, settle, told
from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tui_monitor.board.backend import CommandRefused
from tui_monitor.core.commands import Acknowledge
from tui_monitor.tui.dashboard import has_desktop
from tui_monitor.tui.screens.check_details import CheckDetailsScreen
from tui_monitor.tui.screens.incident import IncidentScreen
from tui_monitor.tui.screens.service_map import ServiceMapScreen


async def test_an_incident_is_read_whole() -> None:
    """Chart with the check's day, whom it hits, the last time; the window of the chart changes with w."""
    async with running(kind="storm") as (app, _, pilot):
        await press(app, pilot, "enter")
        await settle(app, pilot)
        shown = seen(app)
        assert isinstance(app.screen, IncidentScreen) and "5m [1h] 24h 7d" in shown
        assert all(part in shown for part in ("db down", "24h ", "3 muted by this", "1 of 2", "ops-mail", "last time"))
        await press(app, pilot, "w")
        await settle(app, pilot)
        assert "5m 1h [24h] 7d" in seen(app)


async def test_after_an_acknowledgement_the_next_open_incident_is_shown() -> None:
    """`a` on the page sends the note and turns to what nobody has taken yet."""
    async with running(kind="storm") as (app, backend, pilot):
        await press(app, pilot, "enter", "a", *"mine", "enter")
        await settle(app, pilot)
        assert backend.commands == [Acknowledge(("a00001",), note="mine")]
        assert isinstance(app.screen, IncidentScreen) and "sessions RedisMemory" in seen(app)


async def test_one_incident_leads_to_the_others_to_its_check_and_to_the_map() -> None:
    """`J` and `K` turn to the next and the previous one, `c` and Enter open the check, `d` the map with it selected; Esc comes back."""
    async with running(kind="storm") as (app, _, pilot):
        await press(app, pilot, "enter", "J")
        await settle(app, pilot)
        assert "sessions RedisMemory" in seen(app)
        await press(app, pilot, "K")
        await settle(app, pilot)
        assert "db down" in seen(app)
        for key, opened in (("c", CheckDetailsScreen), ("enter", CheckDetailsScreen), ("d", ServiceMapScreen)):
            await press(app, pilot, key)
            await settle(app, pilot)
            assert isinstance(app.screen, opened)
            if isinstance(app.screen, ServiceMapScreen):
                assert app.screen.rows.selection == "db" and "root cause of billing, cart, checkout" in seen(app)
                assert "p95" in seen(app) and "cert" not in seen(app), "no check here has a certificate"
            await press(app, pilot, "escape")
        assert isinstance(app.screen, IncidentScreen)


async def test_an_incident_that_is_over_opens_too() -> None:
    """From the list of past alerts; it says how long it was."""
    async with running() as (app, backend, pilot):
        ended = replace(boards.alerts()[0], id="old", state="resolved", ends_at=boards.AT - 60_000)

        async def detail(alert_id: str) -> object:
            return replace(await FakeBackend.alert_detail(backend, boards.alerts()[0].id), alert=ended)

        backend.alert_detail = detail  # type: ignore[assignment,method-assign]
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert "shop was down 3m 12s" in seen(app) and "nobody acked it" in seen(app)


async def test_commands_and_runbooks_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """`y` copies one command after the other by OSC 52; `O` copies the address where there is no desktop."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    async with running(kind="storm") as (app, _, pilot):
        await press(app, pilot, "enter", "y")
        assert app.clipboard == "systemctl status postgresql" and "Copied" in told(app)[-1]
        await press(app, pilot, "y")
        assert app.clipboard == "ss -ltn 'sport = :5432'"
        await press(app, pilot, "O")
        assert app.clipboard == "https://wiki.example.com/db"


@pytest.mark.parametrize(
    ("environ", "there"),
    [({}, False), ({"DISPLAY": ":0"}, True), ({"DISPLAY": ":10", "SSH_CONNECTION": "a 1 b 22"}, False), ({"WAYLAND_DISPLAY": "w"}, True)],
)
def test_a_browser_is_started_only_where_it_is_seen(environ: dict[str, str], there: bool) -> None:
    """Not on the server at the other end of SSH."""
    assert has_desktop(environ) == there


async def test_a_page_whose_history_cannot_be_read_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused is left out; the rest stands."""

    async def refused(backend: FakeBackend, *given: object) -> object:
        raise CommandRefused("the history cannot be read")

    for name in ("chart", "strips", "log_lines", "board_at"):
        monkeypatch.setattr(FakeBackend, name, refused)
    async with running(kind="storm") as (app, _, pilot):
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert "db down" in seen(app) and "last time" in seen(app) and app._exception is None


async def test_the_map_begins_with_the_root_cause_and_suggests_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees first, then checks without dependencies; a check that keeps failing just after another is named with the line to add."""

    async def history(backend: FakeBackend, limit: int) -> object:
        begun = [boards.AT - n * boards.HOUR for n in range(1, 6)]
        one = boards.storm().alerts[0]
        return [
            replace(one, labels={**one.labels, "check": name}, state="resolved", starts_at=at + late, ends_at=at + 60_000)
            for at in begun
            for name, late in (("cache", 0), ("search", 4000), ("billing", 4000), ("db", 0))
        ]

    monkeypatch.setattr(FakeBackend, "alert_history", history)
    async with running(kind="storm") as (app, _, pilot):
        await press(app, pilot, "d")
        await settle(app, pilot)
        rows = seen(app).split("\n")
        assert [row.split()[1] for row in rows[3:4]] == ["db"] and "p95" in rows[2] and "without dependencies: 20" in seen(app)
        assert 'depends_on = ["cache"]' in seen(app) and "search → cache  failed within 10s of it 5 of 5 times" in seen(app)
        assert 'depends_on = ["db"]' not in [row for row in rows if row.split()[:1] == ["billing"]]


async def test_the_page_and_the_form_are_in_korean_too() -> None:
    """With a Korean locale: verdict, who knows, the day, the last time, the effect of a silence, durations; names stay as they are."""
    async with running(kind="storm", size=(200, 50), environ={**ENVIRON, "LANG": "ko_KR.UTF-8"}) as (app, _, pilot):
        await press(app, pilot, "enter")
        await settle(app, pilot)
        shown = seen(app)
        for part in (
            "db 장애 3분 12초",
            "아무도 확인하지 않음",
            "14:10:08부터",
            "연속 실패 19회",
            "이 장애로 3건 중지",
            "지난번",
            "당시 부하",
        ):
            assert part in shown, part
        await press(app, pilot, "s")
        await settle(app, pilot)
        assert "지금 1건 중지, 지난주 1건: db" in seen(app) and "복구까지" in seen(app)
