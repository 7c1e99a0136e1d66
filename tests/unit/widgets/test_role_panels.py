"""Panels of screens by role as lines: exact widths for every kind, also for hostile and wide texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from tests.support import sample_boards as boards
from tests.support.role_backend import RoleBackend
from tui_monitor.board.screen_reader import ScreenReader
from tui_monitor.board.screen_values import PanelRow, PanelValues, ScreenValues
from tui_monitor.board.screens import ScreenDefinition, ScreenPanel
from tui_monitor.board.values import ChartLine
from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.screen_phrases import ENGLISH, KOREAN, ScreenPhrases
from tui_monitor.widgets.big_digits import big_figure
from tui_monitor.widgets.cell_line import Line, RenderStyle, text_of
from tui_monitor.widgets.glyphs import ASCII, NARROW, UNICODE, Glyphs
from tui_monitor.widgets.role_grid import GridLines, places_of
from tui_monitor.widgets.role_panels import panel_lines
from tui_monitor.widgets.styles import RECIPES

TEXT = f"{boards.HOSTILE} 서울 배송 {'x' * 90}"


def cells(line: Line) -> int:
    return sum(f.cells(text) for text, _ in line)


def hostile(kind: str) -> PanelValues:
    """A panel whose every text is hostile, wide and long."""
    heads = {"checks": ("name", "latency", "reason"), "alerts": ("severity", "since", "summary")}.get(kind, ("name", "value", "of"))
    rows = tuple(
        PanelRow((TEXT, "12,345", TEXT), status, "k", ratio) for status, ratio in (("critical", 2.0), ("", None), ("healthy", 0.0))
    )
    line = ChartLine(TEXT, (boards.AT - 1000, boards.AT), (1.0, float("nan")))
    panel = ScreenPanel(kind, queries=("a", "b", "c"), text=TEXT, warning=1.0)
    return PanelValues(panel, TEXT, heads, rows[:1] if kind == "stat" else rows, (line,), boards.AT - 3_600_000, boards.AT, more=3)


@pytest.mark.parametrize("glyphs", [UNICODE, NARROW, ASCII], ids=["unicode", "narrow", "ascii"])
@pytest.mark.parametrize("kind", ["stat", "chart", "table", "bars", "pie", "checks", "alerts", "resources", "logs", "text"])
def test_lines_have_their_width_whatever_they_say(kind: str, glyphs: Glyphs) -> None:
    """No text leaves its panel, no control character is left, every style exists."""
    look = RenderStyle(glyphs, UTC)
    for width, height in ((1, 1), (6, 3), (14, 2), (38, 10), (118, 20)):
        for values in (hostile(kind), replace(hostile(kind), error=TEXT), replace(hostile(kind), rows=(), lines=()), PanelValues(
            ScreenPanel(kind), "", loading=True
        )):  # fmt: skip
            lines = panel_lines(values, width, height, look, KOREAN)
            assert len(lines) <= height and all(cells(line) == width for line in lines), (kind, width, height, text_of(lines))
            assert all(style in RECIPES and text.isprintable() for line in lines for text, style in line)


async def shown(example: str, screen: int) -> ScreenValues:
    backend = RoleBackend(example)
    reader = ScreenReader(backend, backend.role_screens[screen], zone=UTC)
    await reader.refresh(backend.board)
    return reader.values(backend.board)


@pytest.mark.parametrize(("width", "height"), [(40, 10), (79, 20), (120, 36), (200, 46)])
async def test_a_grid_fills_every_line_exactly(width: int, height: int) -> None:
    """Rows may end before the right edge; what is left is blank."""
    for example, screen in (("trading", 0), ("shop", 0), ("dispatch", 1)):
        values = await shown(example, screen)
        places = places_of(values.screen, width, height)
        lines = GridLines(RenderStyle(UNICODE, UTC)).lines(values, places, width, chosen=0, row=0)
        assert len(lines) >= height and all(cells(line) == width for line in lines)
        assert all(place.x + place.width <= width for place in places)


async def test_a_panel_is_drawn_again_only_when_it_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same values cost nothing; one other figure costs its panel."""
    drawn: list[str] = []

    def counted(values: PanelValues, width: int, height: int, look: RenderStyle, phrases: ScreenPhrases) -> list[Line]:
        drawn.append(values.title)
        return panel_lines(values, width, height, look, phrases)

    monkeypatch.setattr("tui_monitor.widgets.role_grid.panel_lines", counted)
    values, again = await shown("trading", 0), await shown("trading", 0)
    grid, places = GridLines(RenderStyle(UNICODE, UTC)), places_of(values.screen, 120, 36)
    grid.lines(values, places, 120)
    assert len(drawn) == len(values.panels)
    grid.lines(again, places, 120, chosen=1)
    assert len(drawn) == len(values.panels)
    grid.lines(replace(again, panels=(replace(again.panels[0], rows=()), *again.panels[1:])), places, 120)
    assert drawn[-1] == "BTC-USD" and len(drawn) == len(values.panels) + 1


def test_one_column_below_80_cells() -> None:
    """Each panel has the whole width, in the order of the configuration."""
    screen = ScreenDefinition("a", columns=4, panels=(ScreenPanel("stat", width=1, height=5), ScreenPanel("chart", width=3)))
    assert [(place.x, place.width) for place in places_of(screen, 79, 24)] == [(0, 79), (0, 79)]
    assert [(place.x, place.width) for place in places_of(screen, 80, 24)] == [(0, 20), (20, 60)]


def test_a_figure_is_drawn_large_where_blocks_can_be_drawn() -> None:
    """Too wide a number, and a terminal without blocks, have plain text."""
    found = big_figure("1.5ms", 20, UNICODE)
    assert found is not None and found[1] == "ms" and len(found[0]) == 3 and len({len(row) for row in found[0]}) == 1
    assert big_figure("123,456", 12, UNICODE) is None and big_figure("12", 20, ASCII) is None and big_figure("-", 20, UNICODE) is None


def test_both_languages_have_every_head_and_kind() -> None:
    """No key is missing in one of them."""
    for name in ("heads", "kinds", "empty"):
        assert getattr(ENGLISH, name).keys() == getattr(KOREAN, name).keys()
