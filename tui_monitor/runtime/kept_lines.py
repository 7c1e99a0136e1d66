"""Storage of the lines of log checks and of what is pushed in telemetry.db, once a tick, in a thread that starts with the first line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tui_monitor.core.troubles import Troubles
from tui_monitor.platform.redaction import NO_REDACTION, Redaction
from tui_monitor.runtime.pushed_telemetry import PushedTelemetry, TelemetryBatch
from tui_monitor.runtime.telemetry_redaction import hidden_batch, hidden_events
from tui_monitor.storage.faults import StorageFault

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from tui_monitor.sources.api import Feed
    from tui_monitor.sources.log.buffer import NumberedBlock
    from tui_monitor.sources.log.line_format import LineFormat
    from tui_monitor.storage.telemetry.schema import StoredBlock
    from tui_monitor.storage.telemetry.writer import TelemetryWriter

TROUBLE = "log-lines"
REOPEN_AFTER = 30.0
EVERYTHING = 1 << 62


@runtime_checkable
class KeepsLines(Protocol):
    """A feed whose lines are stored. ``keep_lines``: at most so many bytes."""

    keep_lines: int
    line_format: LineFormat
    kept_before: int | None
    """The number of blocks in the state with which the feed began; None: it began without one."""

    def take_lines(self) -> list[NumberedBlock]:
        """The lines since the last call."""
        ...


class KeptLines:
    """The storage of lines. Trouble with the file is an own trouble, and the lines of that time are lost."""

    def __init__(self, path: Path, troubles: Troubles, pushed: PushedTelemetry, redaction: Redaction = NO_REDACTION) -> None:
        """``redaction`` hides parts of lines before they are stored."""
        self._path, self._troubles, self._pushed, self._redaction = path, troubles, pushed, redaction
        self._thread: ThreadPoolExecutor | None = None
        self._writer: TelemetryWriter | None = None
        self._busy: asyncio.Future[str] | None = None
        self._begun: dict[str, KeepsLines] = {}
        self._known: dict[str, KeepsLines] = {}
        self._ids: dict[str, int] = {}
        self._not_before = 0.0

    def tick(self, feeds: Mapping[str, Feed], monotonic: float) -> None:
        """Queue the new lines, without waiting. ``feeds``: all running feeds by check, also those without stored lines."""
        if self._busy is not None and not self._busy.done():
            return
        if self._busy is not None:
            error, self._busy = self._busy.result(), None
            self._troubles.set(TROUBLE, error)
            self._not_before = monotonic + REOPEN_AFTER if error else 0.0
        keepers = {name: feed for name, feed in feeds.items() if isinstance(feed, KeepsLines) and feed.keep_lines}
        batch = self._pushed.take()
        if not keepers and self._thread is None and batch is None:
            return
        new = {name: feed for name, feed in keepers.items() if self._begun.get(name) is not feed}
        left = {name: taken for name in new if name in self._begun and (taken := self._begun[name].take_lines())}
        lines = {name: taken for name, feed in keepers.items() if (taken := feed.take_lines())}
        gone = self._begun.keys() - keepers.keys()
        if monotonic < self._not_before or not (new or lines or gone or batch):
            return
        self._busy = asyncio.get_running_loop().run_in_executor(self._executor(), self._write, keepers, new, left, lines, bool(gone), batch)

    def _executor(self) -> ThreadPoolExecutor:
        if self._thread is None:
            from concurrent.futures import ThreadPoolExecutor

            self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-lines")
        return self._thread

    def _write(
        self,
        keepers: Mapping[str, KeepsLines],
        new: Mapping[str, KeepsLines],
        left: Mapping[str, list[NumberedBlock]],
        lines: Mapping[str, list[NumberedBlock]],
        gone: bool,
        batch: TelemetryBatch | None,
    ) -> str:
        """Write lines; returns the error or "". ``left``: lines of feeds that ``new`` ones replace (a reload), written first."""
        from tui_monitor.storage.telemetry.schema import LogStream

        try:
            writer = self._open()
            known = {name: blocks for name, blocks in left.items() if name in self._ids}
            writer.append([(self._ids[name], keepers[name].keep_lines, self._stored(blocks)) for name, blocks in known.items()])
            for name, feed in new.items():
                number = EVERYTHING if self._known.get(name) is feed else feed.kept_before  # the file was created or reopened meanwhile
                self._ids[name] = writer.begin(LogStream(name, "", feed.line_format.to_json()), number)
                self._begun[name] = self._known[name] = feed
            if gone or new:
                for table in (self._ids, self._begun, self._known):
                    for name in table.keys() - keepers.keys():
                        del table[name]
                writer.forget_others([*self._ids.values()])
            writer.append([(self._ids[name], keepers[name].keep_lines, self._stored(blocks)) for name, blocks in lines.items()])
            if batch is not None:
                batch = hidden_batch(batch, self._redaction)
                writer.append_pushed(batch.lines, time.time_ns() // 1_000_000, batch.lines_bound, batch.spans, batch.spans_bound)
        except StorageFault as error:
            self._close_writer()
            return f"log lines and traces are not kept: {error}"
        return ""

    def _stored(self, blocks: list[NumberedBlock]) -> list[StoredBlock]:
        from tui_monitor.storage.telemetry.schema import StoredBlock

        return [
            StoredBlock(
                each.number, each.block.at, each.block.path, each.block.format.name, hidden_events(each.block.data, self._redaction)
            )
            for each in blocks
        ]

    def _open(self) -> TelemetryWriter:
        if self._writer is None:
            from tui_monitor.storage.telemetry.writer import TelemetryWriter

            self._writer = TelemetryWriter(self._path)
            self._begun.clear()
        return self._writer

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._begun, self._ids = None, {}, {}

    async def close(self, feeds: Mapping[str, Feed]) -> None:
        """Write the remaining lines and close the file."""
        if self._thread is None and not self._pushed.waiting:
            return
        if self._busy is not None:
            await self._busy
            self._busy = None
        self.tick(feeds, float("inf"))
        if self._busy is not None:
            await self._busy
        await asyncio.get_running_loop().run_in_executor(self._executor(), self._close_writer)
        self._executor().shutdown(wait=False)
