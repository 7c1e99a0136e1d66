"""Traces and pushed lines in telemetry.db: found again, and deleted in the right order beyond their bounds."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tui_monitor.core.trace import Span, SpanEvent, SpanStatus, TraceQuery, span_tree
from tui_monitor.storage.telemetry.reader import TelemetryReader
from tui_monitor.storage.telemetry.schema import MIGRATIONS, LogStream, StoredBlock
from tui_monitor.storage.telemetry.writer import TelemetryWriter

MIB = 2**20


def span(
    trace: int, number: int = 1, parent: int = 0, *, operation: str = "GET /", service: str = "shop", start: int = 0, duration: int = 1000,
    status: SpanStatus = "ok",
) -> Span:  # fmt: skip
    """A span with ids made of numbers."""
    return Span(
        f"{trace:032x}", f"{number:016x}", f"{parent:016x}" if parent else "", service, operation, trace * 1_000_000 + start, duration,
        status=status, attributes={"user": "kim"}, events=(SpanEvent(1, "exception", {"type": "E"}),),
    )  # fmt: skip


def write(path: Path, *requests: Sequence[Span], bound: int = MIB) -> None:
    """Store spans as requests bring them."""
    with closing(TelemetryWriter(path)) as writer:
        for spans in requests:
            writer.append_pushed({}, 0, MIB, spans, bound)


def found(path: Path, **query: object) -> list[int]:
    """The numbers of the traces, newest first."""
    with closing(TelemetryReader(path)) as reader:
        return [int(trace.trace_id, 16) for trace in reader.traces(TraceQuery(**{"limit": 10_000, **query}))]  # type: ignore[arg-type]


def test_a_trace_is_whole_although_its_spans_come_in_pieces(tmp_path: Path) -> None:
    """Children first, the root later, some twice: one trace, named after its root."""
    path = tmp_path / "t.db"
    child, root = span(7, 2, 1, operation="INSERT", service="db", start=10, duration=50, status="error"), span(7, 1, duration=900)
    write(path, [child], [root], [child])
    with closing(TelemetryReader(path)) as reader:
        (summary,) = reader.traces(TraceQuery())
        assert (summary.service, summary.operation, summary.duration_us, summary.errors > 0) == ("shop", "GET /", 900, True)
        assert reader.trace(summary.trace_id[:-1].upper()) == [root, child]
        with pytest.raises(LookupError, match="is kept"):
            reader.trace("ffff")
        with pytest.raises(LookupError, match="hex digits"):
            reader.trace("x")


def test_queries_select_by_span(tmp_path: Path) -> None:
    """Service and operation of any span, durations of those spans, failures, time."""
    path = tmp_path / "t.db"
    write(
        path,
        [span(1, duration=100), span(1, 2, 1, operation="SELECT", service="db", duration=90)],
        [span(2, duration=5000, status="error")],
        [span(3, duration=10), span(3, 2, 1, operation="SELECT", service="db", duration=3)],
    )
    assert found(path) == [3, 2, 1]
    assert found(path, service="db") == found(path, operation="SELECT") == [3, 1]
    assert found(path, service="db", slower_than_us=50) == [1]
    assert found(path, slower_than_us=50) == [2, 1]
    assert found(path, errors=True) == [2]
    assert found(path, since_us=2_000_000, limit=1) == [3]


def test_failed_and_slow_traces_go_last(tmp_path: Path) -> None:
    """Of a flood of ordinary ones the oldest go; the failed one and the five slowest stay."""
    path = tmp_path / "t.db"
    special = [[span(1, status="error")], *([span(number, duration=10_000_000)] for number in range(2, 7))]
    write(path, *special, *([span(number, duration=1000 - number % 7)] for number in range(7, 600)), bound=100_000)
    kept = found(path)
    assert set(kept) >= {1, 2, 3, 4, 5, 6} and 599 in kept and 30 not in kept
    assert len(kept) < 250


def test_a_flood_of_failures_leaves_room_for_others(tmp_path: Path) -> None:
    """Failed traces have at most half; the oldest of them go."""
    path = tmp_path / "t.db"
    write(path, *([span(number, status="error" if number % 3 else "ok")] for number in range(1, 600)), bound=100_000)
    kept = found(path)
    failed = [number for number in kept if number % 3]
    assert len(kept) - len(failed) > 30 and 1 not in failed and 598 in failed


def test_the_file_does_not_grow_beyond_its_bound(tmp_path: Path) -> None:
    """What goes makes room: 2,000 traces would need 1.2 MB."""
    path = tmp_path / "t.db"
    with closing(TelemetryWriter(path)) as writer:
        sizes = []
        for turn in range(40):
            writer.append_pushed({}, 0, MIB, [span(turn * 50 + number + 1) for number in range(50)], 100_000)
            sizes.append(path.stat().st_size)
    assert max(sizes) < 400_000


def test_of_pushed_lines_the_largest_service_loses_its_oldest(tmp_path: Path) -> None:
    """A loud service does not push out a quiet one; lines of checks have bounds of their own and stay."""
    path = tmp_path / "t.db"
    with closing(TelemetryWriter(path)) as writer:
        check = writer.begin(LogStream("app", "", "{}"), None)
        writer.append([(check, MIB, [StoredBlock(1, 1, "", "plain", b"of a check")])])
        writer.append_pushed({"quiet": [b'{"message":"one"}']}, 1, 50_000, [], MIB)
        for number in range(20):
            writer.append_pushed({"loud": [b"%d" % number + b"x" * 5000]}, 2, 50_000, [], MIB)
        writer.forget_others([check])
    with closing(TelemetryReader(path)) as reader:
        assert {(stream.name, stream.service) for stream in reader.streams()} == {("app", ""), ("", "loud"), ("", "quiet")}
        loud = [block.block.data[:2] for block in reader.newest_first(service="loud")]
        assert [block.block.data for block in reader.newest_first(service="quiet")] == [b'{"message":"one"}']
    assert loud[0] == b"19" and 5 <= len(loud) <= 9


def test_a_file_of_before_traces_is_read_and_brought_up_to_date(tmp_path: Path) -> None:
    """Its lines are there; there are no traces yet; the next writer makes their tables."""
    path = tmp_path / "t.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(str(MIGRATIONS[0]) + "PRAGMA user_version = 1;")
    assert found(path) == []
    write(path, [span(1)])
    assert found(path) == [1]


def test_the_tree_of_spans() -> None:
    """Children below their parents, by start; an orphan at the top; a circle ends."""
    root, first, second = span(1, 1), span(1, 2, 1, start=5), span(1, 3, 1, start=2)
    orphan, deep = span(1, 4, 99, start=7), span(1, 5, 2, start=6)
    assert [(depth, each.span_id[-1]) for depth, each in span_tree([deep, orphan, first, second, root])] == [
        (0, "1"), (1, "3"), (1, "2"), (2, "5"), (0, "4"),
    ]  # fmt: skip
    circle = [span(1, 1, 2), span(1, 2, 1)]
    assert sorted(each.span_id for _, each in span_tree(circle)) == sorted(each.span_id for each in circle)


def test_operations_are_summed_up_and_traces_ordered(tmp_path: Path) -> None:
    """What a screen of traces offers: each operation with its traces, failures and times; the slowest or failed traces first."""
    path = tmp_path / "t.db"
    write(path, [span(1, duration=900)], [span(2, duration=100, status="error")], [span(3, operation="GET /b", duration=400)])
    with closing(TelemetryReader(path)) as reader:
        shown = [(one.operation, one.traces, one.failed, one.mean_us, one.longest_us) for one in reader.operations(0, 0)]
        assert shown == [("GET /", 2, 1, 500, 900), ("GET /b", 1, 0, 400, 400)]
        assert [one.operation for one in reader.operations(2_500_000, 0)] == ["GET /b"]
    assert found(path) == [3, 2, 1]
    assert found(path, order="slowest") == [1, 3, 2]
    assert found(path, order="failed") == [2, 3, 1]
    assert found(path, until_us=2_000_000) == [2, 1]
