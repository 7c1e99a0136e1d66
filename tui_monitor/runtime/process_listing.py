"""The processes of this machine for the screen that lists them: read by the process that shows them, at most each half second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tui_monitor.board.process_list import ListedProcess
from tui_monitor.core.clock import Clock
from tui_monitor.sources.system.all_processes import AllProcesses
from tui_monitor.sources.system.process_row import ProcessRow

KEPT_S = 0.5


def program_only(command: str) -> str:
    """A command line without its arguments, which may hold what ``[redact]`` hides."""
    return command.split(" ", 1)[0]


class ProcessListing:
    """Reads when it is asked, in a thread; a reading is kept for half a second."""

    def __init__(self, clock: Clock, reader: AllProcesses | None = None) -> None:
        self._clock = clock
        self._reader = reader or AllProcesses()
        self._newest: tuple[ListedProcess, ...] = ()
        self._at = float("-inf")
        self._reading = asyncio.Lock()

    async def read(self, shown: Callable[[str], str] | None) -> Sequence[ListedProcess]:
        """All processes; ``shown`` turns a command line into what may be shown of it."""
        async with self._reading:
            now = self._clock.monotonic()
            if not 0 <= now - self._at < KEPT_S:
                self._newest = await asyncio.to_thread(self._read, now, shown)
                self._at = now
        return self._newest

    def _read(self, now: float, shown: Callable[[str], str] | None) -> tuple[ListedProcess, ...]:
        return tuple(_listed(row, age, shown) for row, age in self._reader.read(now))


def _listed(row: ProcessRow, age: float | None, shown: Callable[[str], str] | None) -> ListedProcess:
    command = row.command if shown is None else shown(row.command)
    return ListedProcess(
        row.pid, row.name, command, row.user, row.cpu, row.memory, row.state, row.parent, row.threads, row.started, age
    )  # fmt: skip
