"""The last lines of checks' log files, read when a check fails: evidence for its alert."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path

from tui_monitor.platform.log_tail import last_lines

READ_WITHIN = 2.0


class LogTails:
    """``lines``: the newest lines by check."""

    def __init__(self) -> None:
        self.lines: dict[str, tuple[str, ...]] = {}
        self._under_way: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    async def read(self, check: str, path: str) -> None:
        """Read a log file in a daemon thread of its own, so that a hanging mount blocks neither other files nor the exit."""
        reading = self._under_way.get(path)
        if reading is None or reading.done():
            reading = self._under_way[path] = asyncio.get_running_loop().create_future()
            threading.Thread(target=_read_lines, args=(path, reading), name="log", daemon=True).start()
        try:
            async with asyncio.timeout(READ_WITHIN):
                self.lines[check] = await asyncio.shield(reading)
        except TimeoutError:
            self.lines[check] = (f"{path} cannot be read: it does not answer",)


def _read_lines(path: str, answer: asyncio.Future[tuple[str, ...]]) -> None:
    try:
        lines = last_lines(Path(path))
    except OSError as error:
        lines = (f"{path} cannot be read: {error.strerror}",)
    with contextlib.suppress(RuntimeError):  # the event loop has closed meanwhile
        answer.get_loop().call_soon_threadsafe(answer.set_result, lines)
