"""Command lines of a few processes, with a time limit for stuck ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from tui_monitor.sources.system.procfs import read_file, text_of

TIMEOUT = 0.25
_MOST_STUCK = 3
_LONGEST = 4096


def _read_raw(path: str) -> bytes:
    return read_file(path, _LONGEST)


class _Batch:
    """One pass over processes in its own thread; ``current`` is the pid being read."""

    def __init__(self, proc: str, pids: Sequence[int], read: Callable[[str], bytes]) -> None:
        self.current = 0
        self.found: dict[int, str] = {}
        self.done = threading.Event()
        threading.Thread(target=self._run, args=(proc, pids, read), name="commands", daemon=True).start()

    def _run(self, proc: str, pids: Sequence[int], read: Callable[[str], bytes]) -> None:
        try:
            for pid in pids:
                self.current = pid
                try:
                    raw = read(f"{proc}/{pid}/cmdline")
                except (FileNotFoundError, ProcessLookupError):
                    continue
                except OSError:
                    raw = b""
                self.found[pid] = text_of(raw.rstrip(b"\0").replace(b"\0", b" "))
        finally:
            self.done.set()


class Commands:
    """Reader of /proc/PID/cmdline, which waits on the process' memory lock: a process stuck in a page fault (dead NFS) blocks it.

    So a batch runs in a daemon thread with a wait of 0.25 s; a process that blocks a batch is not read again until that
    batch has returned, and after three blocked batches no process is.
    """

    def __init__(self, proc: str = "/proc", read: Callable[[str], bytes] = _read_raw, timeout: float = TIMEOUT) -> None:
        self._proc = proc
        self._read = read
        self._timeout = timeout
        self._stuck: list[_Batch] = []

    @property
    def is_stuck(self) -> bool:
        """Whether a batch has not returned: what it has not read is only not known yet."""
        return bool(self._stuck)

    def read(self, pids: Sequence[int]) -> dict[int, str]:
        """The command line by pid: arguments with spaces between, at most 4 KiB; "" where missing or
        unreadable. Ended processes are left out."""
        self._stuck = [batch for batch in self._stuck if not batch.done.is_set()]
        hung = {batch.current for batch in self._stuck}
        if len(self._stuck) >= _MOST_STUCK:
            return dict.fromkeys(pids, "")
        try:
            batch = _Batch(self._proc, [pid for pid in pids if pid not in hung], self._read)
        except RuntimeError:  # no thread could be started
            return dict.fromkeys(pids, "")
        if batch.done.wait(self._timeout):
            return {**batch.found, **{pid: "" for pid in pids if pid in hung}}
        self._stuck.append(batch)
        return {pid: batch.found.get(pid, "") for pid in pids}
