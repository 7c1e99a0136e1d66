"""Applies stored commands as soon as they are stored: an answer takes some milliseconds, not up to the next tick."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

from tui_monitor.platform.wake_pipe import drain, open_wake_pipe
from tui_monitor.runtime.alert_engine import AlertEngine

log = logging.getLogger(__name__)


class StoredCommands:
    """Waits on the wake pipe of a state directory; the tick looks for commands too, so that nothing depends on the pipe."""

    def __init__(self, directory: Path, engine: AlertEngine) -> None:
        self._directory, self._engine = directory, engine
        self._stored = asyncio.Event()

    async def run(self) -> None:
        """Apply commands until cancelled."""
        fd = open_wake_pipe(self._directory)
        if fd is None:
            return
        loop = asyncio.get_running_loop()
        loop.add_reader(fd, self._wake, fd)
        try:
            while True:
                await self._stored.wait()
                self._stored.clear()
                await self._apply()
        finally:
            loop.remove_reader(fd)
            os.close(fd)

    def _wake(self, fd: int) -> None:
        drain(fd)
        self._stored.set()

    async def _apply(self) -> None:
        try:
            await self._engine.apply_stored_commands()
        except Exception:  # the boundary: the tick tries the same command again
            log.exception("internal error: stored commands")
