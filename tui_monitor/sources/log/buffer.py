"""Bounded buffer of lines between a running log check and the store, joined into blocks."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.log.ring import SEPARATOR, KeptBlock

LARGEST = 64 * 1024
"""Bytes of a block; small ones of the same file are joined up to it."""
MOST_WAITING = 10 * 1024 * 1024
"""Bytes that wait for the store: the default of ``keep_lines``, so that only a check that keeps more has to read a burst slower."""
HEADROOM = 2 * 1024 * 1024
"""Free bytes below which the log is not read on: one look at the files gives 1 MiB and a block."""


@frozen
class NumberedBlock:
    """A block with its number: positions saved before it have lower counts."""

    number: int
    block: KeptBlock


class LineBuffer:
    """`LineSink` that hands out its blocks in order."""

    def __init__(self, limit: int) -> None:
        self._keep, self._limit = limit, min(limit, MOST_WAITING)
        self._blocks: deque[NumberedBlock] = deque()
        self._size = 0
        self._count = 0
        self._closed = True
        self._overflowed = False
        self.lost = 0
        """Lines given up though ``keep_lines`` has room for them."""

    @property
    def is_full(self) -> bool:
        """Whether reading should wait for the store. Not once lines were lost since the store took some: it does not answer."""
        return self._keep > self._limit and self._size > self._limit - HEADROOM and not self._overflowed

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
            self._drop(self._blocks.popleft().block)

    def _drop(self, block: KeptBlock) -> None:
        """Give up the oldest block. Where all ``keep_lines`` bytes fit here, the store would have deleted it at once."""
        self._size -= block.size
        if self._keep > self._limit:
            self._overflowed = True
            self.lost += block.data.count(SEPARATOR) + 1

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
        taken, self._size, self._closed, self._overflowed = [*self._blocks], 0, True, False
        self._blocks.clear()
        return taken
