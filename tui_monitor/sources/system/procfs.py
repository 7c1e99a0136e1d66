"""Reader of small kernel files (/proc, /sys) with plain system calls, at a third of the cost of ``open().read()``."""

from __future__ import annotations

import os

_CHUNK = 16384
_MOST_DIGITS = 24
_LARGEST = 8 * 1024 * 1024


def read_file(path: str, most: int = _LARGEST) -> bytes:
    """The content, at most ``most`` bytes, read until the end since kernel files return pieces. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(descriptor, min(_CHUNK, most))
        if not data:
            return data
        parts, size = [data], len(data)
        while size < most and (data := os.read(descriptor, min(_CHUNK, most - size))):
            parts.append(data)
            size += len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        os.close(descriptor)


def integer(field: bytes) -> int:
    """An integer of a kernel file. Raises ValueError, also beyond 64 bits (a faked file)."""
    if len(field.strip()) > _MOST_DIGITS:
        raise ValueError("a number that is too long")
    return int(field)


def read_number(path: str) -> int | None:
    """The number in a file; None for a missing file, "max" or other text."""
    try:
        return integer(read_file(path))
    except (OSError, ValueError):
        return None


def text_of(raw: bytes) -> str:
    """Kernel bytes as text; invalid UTF-8 becomes U+FFFD, never a lone surrogate (which databases refuse)."""
    return raw.decode("utf-8", "replace")
