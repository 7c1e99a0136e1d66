"""Space of file systems by statvfs in threads: a hanging mount affects one row and one thread, not the reading."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence

from tui_monitor.sources.system.readings import Mount, MountReading

Statvfs = Callable[[bytes], os.statvfs_result]

REFRESH = 5.0
TIMEOUT = 2.0
GRACE = 0.02
NOT_ANSWERING = "not answering"
MEASURING = "measuring"


class _Call:
    """One running statvfs in its own thread; ``outcome`` is valid once ``done`` is set."""

    __slots__ = ("done", "outcome", "started")

    def __init__(self, path: bytes, statvfs: Statvfs, started: float) -> None:
        self.started = started
        self.done = threading.Event()
        self.outcome: os.statvfs_result | str = ""
        threading.Thread(target=self._run, args=(path, statvfs), name="statvfs", daemon=True).start()

    def _run(self, path: bytes, statvfs: Statvfs) -> None:
        try:
            self.outcome = statvfs(path)
        except (OSError, ValueError) as error:
            self.outcome = (error.strerror if isinstance(error, OSError) else None) or str(error)
        finally:
            self.done.set()


class Space:
    """The space of each mount, at most ``refresh`` seconds old.

        Each call runs in a daemon thread; a reading waits at most 20 ms for all its calls, and a call without an answer
    within ``timeout`` seconds sets the row's error "not answering". A mount never has two calls at once: it is called
    again only after the stuck call has returned.
    """

    def __init__(self, statvfs: Statvfs = os.statvfs, grace: float = GRACE) -> None:
        self._statvfs = statvfs
        self._grace = grace
        self._calls: dict[bytes, _Call] = {}
        self._rows: dict[bytes, MountReading] = {}
        self._asked = float("-inf")

    def due(self, monotonic: float) -> bool:
        """Whether the refresh time has passed."""
        return not 0.0 <= monotonic - self._asked < REFRESH

    def ask(self, mounts: Sequence[Mount], monotonic: float) -> None:
        """Start a call for each mount without a running one, and wait briefly: healthy mounts answer at once."""
        self._asked = monotonic
        begun = []
        for mount in mounts:
            if mount.path not in self._calls:
                try:
                    call = _Call(mount.path, self._statvfs, monotonic)
                except RuntimeError:  # no thread could be started; the row keeps its last values
                    continue
                self._calls[mount.path] = call
                begun.append(call)
        deadline = time.monotonic() + self._grace
        for call in begun:
            if not call.done.wait(max(0.0, deadline - time.monotonic())):
                break

    def rows(self, mounts: Sequence[Mount], monotonic: float) -> tuple[MountReading, ...]:
        """A row per mount from the answers so far; mounts without blocks are left out."""
        by_path = {mount.path: mount for mount in mounts}
        for path, call in list(self._calls.items()):
            mount = by_path.get(path)
            if call.done.is_set():
                del self._calls[path]
                if mount is not None:
                    self._rows[path] = space_of(mount, call.outcome)
            elif mount is not None and monotonic - call.started >= TIMEOUT:
                self._rows[path] = MountReading(mount.name, mount.device, mount.fstype, error=NOT_ANSWERING)
        self._rows = {path: row for path, row in self._rows.items() if path in by_path}
        waiting = (self._rows.get(m.path) or MountReading(m.name, m.device, m.fstype, error=MEASURING) for m in mounts)
        return tuple(row for row in waiting if row.total > 0 or row.error)


def space_of(mount: Mount, answer: os.statvfs_result | str) -> MountReading:
    """The row of one answer (a text is an error), computed as in df: usage = used / (used + free for ordinary users).

    f_bavail is below 0 where root has used the reserve: nothing is free then (CephFS over quota, ZFS, NFS of FreeBSD).
    """
    if isinstance(answer, str):
        return MountReading(mount.name, mount.device, mount.fstype, error=answer or "unknown error")
    unit = answer.f_frsize or answer.f_bsize
    known = 0 <= answer.f_bfree <= answer.f_blocks
    used = (answer.f_blocks - answer.f_bfree) * unit if known else 0
    free = max(0, min(answer.f_bavail, answer.f_bfree)) * unit
    return MountReading(
        mount.name,
        mount.device,
        mount.fstype,
        total=answer.f_blocks * unit,
        used=used,
        free=free,
        usage=used / (used + free) if known and used + free > 0 else None,
        inodes=_inodes(answer),
    )


def _inodes(answer: os.statvfs_result) -> float | None:
    """Ratio of inodes in use; None without a limit or count.

    CephFS reports 2^64-1 free inodes (its statvfs(2)), which Python reads as -1; some network file systems report more free than total.
    """
    if not 0 <= answer.f_ffree <= answer.f_files or answer.f_favail < 0:
        return None
    used = answer.f_files - answer.f_ffree
    return used / (used + answer.f_favail) if used + answer.f_favail > 0 else None
