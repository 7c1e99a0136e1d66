"""One file being read: descriptor, read position and detection of truncation. Blocking calls."""

from __future__ import annotations

import contextlib
import os
import stat as modes
from collections.abc import Iterable, Iterator

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.log.compressed import SUFFIX, compressed_identity, unpacked
from tui_monitor.sources.log.identity import Identity, fingerprint_of, next_data
from tui_monitor.sources.log.lines import MAX_LINE, Splitter, encoding_of
from tui_monitor.sources.log.multiline import Multiline
from tui_monitor.sources.log.position import Position

CHUNK = 65536
"""Bytes of one read: some 2 ms of parsing."""
QUIET = 2.0
"""Seconds without growth after which a partial last line is given out, and a rotated file is let go."""
EVENT_QUIET = 0.5
"""Seconds without growth after which a whole last line waits no longer for a continuation."""
_TAIL = 65536
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""A pipe would block."""


@frozen
class ReadOptions:
    """Options of reading. ``max_lag`` in bytes: older unread data are skipped. ``compressed``: rotated files that were
    compressed before they were fully read are read too, through a temporary file.
    """

    encoding: str = "utf-8"
    multiline: Multiline | None = None
    max_line: int = MAX_LINE
    max_lag: int = 4 << 30
    compressed: bool = False


class NotAFile(OSError):
    """The path is a directory, a pipe, a socket or a device."""


class Generation:
    """One open file. Methods that access it raise OSError."""

    def __init__(self, path: str, options: ReadOptions, now: float) -> None:
        self.path = path
        self._options = options
        self._fd = unpacked(path, options.max_lag) if path.endswith(SUFFIX) else os.open(path, _READ)
        try:
            stat = os.fstat(self._fd)
            if not modes.S_ISREG(stat.st_mode):
                raise NotAFile(f"{path} is not a regular file")
            self.device, self.inode, self.modified = stat.st_dev, stat.st_ino, stat.st_mtime_ns
            self.fingerprint = fingerprint_of(self._fd)
            head = os.pread(self._fd, 4, 0)
        except OSError:
            self.close()
            raise
        self._encoding = encoding_of(head, options.encoding)
        self.splitter = Splitter(self._encoding, options.multiline, options.max_line)
        self.read_to = 0
        self.size = stat.st_size
        self._allocated = stat.st_blocks * 512
        self.grown_at = now
        self.is_copy = False

    @property
    def identity(self) -> Identity:
        """Device, inode and fingerprint."""
        return Identity(self.device, self.inode, self.fingerprint)

    @property
    def position(self) -> Position:
        """The start of the first event not returned yet."""
        return Position(self.identity, self.read_to - self.splitter.held, self.modified, self.splitter.skipping)

    @property
    def lag(self) -> int:
        """Unread bytes as of the last ``refresh``."""
        return max(0, self.size - self.read_to)

    def go_to(self, offset: int, *, skipping: bool = False) -> None:
        """Continue reading at an offset."""
        self.read_to = min(offset, self.size)
        self.splitter.skipping = skipping

    def go_to_end(self) -> None:
        """Continue reading at the start of the last incomplete line."""
        begin = max(0, self.size - _TAIL)
        tail = os.pread(self._fd, self.size - begin, begin)
        newline = "\n".encode(self._encoding)
        at = tail.rfind(newline)
        self.go_to(begin + at + len(newline) if at >= 0 else (0 if begin == 0 else self.size))

    def is_deleted(self) -> bool:
        """Whether the file has no name any more."""
        return os.fstat(self._fd).st_nlink == 0

    def refresh(self, now: float) -> bool:
        """Check size and first bytes; False where the file was truncated (even if it has grown past the old offset again)."""
        stat = os.fstat(self._fd)
        if stat.st_size < max(self.read_to, self.size) or not self.fingerprint.holds(self._fd):
            return False
        if stat.st_size != self.size or stat.st_mtime_ns != self.modified:
            self.grown_at = now
        self.size, self.modified, self._allocated = stat.st_size, stat.st_mtime_ns, stat.st_blocks * 512
        if not self.fingerprint.whole and self.size > self.fingerprint.start + len(self.fingerprint.head):
            longer = fingerprint_of(self._fd)
            if self.fingerprint.head and not longer.fits(self.fingerprint):
                return False
            self.fingerprint = longer
        return True

    def skip_lag(self) -> int:
        """Skip to a whole line if more than ``max_lag`` bytes (without holes) are unread; returns the bytes skipped."""
        if min(self.lag, self._allocated) <= self._options.max_lag:
            return 0
        skipped = self.lag
        self.splitter.flush()
        self.go_to(self.size)
        self.go_to_end()
        return skipped - self.lag

    def read(self) -> list[bytes] | None:
        """The events of the next 64 KiB; None where the file was truncated meanwhile, which makes the data invalid."""
        chunk = os.pread(self._fd, CHUNK, self.read_to)
        if not self.fingerprint.holds(self._fd):
            return None
        if chunk and not chunk.strip(b"\0"):
            return self._skip_hole(len(chunk))
        self.read_to += len(chunk)
        self.size = max(self.size, self.read_to)
        return self.splitter.feed(chunk) if chunk else []

    def _skip_hole(self, length: int) -> list[bytes]:
        """Skip NULs (a hole or written ones) and drop the held line before them, which cannot be completed."""
        given = self.splitter.flush()
        self.read_to = max(self.read_to + length, min(self.size, next_data(self._fd, self.read_to + length)))
        return given

    def flush_quiet(self, now: float) -> list[bytes]:
        """The held events, after the file was quiet long enough."""
        if not self.splitter.held or self.lag:
            return []
        limit = QUIET if self.splitter.holds_partial else EVENT_QUIET
        return self.splitter.flush() if now - self.grown_at >= limit else []

    def continue_in(self, copy: Generation) -> None:
        """Continue in a copy: the original was truncated, its rest is in the copy."""
        self.close()
        self._fd, copy._fd = copy._fd, -1
        self.device, self.inode, self.path = copy.device, copy.inode, copy.path
        self.fingerprint, self.size, self.modified = copy.fingerprint, copy.size, copy.modified
        self.is_copy = True

    def close(self) -> None:
        """Close the descriptor; can be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def identities(paths: Iterable[str]) -> Iterator[tuple[str, Identity, os.stat_result]]:
    """Path, identity and status of each readable regular file."""
    for path in paths:
        with contextlib.suppress(OSError):
            yield path, *(compressed_identity(path) if path.endswith(SUFFIX) else _identity(path))


def _identity(path: str) -> tuple[Identity, os.stat_result]:
    fd = os.open(path, _READ)
    try:
        stat = os.fstat(fd)
        if not modes.S_ISREG(stat.st_mode):
            raise NotAFile(f"{path} is not a regular file")
        return Identity(stat.st_dev, stat.st_ino, fingerprint_of(fd)), stat
    finally:
        os.close(fd)
