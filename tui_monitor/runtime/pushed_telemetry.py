"""Pushed lines and spans on their way into telemetry.db, within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tui_monitor.core.frozen import frozen
from tui_monitor.core.trace import Span

MOST_BYTES = 16 * 2**20
"""Bytes of lines that wait for the disk; further ones are lost and counted."""
MOST_SPANS = 50_000
BLOCK = 64 * 1024
SEPARATOR = b"\0"


@frozen
class TelemetryBatch:
    """What one commit stores: blocks of lines by service, spans, and the size limits of both in bytes."""

    lines: Mapping[str, Sequence[bytes]]
    spans: Sequence[Span]
    lines_bound: int
    spans_bound: int


class PushedTelemetry:
    """The buffer. ``lost`` counts lines and spans that found it full. A bound of 0: none are kept."""

    def __init__(self) -> None:
        self.lines_bound = self.spans_bound = 0
        self.lost = 0
        self._lines: dict[str, list[bytes]] = {}
        self._size = 0
        self._spans: list[Span] = []
        self._own_bound = 0

    def keep_own(self, bound: int) -> None:
        """Keep so many bytes more of the monitor's own lines, whether or not others push; less where it is negative."""
        self._own_bound += bound

    def add_own(self, service: str, line: bytes) -> None:
        """Add a line of the monitor itself."""
        if self._own_bound:
            self._add_line(service, line)

    def configure(self, lines_bound: int, spans_bound: int) -> None:
        """Use these size limits in bytes from now on."""
        self.lines_bound, self.spans_bound = lines_bound, spans_bound

    def add(self, lines: Iterable[tuple[str, bytes]], spans: Sequence[Span]) -> None:
        """Add lines with their services, and spans."""
        for service, data in lines if self.lines_bound else ():
            self._add_line(service, data)
        room = MOST_SPANS - len(self._spans) if self.spans_bound else 0
        self._spans += spans[:room]
        if self.spans_bound:
            self.lost += max(0, len(spans) - room)

    def _add_line(self, service: str, data: bytes) -> None:
        if self._size + len(data) > MOST_BYTES:
            self.lost += 1
            return
        self._lines.setdefault(service, []).append(data)
        self._size += len(data) + 1

    @property
    def waiting(self) -> bool:
        """Whether anything waits."""
        return bool(self._lines or self._spans)

    def take(self) -> TelemetryBatch | None:
        """Remove and return everything; None where nothing waits."""
        if not self.waiting:
            return None
        lines, spans, self._lines, self._spans, self._size = self._lines, self._spans, {}, [], 0
        blocks = {service: blocks_of(each) for service, each in lines.items()}
        return TelemetryBatch(blocks, spans, self.lines_bound + self._own_bound, self.spans_bound)


def blocks_of(lines: Sequence[bytes]) -> list[bytes]:
    """The lines joined into blocks of about 64 KiB."""
    blocks: list[bytes] = []
    part: list[bytes] = []
    size = 0
    for line in lines:
        if part and size + len(line) > BLOCK:
            blocks.append(SEPARATOR.join(part))
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    return [*blocks, SEPARATOR.join(part)] if part else blocks
