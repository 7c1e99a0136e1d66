"""All processes of this machine at one moment, from one cheap pass over /proc that all process checks share."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import NamedTuple

from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.core.frozen import frozen
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.system.procfs import integer, read_file, text_of

SHARED_FOR = 0.5
"""Seconds for which a pass serves other checks: it costs 18 µs a process, most of it in the kernel."""
HERTZ = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
_LONGEST = 2048
_MOST_TICKS = 1 << 40
"""No machine has run for 348 years: such a number is of a faked file."""
_GONE = frozenset("ZX")


class ProcessEntry(NamedTuple):
    """A line of /proc/PID/stat (source: proc(5)): ``started`` and ``ticks`` (CPU time) in clock ticks, ``started`` since the boot."""

    pid: int
    name: str
    state: str
    parent: int
    session: int
    ticks: int
    started: int
    pages: int

    @property
    def ended(self) -> bool:
        """A zombie: only its exit code is left."""
        return self.state in _GONE


@frozen
class ProcessSnapshot:
    """The processes by pid; ``at`` in monotonic seconds, ``boot_ms``: when this machine started by its present clock (UTC ms)."""

    at: float
    boot_ms: float
    processes: dict[int, ProcessEntry]

    def started_ms(self, entry: ProcessEntry) -> int:
        """When a process began (UTC ms)."""
        return round(self.boot_ms + entry.started * 1000 / HERTZ)


class ProcessScan:
    """Reads the processes; a thread that asks within half a second of another gets the same."""

    def __init__(self, proc: Path = Path("/proc"), clock: Clock | None = None) -> None:
        self.proc = str(proc)
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._newest: ProcessSnapshot | None = None

    def read(self) -> ProcessSnapshot:
        """The processes now. Raises OwnTrouble where /proc cannot be read, or hides the processes of others."""
        with self._lock:
            now = self._clock.monotonic()
            if self._newest is None or now - self._newest.at >= SHARED_FOR:
                self._newest = self._pass(now)
            return self._newest

    def is_hidden(self) -> bool:
        """Whether /proc is mounted with hidepid and this user may not look past it: the first process is nobody's secret otherwise."""
        try:
            return not read_file(f"{self.proc}/1/stat", _LONGEST)
        except OSError:
            return True

    def _pass(self, now: float) -> ProcessSnapshot:
        try:
            uptime = _uptime(read_file(f"{self.proc}/uptime"))
            names = os.listdir(self.proc)
        except (OSError, ValueError, IndexError) as error:
            raise OwnTrouble(f"the processes cannot be read from {self.proc} ({type(error).__name__}); this check needs Linux") from None
        entries = (self._entry(name) for name in names if name.isdecimal())
        return ProcessSnapshot(now, self._clock.wall_ms() - uptime * 1000, {entry.pid: entry for entry in entries if entry})

    def _entry(self, name: str) -> ProcessEntry | None:
        """None for a process that ended meanwhile. Its name may hold any byte, so fields count from the last parenthesis on."""
        try:
            line = read_file(f"{self.proc}/{name}/stat", _LONGEST)
            end = line.rindex(b")")
            fields = line[end + 2 :].split(None, 22)
            numbers = [integer(fields[place]) for place in (1, 3, 11, 12, 19, 21)]
        except (OSError, ValueError, IndexError):
            return None
        parent, session, user, system, started, pages = numbers
        if not 0 <= started < _MOST_TICKS:
            return None
        named = text_of(line[line.find(b"(") + 1 : end])
        return ProcessEntry(int(name), named, text_of(fields[0][:1]), parent, session, user + system, started, max(0, pages))


def _uptime(text: bytes) -> float:
    """Seconds since the boot. Raises ValueError."""
    seconds = float(text.split()[0])
    if not 0 <= seconds < _MOST_TICKS / HERTZ:
        raise ValueError("no time since a boot")
    return seconds


TABLE = ProcessScan()
"""The one that all checks share."""
