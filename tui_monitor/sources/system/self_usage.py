"""The monitor's own CPU, memory, threads and descriptors, and whether it is close to its limits."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.system.procfs import integer, read_file

DESCRIPTORS_EVERY = 10.0
_SCARCE = 32
_SHORTEST = 0.05


@frozen
class OwnReading:
    """The monitor's own use: CPU as a ratio of one core (None at first), resident bytes, threads, open descriptors.

    ``open_files_limit`` is the soft limit (0: none); ``open_files`` is at most 10 s old and None where unknown.
    """

    cpu: float | None
    memory: int
    threads: int
    open_files: int | None
    open_files_limit: int

    @property
    def descriptors_scarce(self) -> bool:
        """Whether fewer than 32 descriptors are left (an eighth of a small limit), which can make checks fail."""
        if self.open_files is None or self.open_files_limit <= 0:
            return False
        return self.open_files_limit - self.open_files < min(_SCARCE, self.open_files_limit // 8)


class Own:
    """Reader of this process's usage, cheap enough for every second (30 µs)."""

    def __init__(self, proc: Path = Path("/proc"), cpu_time: Callable[[], float] = time.process_time) -> None:
        self._stat = f"{proc}/self/stat"
        self._descriptors = f"{proc}/self/fd"
        self._cpu_time = cpu_time
        self._last: tuple[float, float] | None = None
        self._open_files: int | None = None
        self._counted = float("-inf")

    def read(self, monotonic: float) -> OwnReading:
        """The current usage; the CPU ratio is since the last call."""
        cpu_time = self._cpu_time()
        before, since = self._last if self._last is not None else (monotonic, cpu_time)
        elapsed = monotonic - before
        ratio = max(0.0, cpu_time - since) / elapsed if elapsed > _SHORTEST else None
        if self._last is None or elapsed < 0.0 or ratio is not None:
            self._last = (monotonic, cpu_time)
        if not 0.0 <= monotonic - self._counted < DESCRIPTORS_EVERY:
            self._counted = monotonic
            self._open_files = _count_descriptors(self._descriptors)
        memory, threads = self._size()
        return OwnReading(ratio, memory, threads, self._open_files, _descriptor_limit())

    def _size(self) -> tuple[int, int]:
        try:
            fields = read_file(self._stat).rpartition(b")")[2].split(None, 22)
            return integer(fields[21]) * os.sysconf("SC_PAGE_SIZE"), integer(fields[17])
        except (OSError, ValueError, IndexError):
            return _portable_size()


def _portable_size() -> tuple[int, int]:
    import psutil

    try:
        process = psutil.Process()
        return int(process.memory_info().rss), int(process.num_threads())
    except psutil.Error:
        return 0, 0


def _count_descriptors(directory: str) -> int | None:
    """Number of descriptors: since Linux 6.2 the directory's size, before by listing it, on other systems by psutil."""
    try:
        return os.stat(directory).st_size or max(0, len(os.listdir(directory)) - 1)
    except OSError:
        if sys.platform == "linux":
            return None
    import psutil

    try:
        return int(psutil.Process().num_fds())
    except psutil.Error:
        return None


def _descriptor_limit() -> int:
    import resource

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 0 if soft == resource.RLIM_INFINITY else soft
