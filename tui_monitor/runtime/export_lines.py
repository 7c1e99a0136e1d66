"""The log lines that are exported: those of telemetry.db from a level on, among them the monitor's own, which are put there for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from tui_monitor.core.units import rfc3339
from tui_monitor.delivery.export.ecs import LineToExport
from tui_monitor.runtime.log_search import reading_format
from tui_monitor.runtime.pushed_telemetry import PushedTelemetry
from tui_monitor.sources.log.ring import KeptBlock, LineQuery, found_in
from tui_monitor.storage.faults import NothingStored, StorageFault
from tui_monitor.storage.telemetry.reader import TelemetryReader
from tui_monitor.storage.telemetry.schema import FoundBlock

OWN_SERVICE = "tui-monitor"
OWN_BYTES = 2**20
"""Bytes of the monitor's own lines that are kept."""
ENOUGH = 200
"""Lines after which no further block is read."""
_OWN_KEYS = ("logger", "exception")


class TelemetryLines:
    """The kept lines from a level on; implements delivery.export.exporter.LinesToExport."""

    def __init__(self, path: Path, level: str) -> None:
        self._path, self._query = path, LineQuery(level=level)

    def after(self, block: int) -> tuple[Sequence[LineToExport], int]:
        """Lines behind a block; from the first one where the file was begun anew."""
        reader = self._open()
        if reader is None:
            return (), 0
        with closing(reader):
            if reader.newest_id() < block:
                block = 0
            found: list[LineToExport] = []
            for each in reader.after(block):
                found += self._lines(each)
                block = each.id
                if len(found) >= ENOUGH:
                    break
            return found, block

    def _open(self) -> TelemetryReader | None:
        try:
            return TelemetryReader(self._path)
        except StorageFault as error:
            if isinstance(error, NothingStored) or isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    def _lines(self, found: FoundBlock) -> Iterator[LineToExport]:
        """The lines of a block, oldest first."""
        stream, block = found.stream, found.block
        reader = reading_format(stream.format).reader(block.format)
        lines = [*found_in([KeptBlock(block.at, block.path, reader, block.data)], self._query)]
        for number, line in enumerate(reversed(lines)):
            fields = {name: value for name, value in line.fields.items() if name not in _OWN_KEYS}
            yield LineToExport(
                line.at, stream.name, stream.service, line.level, line.message, f"{found.id}/{number}/{line.at}", line.path,
                str(line.fields.get("logger", "")) if stream.service == OWN_SERVICE else "", line.trace_id,
                fields if stream.service == OWN_SERVICE else line.fields,
            )  # fmt: skip


class OwnLines(logging.Handler):
    """Keeps the monitor's own log from a level on as lines of the service tui-monitor. ``hide`` takes secrets out of a text."""

    def __init__(self, telemetry: PushedTelemetry, level: int, hide: Callable[[str], str], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(level)
        self._telemetry, self._hide, self._loop = telemetry, hide, loop

    def __enter__(self) -> OwnLines:
        self._telemetry.keep_own(OWN_BYTES)
        logging.getLogger("tui_monitor").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("tui_monitor").removeHandler(self)
        self._telemetry.keep_own(-OWN_BYTES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record; called in any thread."""
        line = {"time": rfc3339(round(1000 * record.created)), "level": record.levelname.lower(), "logger": record.name}
        line["message"] = self._hide(record.getMessage())
        if record.exc_info:
            line["exception"] = self._hide(logging.Formatter().formatException(record.exc_info))
        data = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace")
        with contextlib.suppress(RuntimeError):  # the loop has been closed: the program ends
            self._loop.call_soon_threadsafe(self._telemetry.add_own, OWN_SERVICE, data)
