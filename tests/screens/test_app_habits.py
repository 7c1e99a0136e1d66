"""Habits of other programs that the dashboard keeps: help that its key closes, clicks on keys and heads."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.screens.test_app_keys import press, running, seen, settle
from tests.support import sample_boards as boards
from tui_monitor.platform.user_theme import UserTheme
from tui_monitor.tui.screens.help import HelpScreen
from tui_monitor.widgets.board_bars import FootBar
from tui_monitor.widgets.cell_line import text_of
from tui_monitor.widgets.key_clicks import hint_at
from tui_monitor.widgets.list_panes import HintBar
from tui_monitor.widgets.main_panes import ServicesPane


@pytest.mark.parametrize("key", ["question_mark", "q", "escape"])
async def test_help_closes_by_the_keys_that_people_try(key: str) -> None:
    """`?` again, `q` and Esc close the help; none of them ends the program."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        await press(app, pilot, key)
        assert app.screen is app.main and app.is_running


async def test_help_is_complete_on_a_phone() -> None:
    """At 40 columns the texts of keys wrap; none is cut."""
    async with running(size=(40, 200)) as (app, _, pilot):
        await press(app, pilot, "question_mark")
        text = " ".join(seen(app).split())
        assert "acknowledge the selected alert, else the first" in text and "⋯" not in text


async def test_a_click_on_a_key_presses_it() -> None:
    """Keys in the footers of the main screen and of others can be clicked; beside them nothing happens."""
    async with running() as (app, _, pilot):
        foot = app.screen.query_one(FootBar)
        place = text_of(foot._lines).index("? help")
        await pilot.click(FootBar, offset=(place, 0))
        await settle(app, pilot)
        assert isinstance(app.screen, HelpScreen)
        await pilot.click(HintBar, offset=(text_of(app.screen.query_one(HintBar)._lines).index("close"), 0))
        await settle(app, pilot)
        assert app.screen is app.main
        await pilot.click(FootBar, offset=(foot.size.width - 1, 0))
        await settle(app, pilot)
        assert app.screen is app.main


async def test_a_click_on_a_panes_head_changes_its_order() -> None:
    """As `o` does."""
    async with running() as (app, _, pilot):
        before = app.screen.query_one(ServicesPane).order
        await pilot.click(ServicesPane, offset=(12, 0))
        await settle(app, pilot)
        assert app.screen.query_one(ServicesPane).order != before


def test_the_hint_at_a_cell() -> None:
    """Key and label belong together; spaces between hints and what stands at the right belong to none."""
    line = ((" a", "accent"), (" ack ", "dim"), (" [ ]", "accent"), (" back in time   ", "dim"), ("own 1%", "faint"))
    assert [hint_at(line, x) for x in (1, 3, 5)] == ["a", "a", "a"] and hint_at(line, 8) == "[ ]" and hint_at(line, 14) == "[ ]"
    assert hint_at(line, 25) == "" and hint_at(line, 99) == ""


async def test_a_theme_is_seen_before_it_is_chosen(tmp_path: Path) -> None:
    """In the palette the selected theme is shown; Esc brings the one of before back, Enter keeps it for this user."""
    themes = UserTheme({"XDG_CONFIG_HOME": str(tmp_path)})
    async with running(themes=themes) as (app, _, pilot):
        before = app.theme
        for end, then in (("escape", before), ("enter", "tui-monitor-nord")):
            await pilot.press("ctrl+p")
            await pilot.press(*"nord")
            async with asyncio.timeout(60):
                while app.theme != "tui-monitor-nord":
                    await pilot.press("down")
                    await pilot.pause()
            await pilot.press(end)
            await pilot.pause()
            assert app.theme == then and app.screen is app.main
    assert themes.path.read_text() == "nord\n"
    async with running(themes=themes) as (app, backend, pilot):
        backend.push(replace(boards.busy(), theme="dracula"))
        await pilot.pause()
        assert app.theme == "tui-monitor-nord", "the user's choice goes before the configuration's"
        app.choose_theme("auto")
        assert app.theme == "tui-monitor-dracula" and not themes.path.exists(), "auto is the configuration's again"


def test_a_choice_that_cannot_be_kept(tmp_path: Path) -> None:
    """Nothing is chosen at first; a file in place of the directory is no failure of the program."""
    (tmp_path / "tui-monitor").write_text("")
    themes = UserTheme({"XDG_CONFIG_HOME": str(tmp_path)})
    assert themes.read() == "" and not themes.keep("nord") and not themes.keep("")
