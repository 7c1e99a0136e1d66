"""Bounded buffer of lines between a running log check and the store, joined into blocks."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.log.ring import SEPARATOR, KeptBlock

LARGEST = 64 * 1024
"""Bytes of a block; small ones of the same file are joined up to it."""
MOST_WAITING = 8 * 1024 * 1024
"""Bytes that wait for the store; in a burst the oldest are given up."""


@frozen
class NumberedBlock:
    """A block with its number: positions saved before it have lower counts."""

    number: int
    block: KeptBlock


class LineBuffer:
    """`LineSink` that hands out its blocks in order."""

    def __init__(self, limit: int) -> None:
        self._limit = min(limit, MOST_WAITING)
        self._blocks: deque[NumberedBlock] = deque()
        self._size = 0
        self._count = 0
        self._closed = True

    def append(self, block: KeptBlock) -> None:
        """Append a block until it is taken."""
        if block.size > self._limit:
            return
        self._count += 1
        if not self._joined(block):
            self._blocks.append(NumberedBlock(self._count, block))
            self._size += block.size
        self._closed = False
        while self._size > self._limit:
            self._size -= self._blocks.popleft().block.size

    def _joined(self, block: KeptBlock) -> bool:
        """Join the block to the last one, if possible. Not across a mark, since lines after it can be read again."""
        last = self._blocks[-1].block if self._blocks and not self._closed else None
        if last is None or last.path != block.path or last.format.name != block.format.name or last.size + block.size > LARGEST:
            return False
        whole = replace(last, data=last.data + SEPARATOR + block.data)
        self._size += whole.size - last.size
        self._blocks[-1] = NumberedBlock(self._count, whole)
        return True

    def mark(self) -> int:
        """Number of blocks so far."""
        self._closed = True
        return self._count

    def restore(self, mark: object) -> None:
        """Continue the count of the last process."""
        self._count = mark if isinstance(mark, int) and not isinstance(mark, bool) and mark >= 0 else 0

    def take(self) -> list[NumberedBlock]:
        """Remove and return all blocks, oldest first."""
        taken, self._size, self._closed = [*self._blocks], 0, True
        self._blocks.clear()
        return taken
