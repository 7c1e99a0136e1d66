"""What a group of processes uses together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from tui_monitor.core.values import Sample, labels_of
from tui_monitor.sources.process.table import HERTZ, PAGE, ProcessEntry, ProcessSnapshot
from tui_monitor.sources.system.process_row import LONGEST_GAP, SHORTEST_GAP

MOST_COUNTED = 1_000
"""Processes whose open files are counted; each costs 5 µs, and 0.2 ms for 1,000 files on kernels before 6.2."""
_COUNT, _CPU, _MEMORY = labels_of("process_count"), labels_of("process_cpu_ratio"), labels_of("process_memory_bytes")
_FILES, _START = labels_of("process_open_files"), labels_of("process_start_time_seconds")


class GroupUsage:
    """Measures groups of processes, CPU since the look before. ``proc``: where /proc is; ``longest``: seconds between two looks."""

    def __init__(self, proc: str = "/proc", longest: float = LONGEST_GAP) -> None:
        self._proc = proc
        self._longest = max(LONGEST_GAP, longest)
        self._ticks: dict[tuple[int, int], int] = {}
        self._at: float | None = None

    def samples(self, entries: Sequence[ProcessEntry], snapshot: ProcessSnapshot) -> Iterable[Sample]:
        """The series of the group. No process is a count of 0, not silence; what cannot be read whole is left out."""
        yield Sample(_COUNT, float(len(entries)))
        yield Sample(_MEMORY, float(sum(entry.pages for entry in entries) * PAGE))
        cpu = self._cpu(entries, snapshot.at)
        if cpu is not None:
            yield Sample(_CPU, cpu)
        files = self._open_files(entries)
        if files is not None:
            yield Sample(_FILES, float(files))
        if entries:
            yield Sample(_START, min(snapshot.started_ms(entry) for entry in entries) / 1000)

    def _cpu(self, entries: Sequence[ProcessEntry], at: float) -> float | None:
        """The share of one core; a process that began meanwhile counts whole. None at the first look."""
        before, since, self._at = self._ticks, self._at, at
        self._ticks = {(entry.pid, entry.started): entry.ticks for entry in entries}
        if since is None or not SHORTEST_GAP <= at - since <= self._longest:
            return None
        used = sum(max(0, ticks - before.get(process, 0)) for process, ticks in self._ticks.items())
        return used / HERTZ / (at - since)

    def _open_files(self, entries: Sequence[ProcessEntry]) -> int | None:
        """None where this user may not count those of one of them: half of a sum would be a wrong number."""
        if len(entries) > MOST_COUNTED:
            return None
        total = 0
        for entry in entries:
            directory = f"{self._proc}/{entry.pid}/fd"
            try:
                total += os.stat(directory).st_size or len(os.listdir(directory))  # since Linux 6.2 the size is their number
            except FileNotFoundError:
                continue
            except OSError:
                return None
        return total
