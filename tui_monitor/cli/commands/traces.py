"""`traces` and `trace ID`: the traces that applications have pushed."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, TypeVar

from tui_monitor.board.json_shapes import trace_extent, trace_json, trace_summary_json
from tui_monitor.cli.arguments import add_json, count
from tui_monitor.cli.commands.logs import lines_of_blocks, open_telemetry
from tui_monitor.cli.options import Refused, print_error, seconds_of, wall_ms
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table, terminal_width
from tui_monitor.cli.state_access import existing_state
from tui_monitor.core.humanize import latency, stamp
from tui_monitor.core.trace import Span, TraceQuery, TraceSummary, span_tree
from tui_monitor.sources.log.ring import LineQuery
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.telemetry.reader import TelemetryReader

T = TypeVar("T")
NOTHING = "no traces are kept here: configure [push] and [http], and send OTLP to /v1/traces"
BAR = 24
MOST_LINES = 100


def add_traces_arguments(parser: ArgumentParser) -> None:
    """Arguments of `traces`."""
    parser.add_argument("--service", metavar="S", default="", help="with a span of this service")
    parser.add_argument("--operation", metavar="O", default="", help="with a span of this operation")
    parser.add_argument("--slower-than", metavar="D", help="that took at least 500ms, 2s (with --service or --operation: such a span did)")
    parser.add_argument("--errors", action="store_true", help="with a failed span")
    parser.add_argument("--since", metavar="D", help="that began in the last 10m, 2h, 1d")
    parser.add_argument("--limit", type=count, metavar="N", default=50, help="the newest N; default 50")
    add_json(parser)


def add_trace_arguments(parser: ArgumentParser) -> None:
    """Arguments of `trace`."""
    parser.add_argument("id", metavar="ID", help="the trace's id, or its unique beginning")
    add_json(parser)


def run(given: Namespace) -> int:
    """Exit code: 0 (also without matches), 1 without a state or for an unknown trace, 2 for a wrong option, 64 usage."""
    reader = open_telemetry(existing_state(given).telemetry_db)
    if reader is None:
        if given.verb == "trace":
            raise Refused(NOTHING)
        return _print_traces(given, [])
    with closing(reader):
        return _trace(given, reader) if given.verb == "trace" else _print_traces(given, _asked(lambda: reader.traces(_query(given))))


def _query(given: Namespace) -> TraceQuery:
    since = wall_ms() * 1000 - round(1e6 * seconds_of(given.since, "--since")) if given.since else 0
    slower = round(1e6 * seconds_of(given.slower_than, "--slower-than")) if given.slower_than else 0
    return TraceQuery(given.service, given.operation, slower, given.errors, since, given.limit)


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except StorageFault as error:
        raise Refused(f"the traces cannot be read: {error}") from None
    except LookupError as error:
        raise Refused(str(error.args[0])) from None


# --- the list -------------------------------------------------------------------------------------------------------------


def _print_traces(given: Namespace, found: Sequence[TraceSummary]) -> int:
    if given.json:
        print_json([trace_summary_json(trace) for trace in found])
    elif not found:
        print_error(NOTHING if not _narrowed(given) else "no trace matches")
    else:
        now = wall_ms()
        table([_row(trace, now) for trace in found], ("ID", "BEGAN", "TOOK", "SPANS", "FAILED", "SERVICE", "OPERATION"), spare=("SPANS",))
    return 0


def _narrowed(given: Namespace) -> bool:
    return bool(given.service or given.operation or given.slower_than or given.errors or given.since)


def _row(trace: TraceSummary, now: int) -> Sequence[Cell]:
    failed: Cell = (str(trace.errors), "error") if trace.errors else ""
    began = stamp(trace.start_us // 1000, now, None, seconds=True)
    return (
        trace.trace_id[:12],
        began,
        latency(trace.duration_us / 1e6),
        str(trace.spans),
        failed,
        Data(trace.service),
        Data(trace.operation),
    )


# --- one trace ------------------------------------------------------------------------------------------------------------


def _trace(given: Namespace, reader: TelemetryReader) -> int:
    spans = _asked(lambda: reader.trace(given.id))
    lines = _asked(lambda: [*islice(_lines(reader, spans[0].trace_id), MOST_LINES)]) if spans else []
    if given.json:
        print_json(trace_json(spans, lines[::-1]))
        return 0
    begin, length = trace_extent(spans)
    began = stamp(begin // 1000, wall_ms(), None, seconds=True)
    print_line((spans[0].trace_id, "bold"), began, latency(length / 1e6), f"{len(spans)} spans")
    wide = terminal_width() >= 100
    table([_span_row(depth, span, begin, length, wide) for depth, span in span_tree(spans)], ("SPAN", "SERVICE", "TOOK", "", ""))
    for line in reversed(lines):
        print_line(
            (line["at"], "dim"),
            (Data(line["level"] or "-"), line["level"]),
            (Data(line["service"] or line["check"]), "dim"),
            Data(line["message"]),
        )
    return 0


def _lines(reader: TelemetryReader, trace: str) -> Any:
    return (line for line in lines_of_blocks(reader.newest_first(), LineQuery(trace)) if line["trace_id"] == trace)


def _span_row(depth: int, span: Span, begin: int, length: int, wide: bool) -> Sequence[Cell]:
    failed: Cell = (f"error {span.message}".strip(), "error") if span.status == "error" else ""
    bar = bar_of(span.start_us - begin, span.duration_us, length) if wide else ""
    return (Data("  " * depth + span.operation), Data(span.service), latency(span.duration_us / 1e6), bar, failed)


def bar_of(start: int, duration: int, whole: int, width: int = BAR) -> str:
    """Where a span lies within its trace, at least one cell long: "   ==== "."""
    first = min(width - 1, start * width // max(1, whole))
    cells = max(1, min(width - first, round(duration * width / max(1, whole))))
    return "." * first + "=" * cells + "." * (width - first - cells)
