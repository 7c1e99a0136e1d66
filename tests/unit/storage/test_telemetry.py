"""Kept lines in telemetry.db: a ring for each stream, restarts that keep nothing twice, reading beside writing, damage."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tui_monitor.sources.log.buffer import LineBuffer
from tui_monitor.sources.log.formats import FieldNames, JsonLines, Plain
from tui_monitor.sources.log.ring import KeptBlock
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.telemetry.reader import TelemetryReader
from tui_monitor.storage.telemetry.schema import ROW_SIZE, LogStream, StoredBlock
from tui_monitor.storage.telemetry.writer import TelemetryWriter

APP = LogStream("app", "", "{}")


def block(number: int, data: bytes = b"line") -> StoredBlock:
    return StoredBlock(number, 1000 * number, "/var/log/app.log", "plain", data)


def numbers(path: Path, name: str = "") -> list[int]:
    with closing(TelemetryReader(path)) as reader:
        return [found.block.number for found in reader.newest_first(name)]


def test_the_newest_blocks_stay_within_the_bound_and_the_file_does_not_grow(tmp_path: Path) -> None:
    """Each stream has a ring of its own; what goes makes room in the file."""
    path = tmp_path / "telemetry.db"
    with closing(TelemetryWriter(path)) as writer:
        ident, other = writer.begin(APP, None), writer.begin(LogStream("other", "", "{}"), None)
        writer.append([(other, 10**6, [block(1)])])
        sizes = []
        for turn in range(60):
            writer.append([(ident, 20 * (5000 + ROW_SIZE), [block(turn * 10 + each, b"x" * 5000) for each in range(10)])])
            sizes.append(path.stat().st_size)
    assert numbers(path, "app") == [*range(599, 579, -1)] and numbers(path, "other") == [1]
    assert max(sizes[30:]) <= max(sizes[:30])


def test_a_restart_deletes_what_will_be_read_again(tmp_path: Path) -> None:
    """Blocks behind the saved number go; without a saved state all stay and count no more."""
    path = tmp_path / "telemetry.db"
    with closing(TelemetryWriter(path)) as writer:
        ident = writer.begin(APP, None)
        writer.append([(ident, 10**6, [block(number) for number in range(1, 6)])])
    with closing(TelemetryWriter(path)) as writer:
        assert writer.begin(APP, 3) == ident
    assert numbers(path) == [3, 2, 1]
    with closing(TelemetryWriter(path)) as writer:
        writer.begin(APP, None)
        writer.begin(APP, 0)
    assert numbers(path) == [0, 0, 0]


def test_streams_of_checks_that_are_gone_go(tmp_path: Path) -> None:
    """Their lines are nobody's."""
    path = tmp_path / "telemetry.db"
    with closing(TelemetryWriter(path)) as writer:
        ident, other = writer.begin(APP, None), writer.begin(LogStream("other", "", "{}"), None)
        writer.append([(ident, 10**6, [block(1)]), (other, 10**6, [block(2)])])
        writer.forget_others([other])
        with closing(TelemetryReader(path)) as reader:
            assert [stream.name for stream in reader.streams()] == ["other"]
            last = reader.newest_id()
            writer.append([(other, 10**6, [block(3), block(4)])])
            assert [found.block.number for found in reader.after(last)] == [3, 4]


def test_a_damaged_file_is_begun_anew_and_a_missing_one_is_said(tmp_path: Path) -> None:
    """It may be lost: no start fails over it."""
    path = tmp_path / "telemetry.db"
    with pytest.raises(StorageFault) as error:
        TelemetryReader(path)
    assert isinstance(error.value.__cause__, FileNotFoundError)
    path.write_bytes(b"no database" * 1000)
    with closing(TelemetryWriter(path)) as writer:
        assert writer.moved_aside is not None
        writer.begin(APP, None)


def test_small_blocks_are_joined_but_never_over_a_mark(tmp_path: Path) -> None:
    """What was saved with a mark is whole; other files, formats and large blocks stay apart; the oldest go beyond the bound."""
    plain, json_lines = Plain(FieldNames()), JsonLines(FieldNames())
    buffer = LineBuffer(10_000)
    for _ in range(2):
        buffer.append(KeptBlock(1, "a", plain, b"one"))
    assert buffer.mark() == 2
    buffer.append(KeptBlock(2, "a", plain, b"two"))
    buffer.append(KeptBlock(2, "a", json_lines, b"three"))
    buffer.append(KeptBlock(2, "b", json_lines, b"four"))
    assert [(each.number, each.block.data) for each in buffer.take()] == [(2, b"one\0one"), (3, b"two"), (4, b"three"), (5, b"four")]
    assert buffer.take() == []
    for _ in range(10):
        buffer.append(KeptBlock(3, "a", plain, b"x" * 3000))
    assert sum(len(each.block.data) for each in buffer.take()) < 10_000
    buffer.append(KeptBlock(3, "a", plain, b"x" * 20_000))
    assert buffer.take() == []
    buffer.restore("nonsense")
    assert buffer.mark() == 0
