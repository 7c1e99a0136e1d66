"""Screens by role of a real leader: read by its viewers and after a reload; their values come from its series."""

from __future__ import annotations

from pathlib import Path

from tests.support.processes import eventually, running, until
from tui_monitor.board.screen_reader import ScreenReader
from tui_monitor.config.load import load
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.commands import Reload
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.runtime.runtime import Runtime

SCREEN = """
[[screens]]
name = "machine"
[[screens.panels]]
kind = "stat"
query = "memory_usage_ratio"
[[screens.panels]]
kind = "chart"
query = "memory_usage_ratio"
span = "1m"
[[screens.panels]]
kind = "resources"
"""


async def test_viewers_see_the_leaders_screens_and_what_a_reload_changes(tmp_path: Path) -> None:
    """A viewer needs no configuration: definitions come from the history, figures too; none is left when the section is gone."""
    config, state = tmp_path / "config.toml", tmp_path / "state"
    config.write_text(SCREEN)
    leader = Runtime(open_directory(state), lambda: load(config, {}), SystemClock(), "headless", "kim")
    async with running(leader.run(), leader.stop):
        await until(lambda: leader.leader is not None and not leader.board.loading)
        assert [screen.name for screen in await leader.screens()] == ["machine"]
        roles: list[str] = []
        viewer = Runtime(open_directory(state), lambda: load(None, {}), SystemClock(), "dashboard", "lee", on_role=roles.append)
        async with running(viewer.run(), viewer.stop):
            await until(lambda: bool(roles) and not viewer.board.loading)
            (screen,) = await eventually(viewer.screens)
            assert screen == (await leader.screens())[0]
            reader = ScreenReader(viewer, screen)

            async def answered() -> bool:
                await reader.refresh(viewer.board)
                stat, chart, machine = reader.values(viewer.board).panels
                assert not stat.error and not chart.error
                return bool(stat.rows and "%" in stat.rows[0].cells[1] and chart.lines and machine.rows[1].ratio)

            await eventually(answered)
            config.write_text("")
            assert (await leader.command(Reload())).ok
            await eventually(viewer.screens, lambda found: not found)
            assert not await leader.screens()
