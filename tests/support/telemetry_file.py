"""Log lines and traces in a telemetry.db, as the monitor stores them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tui_monitor.core.trace import Span
from tui_monitor.sources.log.ring import joined
from tui_monitor.storage.telemetry.schema import LogStream, StoredBlock
from tui_monitor.storage.telemetry.writer import TelemetryWriter

GIB = 2**30


def event(at: int, level: str, text: str, **fields: Any) -> bytes:
    """One JSON line with a stamp (UTC ms)."""
    return json.dumps({"time": at / 1000, "level": level, "msg": text, **fields}).encode()


def write_lines(path: Path, source: str, blocks: Iterable[tuple[int, Sequence[bytes]]], *, service: bool = False) -> None:
    """Append blocks of JSON events, each with its time of arrival (UTC ms), of a check or of a service."""
    stream = LogStream("", source, '{"format": "json"}') if service else LogStream(source, "", '{"format": "json"}')
    with closing(TelemetryWriter(path)) as writer:
        ident = writer.begin(stream, None)
        writer.append([(ident, GIB, [StoredBlock(0, at, "/var/log/app.json", "json", joined(events)) for at, events in blocks])])


def write_spans(path: Path, *requests: Sequence[Span]) -> None:
    """Append spans as requests bring them."""
    with closing(TelemetryWriter(path)) as writer:
        for spans in requests:
            writer.append_pushed({}, 0, GIB, spans, GIB)


def span(
    trace: int, number: int, parent: int, service: str, operation: str, start_us: int, took_us: int, **more: Any
) -> Span:  # fmt: skip
    """A span with ids made of numbers; ``parent`` 0: a root."""
    return Span(f"{trace:032x}", f"{number:016x}", f"{parent:016x}" if parent else "", service, operation, start_us, took_us, **more)
