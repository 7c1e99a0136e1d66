"""Lines of running logs on their way into telemetry.db."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from tui_monitor.core.troubles import Troubles
from tui_monitor.platform.redaction import Redaction
from tui_monitor.runtime.kept_lines import KeptLines
from tui_monitor.runtime.pushed_telemetry import PushedTelemetry
from tui_monitor.sources.log.buffer import LineBuffer, NumberedBlock
from tui_monitor.sources.log.formats import FieldNames, Plain
from tui_monitor.sources.log.line_format import LineFormat
from tui_monitor.sources.log.ring import KeptBlock, joined
from tui_monitor.storage.telemetry.reader import TelemetryReader


class Log:
    """A feed that keeps lines."""

    def __init__(self, kept_before: int | None = None) -> None:
        self.keep_lines = 100_000
        self.line_format = LineFormat()
        self.kept_before = kept_before
        self.buffer = LineBuffer(self.keep_lines)
        self.buffer.restore(kept_before)

    def add(self, line: bytes) -> None:
        """One line, in a block of its own."""
        self.buffer.append(KeptBlock(1, "/var/log/app.log", Plain(FieldNames()), line))
        self.buffer.mark()

    def take_lines(self) -> list[NumberedBlock]:
        """What came since the last call."""
        return self.buffer.take()


async def tick(lines: KeptLines, log: Log) -> None:
    """Hand over, and wait until that is written."""
    feeds: Any = {"app": log}
    lines.tick(feeds, 0.0)
    if lines._busy is not None:
        await lines._busy


async def test_what_is_hidden_is_never_stored(tmp_path: Path) -> None:
    """Each line by itself: a pattern does not reach into the next one."""
    path = tmp_path / "telemetry.db"
    lines, log = KeptLines(path, Troubles(), PushedTelemetry(), Redaction([r"token=([^;]+)"])), Log()
    log.buffer.append(KeptBlock(1, "/var/log/app.log", Plain(FieldNames()), joined([b"token=abc", b"fine", b"a token=xyz; b"])))
    await tick(lines, log)
    feeds: Any = {"app": log}
    await lines.close(feeds)
    with closing(TelemetryReader(path)) as reader:
        assert [found.block.data for found in reader.newest_first("app")] == [joined([b"token=***", b"fine", b"a token=***; b"])]


async def test_a_reload_keeps_the_lines_that_the_replaced_log_still_held(tmp_path: Path) -> None:
    """Those that its saved state counts; later ones are read anew by its successor."""
    path = tmp_path / "telemetry.db"
    lines, first = KeptLines(path, Troubles(), PushedTelemetry()), Log()
    first.add(b"one")
    await tick(lines, first)
    first.add(b"two")
    first.add(b"three")
    second = Log(kept_before=2)
    second.add(b"three, read anew")
    await tick(lines, second)
    feeds: Any = {"app": second}
    await lines.close(feeds)
    with closing(TelemetryReader(path)) as reader:
        assert [found.block.data for found in reader.newest_first("app")][::-1] == [b"one", b"two", b"three, read anew"]
