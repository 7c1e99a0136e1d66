"""File identity: device, inode and a fingerprint of the first bytes, since inodes are reused (ext4 reuses one at once). Blocking calls."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tui_monitor.core.frozen import frozen

FINGERPRINT = 256
"""Bytes of content that tell two files on one inode apart."""
_SCAN = 65536


@frozen
class Fingerprint:
    """The first at most 256 bytes of data of a file, and where they begin (0 unless the file begins with a hole of NULs)."""

    start: int
    head: bytes

    @property
    def whole(self) -> bool:
        """Whether it has its full length."""
        return len(self.head) >= FINGERPRINT

    def holds(self, fd: int) -> bool:
        """Whether the open file still starts with it. An empty fingerprint matches every file."""
        return not self.head or os.pread(fd, len(self.head), self.start) == self.head

    def fits(self, other: Fingerprint) -> bool:
        """Whether one is a prefix of the other. Empty ones match nothing."""
        length = min(len(self.head), len(other.head))
        return length > 0 and self.start == other.start and self.head[:length] == other.head[:length]


EMPTY = Fingerprint(0, b"")


def fingerprint_of(fd: int) -> Fingerprint:
    """The fingerprint of an open file. A hole at its begin (copytruncate under a writer without O_APPEND) is skipped."""
    head = os.pread(fd, FINGERPRINT, 0)
    if not head.startswith(b"\0"):
        return Fingerprint(0, head)
    start = _first_data(fd)
    return Fingerprint(start, os.pread(fd, FINGERPRINT, start))


def _first_data(fd: int) -> int:
    """The offset of the first byte that is not NUL; the end of the file where there is none."""
    at = next_data(fd, 0)
    while chunk := os.pread(fd, _SCAN, at):
        rest = chunk.lstrip(b"\0")
        if rest:
            return at + len(chunk) - len(rest)
        at = next_data(fd, at + len(chunk))
    return at


def next_data(fd: int, offset: int) -> int:
    """The offset of the next allocated byte from ``offset`` on (SEEK_DATA), the file's end where only a hole follows."""
    try:
        return os.lseek(fd, offset, os.SEEK_DATA)
    except OSError:  # ENXIO: only a hole follows, or the end; EINVAL: the file system does not know holes
        return max(offset, os.fstat(fd).st_size) if os.fstat(fd).st_blocks == 0 else offset


@frozen
class Identity:
    """Identity of a file across renames and restarts."""

    device: int
    inode: int
    fingerprint: Fingerprint

    def is_file(self, other: Identity) -> bool:
        """The same file, possibly under another name."""
        return self.device == other.device and self.inode == other.inode and self.fingerprint.fits(other.fingerprint)

    def is_copy(self, other: Identity) -> bool:
        """Another file with the same beginning."""
        return (self.device, self.inode) != (other.device, other.inode) and self.fingerprint.fits(other.fingerprint)

    def to_json(self) -> dict[str, Any]:
        """`{"device", "inode", "start", "head"}`; head is hexadecimal."""
        return {
            "device": self.device,
            "inode": self.inode,
            "start": self.fingerprint.start,
            "head": self.fingerprint.head.hex(),
        }


def identity_of(fd: int) -> Identity:
    """The identity of an open file."""
    stat = os.fstat(fd)
    return Identity(stat.st_dev, stat.st_ino, fingerprint_of(fd))


def identity_from(value: Mapping[str, Any]) -> Identity:
    """The identity of its JSON form. Raises KeyError, TypeError or ValueError."""
    head = bytes.fromhex(value["head"])[:FINGERPRINT]
    return Identity(int(value["device"]), int(value["inode"]), Fingerprint(int(value["start"]), head))
