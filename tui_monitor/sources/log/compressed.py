"""Compressed generations of a log (.gz): identity, and content in an anonymous temporary file. Blocking calls."""

from __future__ import annotations

import contextlib
import gzip
import os
import tempfile
import zlib

from tui_monitor.sources.log.identity import FINGERPRINT, Fingerprint, Identity

SUFFIX = ".gz"
_PIECE = 1024 * 1024
_BROKEN = (EOFError, zlib.error)


def compressed_identity(path: str) -> tuple[Identity, os.stat_result]:
    """Identity by the uncompressed content, with the file's own device, inode and status. Raises OSError, also for damaged files."""
    with gzip.open(path) as file:
        stat = os.stat(path)
        try:
            return Identity(stat.st_dev, stat.st_ino, Fingerprint(0, file.read(FINGERPRINT))), stat
        except _BROKEN as error:
            raise OSError(f"{path} is damaged: {error}") from error


def unpacked(path: str, limit: int) -> int:
    """A descriptor of the content, at most ``limit`` bytes, up to a damaged part. Raises OSError."""
    with tempfile.TemporaryFile(prefix="tui-monitor-log-") as spool, gzip.open(path) as file:
        with contextlib.suppress(*_BROKEN):
            while (piece := file.read(min(_PIECE, limit))) and limit > 0:
                spool.write(piece)
                limit -= len(piece)
        spool.flush()
        return os.dup(spool.fileno())
