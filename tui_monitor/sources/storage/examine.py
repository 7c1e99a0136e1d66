"""The blocking work of a storage check: free space, a write and read, the newest file. It runs in a thread and may hang there."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
import time
import zlib
from collections.abc import Callable

from tui_monitor.core.frozen import frozen

SIZE = 4096
MOST_ENTRIES = 100_000
_PREFIX = ".tui-monitor-"
Step = Callable[[str], None]
"""Told what is done now ("writing"), for the reason of a timeout."""


@frozen
class Newest:
    """The newest file: its name and the time of its last change (Unix seconds); "" where there is none. ``cut``: not all were looked at."""

    name: str = ""
    changed: float = 0.0
    cut: bool = False


@frozen
class Examined:
    """What was found. ``free``: share of what ordinary users may use, None where it is not counted; ``differs``: from what was written."""

    free: float | None = None
    free_bytes: int = 0
    write_seconds: float | None = None
    newest: Newest | None = None
    differs: bool = False


@frozen
class Wish:
    """What to look at. ``mark`` tells this check's file from those of others."""

    path: str
    write: bool
    newest: bool
    mark: str


def examine(wish: Wish, step: Step) -> Examined:
    """Look at the directory. Raises OSError, whose ``filename`` may be any."""
    step("looking at it")
    if not stat.S_ISDIR(os.stat(wish.path).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "is not a directory", wish.path)
    step("asking for its free space")
    free, free_bytes = free_space(os.statvfs(wish.path))
    newest = None
    if wish.newest:
        step("looking for its newest file")
        newest = newest_file(wish.path)
    seconds, differs = None, False
    if wish.write:
        seconds, differs = write_and_read(os.path.join(wish.path, name_of_test_file(wish.mark)), step)
    return Examined(free, free_bytes, seconds, newest, differs)


def free_space(found: os.statvfs_result) -> tuple[float | None, int]:
    """The share and the bytes that ordinary users may still fill, counted as df does; None where the file system counts nothing."""
    free = max(0, min(found.f_bavail, found.f_bfree))
    used = found.f_blocks - found.f_bfree
    if found.f_blocks <= 0 or used < 0 or used + free == 0:
        return None, 0
    return free / (used + free), free * (found.f_frsize or found.f_bsize)


def name_of_test_file(mark: str) -> str:
    """The same for a check on a host each time, so that a file that a crash has left is replaced."""
    return f"{_PREFIX}{zlib.crc32(f'{socket.gethostname()}/{mark}'.encode()):08x}"


def write_and_read(path: str, step: Step) -> tuple[float, bool]:
    """Seconds for making a file of 4 KiB, writing it through, reading it back and deleting it; whether it came back otherwise."""
    data, began = os.urandom(SIZE), time.monotonic()
    step("writing")
    file = _created(path)
    try:
        written = 0
        while written < SIZE:
            written += os.write(file, data[written:])
        os.fsync(file)
        step("reading back")
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)  # from the disk, not from memory, as far as the kernel follows
        back = os.pread(file, SIZE + 1, 0)
    finally:
        os.close(file)
        step("deleting the file")
        _removed(path)
    return time.monotonic() - began, back != data


def _created(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileExistsError:  # left by a crash
        _removed(path)
        return os.open(path, flags, 0o600)


def _removed(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # another process with the same check was quicker
        os.unlink(path)


def newest_file(path: str) -> Newest:
    """The regular file in the directory that was changed last; those of this check's kind and directories do not count."""
    newest = Newest()
    with os.scandir(path) as entries:
        for number, entry in enumerate(entries):
            if number == MOST_ENTRIES:
                return Newest(newest.name, newest.changed, cut=True)
            if entry.name.startswith(_PREFIX):
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # gone meanwhile
                continue
            if stat.S_ISREG(found.st_mode) and (not newest.name or found.st_mtime > newest.changed):
                newest = Newest(entry.name, found.st_mtime)
    return newest
