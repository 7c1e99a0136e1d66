"""Reports for people who look at them: made by a child process, one at a time, and kept for half a minute."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tui_monitor.board.report import Report
from tui_monitor.core.clock import Clock
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.runtime.analysis_process import report_values

KEEP_S = 30.0
MOST_KEPT = 10
Key = tuple[str, str, bool]


class ReportReading:
    """The reports that were asked for lately; a second question for the same one waits for the first."""

    def __init__(self, directory: StateDirectory, config: Path | None, clock: Clock) -> None:
        self._directory = directory
        self._config = config
        self._clock = clock
        self._one = asyncio.Lock()
        self._kept: dict[Key, tuple[float, Report]] = {}

    async def report(self, name: str, day: str, public: bool) -> Report:
        """The report of a name or kind for a day. Raises CommandRefused with its reason."""
        key = (name, day, public)
        async with self._one:
            kept = self._kept.get(key)
            if kept is not None and 0 <= self._clock.monotonic() - kept[0] < KEEP_S:
                return kept[1]
            found = await report_values(self._directory, self._config, name, day, public)
            self._kept.pop(key, None)
            self._kept[key] = (self._clock.monotonic(), found)
            if len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return found
