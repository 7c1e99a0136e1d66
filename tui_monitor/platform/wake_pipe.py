"""A named pipe in the state directory: a process that stores a command wakes the leader, which else looks for commands once a second.

The rights to write it are those of the other files. Where it cannot be made (no such files there), commands wait for the next second.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from tui_monitor.platform.ownership import give_to_owner_of

NAME = "leader.wake"
_MODE = 0o660
READ, MOST_READS = 4096, 16


def open_wake_pipe(directory: Path) -> int | None:
    """A descriptor to read from, without blocking; None where there can be no such pipe. Only the leader opens it."""
    path = directory / NAME
    try:
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, _MODE)
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)  # a writer of its own: the pipe never ends
    except OSError:
        return None
    if not stat.S_ISFIFO(os.fstat(fd).st_mode):
        os.close(fd)
        return None
    with contextlib.suppress(OSError):
        os.fchmod(fd, _MODE)  # independent of the umask; access is limited by the directory
        give_to_owner_of(directory, fd)
    return fd


def drain(fd: int) -> None:
    """Read what has been written so far, at most what a full pipe holds: a process that never stops writing must not hold the loop."""
    with contextlib.suppress(BlockingIOError):
        for _ in range(MOST_READS):
            if len(os.read(fd, READ)) < READ:
                return


def wake_leader(directory: Path) -> None:
    """Wake the leader of this state directory; without one, or without the right, nothing happens."""
    try:
        fd = os.open(directory / NAME, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return
    with contextlib.suppress(OSError):
        if stat.S_ISFIFO(os.fstat(fd).st_mode):
            os.write(fd, b"\n")
    os.close(fd)
