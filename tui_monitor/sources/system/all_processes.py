"""All processes of this machine, read only when somebody asks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from tui_monitor.sources.system.process_row import ProcessRow
from tui_monitor.sources.system.processes import ProcessReader, ProcReader
from tui_monitor.sources.system.procfs import read_file

MOST = 5_000
"""Processes that are listed: the busiest and the largest."""


class AllProcesses:
    """Reader of every process. Blocks (20 µs and a command line each), so call it in a worker thread."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        if sys.platform == "linux" or (proc / "stat").exists():
            self._reader: ProcessReader = ProcReader(MOST, proc)
            self._now: Callable[[], float | None] = lambda: _uptime(proc)
        else:
            from tui_monitor.sources.system.psutil_processes import PsutilReader

            self._reader = PsutilReader(MOST)
            self._now = time.time

    def read(self, monotonic: float) -> tuple[tuple[ProcessRow, float | None], ...]:
        """Each process and its age in seconds; the first reading knows no CPU."""
        rows, now = self._reader.read(monotonic), self._now()
        return tuple((row, None if now is None else max(0.0, now - row.started / 1000)) for row in rows)


def _uptime(proc: Path) -> float | None:
    try:
        return float(read_file(f"{proc}/uptime").split()[0])
    except (OSError, ValueError, IndexError):
        return None
