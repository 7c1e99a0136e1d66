"""Pictures of the dashboard in its states and sizes; a look at tests/__snapshots__ is a look at the product."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.screens.test_app_keys import ENVIRON, make, settle, settle_light
from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tests.support.processes import until
from tests.support.role_backend import RoleBackend
from tui_monitor.board.values import Board, LeaderView

Compare = Callable[..., bool]


@pytest.fixture
def picture(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Compare with the stored picture. A widget that raises leaves a blank picture that would pass for ever, so that is looked for."""
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    assert "NO_COLOR" not in os.environ

    def compare(
        kind: str, size: tuple[int, int], expected: str, *keys: str, board: Board | None = None, role: str = "", **more: Any
    ) -> None:
        backend = RoleBackend(kind) if role else FakeBackend(kind)
        app = make(backend, screen=role, **more)
        seen: list[str] = []

        async def before(pilot: Pilot[Any]) -> None:
            await pilot.pause()
            await settle_light(app, pilot)
            if role:
                await until(lambda: backend.listeners)
                backend.push(backend.board)
                await until(lambda: app._first_screen is None)
                await settle(app, pilot)
            elif board is not None:
                backend.push(board)
                await settle_light(app, pilot)
            for key in keys:
                await pilot.press(key)
                await settle_light(app, pilot)
            assert app._exception is None
            seen.append(app.export_screenshot().replace("&#160;", " "))

        run: Callable[[Pilot[Any]], Awaitable[None]] = before
        assert snap_compare(app, terminal_size=size, run_before=run)
        assert app._exception is None
        assert expected in seen[0]

    return compare


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50), (40, 12)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("kind", ["busy", "empty", "storm"])
def test_sizes(picture: Callable[..., None], kind: str, size: tuple[int, int]) -> None:
    """The main screen at each size, with much and with nothing to show."""
    picture(kind, size, "Incidents")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("loading", "loading"),
        ("quiet", "all well"),
        ("storm", "billing cart checkout"),
        ("broken", "NO LEADER"),
        ("hostile", "[bold]"),
        ("korean", "서울"),
    ],
)
def test_states(picture: Callable[..., None], kind: str, expected: str) -> None:
    """Each state is designed: loading, all well, own trouble, hostile input, wide characters."""
    picture(kind, (120, 40), expected)


@pytest.mark.parametrize("keys", [(), ("enter",)], ids=["main", "incident"])
@pytest.mark.parametrize(
    "look",
    [{"colors": "16"}, {"colors": "256"}, {"environ": {**ENVIRON, "NO_COLOR": "1"}}, {"theme": "day"}],
    ids=["16", "256", "none", "day"],
)
def test_colours(picture: Callable[..., None], look: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Main screen and incident in 16 and 256 colours, without colours, in the light theme; the other pictures are in true colour."""
    board = replace(boards.storm(), theme=look.get("theme", ""))
    picture("storm", (120, 40), "db down", *keys, board=board, **{name: value for name, value in look.items() if name != "theme"})


def test_viewer_read_only(picture: Callable[..., None]) -> None:
    """A viewer that may only look says so."""
    board = replace(
        boards.busy(), leader=LeaderView("viewer", 812, "headless", boards.AT, boards.AT), read_only="you are not in group tui-monitor"
    )
    picture("busy", (120, 40), "READ-ONLY", board=board)


@pytest.mark.parametrize(
    ("name", "keys", "expected"),
    [
        ("paused", ("p",), "PAUSED"),
        ("past", ("left_square_bracket",), "PAST"),
        ("note", ("a",), "Acknowledge CheckUnhealthy shop"),
        ("alert", ("enter",), "who knows"),
        ("check", ("tab", "enter"), "Phases"),
        ("trend", ("t",), "[1h]"),
        ("explore", ("e", "r", "a", "t", "e", "left_parenthesis", "x", "enter"), "unclosed"),
        ("history", ("2",), "Alerts and history"),
        ("notifications", ("3",), "again in"),
        ("processes", ("4",), "postgres --serve"),
        ("silences", ("5",), "their maintenance"),
        ("screens", ("0",), "who acknowledged"),
        ("help", ("question_mark",), "never quits"),
        ("filter", ("slash", "d", "i", "s", "k", "enter"), "filter: disk"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isalpha() else "",
)
def test_screens(picture: Callable[..., None], name: str, keys: tuple[str, ...], expected: str) -> None:
    """Each other screen and mode."""
    picture("busy", (120, 40), expected, *keys)


@pytest.mark.parametrize(("example", "screen", "size"), [("trading", "trading", (120, 40)), ("dispatch", "business", (80, 24))])
def test_role_screens(picture: Callable[..., None], example: str, screen: str, size: tuple[int, int]) -> None:
    """Screens by role: figures, charts, checks, a table; two in a row and what is below."""
    picture(example, size, "▀", role=screen)
