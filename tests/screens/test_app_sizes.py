"""The dashboard at every size of terminal."""

from __future__ import annotations

import pytest

from tests.screens.test_app_keys import press, running, seen, settle_light

SIZES = [(1, 1), (500, 200), (2, 40), (40, 12), (39, 11), (80, 24), (3, 200), (200, 50), (500, 1), (12, 3), (120, 40), (79, 23), (176, 31)]


@pytest.mark.parametrize(
    "keys", [(), ("enter",), ("t",), ("e",), ("a",), ("2",), ("left_square_bracket",)], ids=lambda keys: keys[0] if keys else "main"
)
async def test_survives_every_size(keys: tuple[str, ...]) -> None:
    """From 1x1 to 500x200 and back, on every screen, with boards coming: no crash, and the main screen is whole again."""
    async with running() as (app, backend, pilot):
        for key in keys:
            await pilot.press(key)
            await settle_light(app, pilot)
        for width, height in [*SIZES, (120, 40)]:
            await pilot.resize_terminal(width, height)
            backend.push(backend.board)
            await pilot.pause()
            assert app._exception is None
        while app.screen is not app.main:
            await pilot.press("escape")
        await settle_light(app, pilot)
        for title in ("Incidents", "Services", "Machine", "Processes"):
            assert title in seen(app)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((80, 24), "head alerts services resources foot"),
        ((120, 40), "head alerts services chosen resources processes foot"),
        ((200, 50), "head alerts services chosen resources processes foot"),
        ((79, 40), "head alerts foot"),
        ((120, 20), "head alerts foot"),
        ((40, 12), "head alerts foot"),
        ((39, 12), "summary"),
        ((40, 11), "summary"),
    ],
)
async def test_what_is_shown_at_which_size(size: tuple[int, int], shown: str) -> None:
    """Smaller than 80x24 only the alerts are left, smaller than 40x12 one line."""
    async with running(size=size) as (app, _, _):
        parts = [app.main.head, *app.main.panes, app.main.foot, app.main.summary]
        assert [part.id for part in parts if part.size.width and part.size.height] == shown.split()


async def test_the_advice_of_empty_panes_is_whole_at_80_columns() -> None:
    """Who has no check yet reads all the lines that one needs."""
    async with running("empty", size=(80, 24)) as (app, _, _):
        assert 'url = "https://api.example.com/health"' in seen(app)


async def test_on_a_small_screen_the_panes_take_turns() -> None:
    """Tab shows one pane after the other in the place of the alerts, Esc brings the alerts back, more room brings all."""
    async with running(size=(60, 20)) as (app, _, pilot):

        def shown() -> str:
            return " ".join(str(pane.id) for pane in app.main.panes if pane.size.height and pane.size.width)

        for expected in ("services", "chosen", "resources", "processes", "alerts", "services"):
            await press(app, pilot, "tab")
            assert shown() == expected == app.main.pane.id
        await pilot.resize_terminal(120, 40)
        await settle_light(app, pilot)
        assert shown() == "alerts services chosen resources processes"
        await pilot.resize_terminal(30, 8)
        await pilot.resize_terminal(60, 20)
        await settle_light(app, pilot)
        app.main.show(app.main.board, app.main.view)
        await settle_light(app, pilot)
        assert shown() == "services" and app.focused is app.main.services
        await press(app, pilot, "escape")
        assert shown() == "alerts" == app.main.pane.id
