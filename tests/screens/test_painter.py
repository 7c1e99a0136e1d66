"""The painter writes what the compositor would: the terminal that got only the changes shows the same cells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyte
import pytest
from textual._compositor import CompositorUpdate
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from tests.screens.test_app_keys import running, settle
from tests.support import sample_boards as boards
from tests.support.board_backend import shifted
from tui_monitor.tui.app import MonitorApp
from tui_monitor.widgets.painter import changes

Cell = tuple[str, str, str, bool, bool]


class Terminal:
    """A terminal model that is fed with what the app writes; ``painted``: characters written past the compositor."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.screen = pyte.Screen(*size)
        self.stream = pyte.Stream(self.screen)

    def cells(self) -> list[list[Cell]]:
        return [
            [(one.data, one.fg, one.bg, one.bold, one.reverse) for one in (self.screen.buffer[y][x] for x in range(self.screen.columns))]
            for y in range(self.screen.lines)
        ]


def whole(app: MonitorApp, size: tuple[int, int]) -> list[list[Cell]]:
    """The cells of the app's screen, painted whole by the compositor, which shall still know what it has to paint itself."""
    terminal, compositor = Terminal(size), app.screen._compositor
    waiting = set(compositor._dirty_regions)
    update = compositor.render_update(full=True)
    assert isinstance(update, CompositorUpdate)
    terminal.stream.feed(update.render_segments(app.console).replace("\n", "\r\n"))
    compositor._dirty_regions.update(waiting)
    return terminal.cells()


def texts(cells: list[list[Cell]]) -> list[str]:
    return ["".join(one[0] for one in row) for row in cells]


@pytest.mark.parametrize(("kind", "size"), [("busy", (120, 40)), ("korean", (80, 24)), ("hostile", (45, 20))])
async def test_terminal_that_got_only_changes_shows_what_the_compositor_would_paint(
    monkeypatch: pytest.MonkeyPatch, kind: str, size: tuple[int, int]
) -> None:
    """Boards that move on, a moved cursor, another order, a toast over the rows, a screen opened and closed: never a wrong cell."""
    terminal = Terminal(size)
    monkeypatch.setattr(HeadlessDriver, "is_headless", property(lambda _: False))
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, text: terminal.stream.feed(text.replace("\n", "\r\n")))

    async def same(app: MonitorApp, pilot: Pilot[Any]) -> None:
        await settle(app, pilot)
        for _ in range(20):  # the compositor's own round comes with a timer
            if terminal.cells() == whole(app, size):
                return
            await pilot.pause(0.05)
        pairs = zip(texts(terminal.cells()), texts(whole(app, size)), strict=True)
        assert [pair for pair in pairs if pair[0] != pair[1]] == []
        assert terminal.cells() == whole(app, size)

    async with running(kind, size) as (app, backend, pilot):
        moment = boards.AT

        def move_on() -> None:
            nonlocal moment
            moment += 7_000
            backend.push(replace(shifted(backend.example, moment - boards.AT), sparks=boards.sparks(moment)))

        app.screen.refresh()
        await same(app, pilot)
        for key in ("down", "o", "tab", "down", "w", "question_mark", "escape"):
            move_on()
            await pilot.press(key)
            await same(app, pilot)
        app.notify("a toast lies over the rows")
        for _ in range(3):
            move_on()
            await same(app, pilot)


def test_only_cells_that_differ_are_written() -> None:
    """A clock that moves on by a second costs one character; a line with wide characters is written from the first other run on."""
    assert list(changes((("12:00:01 ", "dim"), ("db", "ok")), (("12:00:02 ", "dim"), ("db", "critical")))) == [
        (7, "2", "dim"), (9, "db", "critical"),
    ]  # fmt: skip
    assert list(changes((("3분 전", "dim"),), (("4분 전", "dim"),))) == [(0, "4분 전", "dim")]
    assert list(changes((("장애 ", "dim"), ("3m", "ok")), (("장애 ", "dim"), ("4m", "ok")))) == [(5, "4", "ok")]
