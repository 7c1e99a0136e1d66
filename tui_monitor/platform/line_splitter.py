"""Splits a stream of bytes into lines of bounded length."""

from __future__ import annotations

MAX_LINE = 64 * 1024


class LineSplitter:
    """Splits chunks into lines without their end; a line longer than ``limit`` bytes is cut there and its rest dropped."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self.cut = 0
        self._limit = limit
        self._begun = bytearray()
        self._dropping = False

    def split(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes."""
        *ended, rest = chunk.split(b"\n")
        lines = [self._end(part) for part in ended]
        self._add(rest)
        return lines

    def last(self) -> list[bytes]:
        """The unterminated line at the end of the output, if any."""
        return [self._end(b"")] if self._begun else []

    def _add(self, part: bytes) -> None:
        room = self._limit - len(self._begun)
        self._begun += part[:room]
        if len(part) > room and not self._dropping:
            self._dropping = True
            self.cut += 1

    def _end(self, part: bytes) -> bytes:
        self._add(part)
        line = bytes(self._begun)
        self._begun.clear()
        self._dropping = False
        return line
