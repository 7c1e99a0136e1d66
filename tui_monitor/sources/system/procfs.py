"""Read small kernel files (/proc, /sys) whole, with plain system calls: a third of the cost of ``open().read()``."""

from __future__ import annotations

import os

_CHUNK = 16384
_MOST_DIGITS = 24
_LARGEST = 8 * 1024 * 1024


def read_file(path: str, most: int = _LARGEST) -> bytes:
    """The content, at most ``most`` bytes; OSError where it cannot be read. Kernel files answer in pieces, so read to the end."""
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
    """A whole number of a kernel file; ValueError for anything else, and for one that no counter of 64 bits holds (a faked file)."""
    if len(field.strip()) > _MOST_DIGITS:
        raise ValueError("a number that is too long")
    return int(field)


def read_number(path: str) -> int | None:
    """The one number in a file; None where the file is missing, or says "max" or anything else that is not a number."""
    try:
        return integer(read_file(path))
    except (OSError, ValueError):
        return None


def text_of(raw: bytes) -> str:
    """Kernel bytes as text; what is not UTF-8 becomes U+FFFD, never a lone surrogate (which no database takes)."""
    return raw.decode("utf-8", "replace")
