"""Stored lines for search: a bounded ring of blocks in memory, with the interface of a store on disk."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import islice, takewhile
from typing import Any, Protocol

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.sources.log.levels import at_least
from tui_monitor.sources.log.record import Format, Record, Value

SEPARATOR = b"\0"
"""Between the events of a block: no event contains NUL."""
_OVERHEAD = 200
TRACE_FIELDS = ("trace_id", "traceId", "traceID", "trace.id", "dd.trace_id", "otelTraceID")


@frozen
class KeptBlock:
    """Unparsed events of one file that arrived together at ``at`` (UTC ms); parsed by ``format`` only when read."""

    at: int
    path: str
    format: Format
    data: bytes

    @property
    def size(self) -> int:
        """Approximate bytes in memory."""
        return len(self.data) + _OVERHEAD


@frozen
class KeptLine:
    """A found line. ``at``: its own stamp, else its arrival; UTC ms."""

    at: int
    path: str
    level: str
    message: str
    fields: Mapping[str, Value] = field(default_factory=dict)
    trace_id: str = ""

    def to_json(self, check: str, service: str = "") -> dict[str, Any]:
        """The documented shape of `logs --json`."""
        fields = dict(self.fields)
        return {
            "at": self.at, "check": check, "service": service, "level": self.level, "message": self.message, "fields": fields,
            "trace_id": self.trace_id,
        }  # fmt: skip


@frozen
class LineQuery:
    """Search conditions. ``text`` in any case; ``level``: at least; ``since`` UTC ms of arrival; ``where``: fields and their values."""

    text: str = ""
    level: str = ""
    since: int = 0
    where: tuple[tuple[str, str], ...] = ()
    limit: int = 100


class LineSink(Protocol):
    """Receiver of a running check's lines."""

    @property
    def is_full(self) -> bool:
        """Whether further blocks would displace some that have not been stored yet."""
        ...

    @property
    def lost(self) -> int:
        """Lines displaced so."""
        ...

    def append(self, block: KeptBlock) -> None:
        """Keep a block; the oldest go beyond the bound."""
        ...

    def mark(self) -> int:
        """Number of blocks so far, for a restart: blocks stored after it are read again."""
        ...

    def restore(self, mark: object) -> None:
        """Continue the count at a saved mark."""
        ...


class LineStore(LineSink, Protocol):
    """Searchable store of lines."""

    def search(self, query: LineQuery) -> Iterator[KeptLine]:
        """Matching lines, newest first, at most ``limit``."""
        ...


class LineRing:
    """The newest ``limit`` bytes of lines in memory. A larger single block is not stored."""

    is_full = False
    lost = 0

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._blocks: deque[KeptBlock] = deque()
        self._count = 0
        self.size = 0

    def append(self, block: KeptBlock) -> None:
        """Keep a block; the oldest go."""
        self._count += 1
        if block.size > self._limit:
            return
        self._blocks.append(block)
        self.size += block.size
        while self.size > self._limit:
            self.size -= self._blocks.popleft().size

    def mark(self) -> int:
        """How many blocks came."""
        return self._count

    def restore(self, mark: object) -> None:
        """No effect: nothing outlives the process."""

    def search(self, query: LineQuery) -> Iterator[KeptLine]:
        """Matching lines, newest first, as a lazy iterator; lines appended meanwhile are not included."""
        newest_first = (block for block in reversed(tuple(self._blocks)))
        yield from islice(found_in(takewhile(lambda block: block.at >= query.since, newest_first), query), max(0, query.limit))


def found_in(blocks: Iterable[KeptBlock], query: LineQuery) -> Iterator[KeptLine]:
    """Lines of these blocks that match the query, without its limit; newest first per block."""
    needle = needle_of(query.text)
    for block in blocks:
        if block.at >= query.since and (needle is None or needle.search(block.data) is not None):
            yield from _found(block, query, needle)


def needle_of(text: str) -> re.Pattern[bytes] | None:
    """Pattern of the text in raw bytes, ignoring case, outside ASCII only where both cases have the same length."""
    if not text:
        return None
    forms = dict.fromkeys([text, text.lower(), text.upper()])
    return re.compile(b"|".join(re.escape(form.encode("utf-8", "replace")) for form in forms), re.IGNORECASE)


def _found(block: KeptBlock, query: LineQuery, needle: re.Pattern[bytes] | None) -> Iterator[KeptLine]:
    for event in reversed(block.data.split(SEPARATOR)):
        if needle is not None and needle.search(event) is None:
            continue
        line = kept_line(block, event)
        if query.level and not at_least(line.level, query.level):
            continue
        if all(str(line.fields.get(name, "")) == wanted for name, wanted in query.where):
            yield line


def kept_line(block: KeptBlock, event: bytes) -> KeptLine:
    """One event of a block, parsed and cleaned."""
    text = event.decode("utf-8", "replace")
    record = block.format.parse(text, block.at) or Record(clean(text, newlines=True))
    trace = next((str(record.fields[name]) for name in TRACE_FIELDS if record.fields.get(name)), "")
    return KeptLine(record.at or block.at, block.path, record.level, record.message, record.fields, trace)


def joined(events: Sequence[bytes]) -> bytes:
    """The data of a block."""
    return SEPARATOR.join(events)
