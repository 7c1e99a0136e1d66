"""Stored commands are applied when they are stored."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

from tests.support.processes import until
from tui_monitor.platform.wake_pipe import NAME, wake_leader
from tui_monitor.runtime.alert_engine import AlertEngine
from tui_monitor.runtime.stored_commands import StoredCommands


class Engine:
    """Counts the times it is asked; the first one fails."""

    def __init__(self) -> None:
        self.asked = 0

    async def apply_stored_commands(self) -> None:
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError("a bug")


async def test_a_stored_command_is_applied_without_a_tick(tmp_path: Path) -> None:
    """Each wake leads to a look at the commands; an error costs that one only, and the end leaves the pipe without a reader."""
    engine = Engine()
    task = asyncio.create_task(StoredCommands(tmp_path, cast("AlertEngine", engine)).run())
    await until(lambda: (tmp_path / NAME).exists())
    for number in (1, 2, 3):
        wake_leader(tmp_path)
        await until(lambda number=number: engine.asked == number)  # type: ignore[misc]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_where_there_can_be_no_pipe_the_tick_does_it(tmp_path: Path) -> None:
    """No pipe, no wait: the part ends."""
    await StoredCommands(tmp_path / "missing", cast("AlertEngine", Engine())).run()
