"""Reading of traces from telemetry.db."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping

from tui_monitor.core.trace import OperationSummary, Span, TraceOrder, TraceQuery, TraceSummary, span_from

_COLUMNS = "t.trace, t.service, t.operation, t.start_us, t.end_us - t.start_us, t.spans, t.errors"
MOST_BLOCKS = 1000
SHORTEST_PREFIX = 4
MOST_OPERATIONS = 500
ORDERS: Mapping[TraceOrder, str] = {
    "newest": "t.start_us DESC",
    "slowest": "t.end_us - t.start_us DESC, t.start_us DESC",
    "failed": "t.errors > 0 DESC, t.start_us DESC",
}
_FOR_EVER = 1 << 62


def find_traces(db: sqlite3.Connection, query: TraceQuery) -> list[TraceSummary]:
    """The traces that a query selects, in its order. With a service or operation the durations of those spans count."""
    where = ["t.start_us >= ?", "t.start_us <= ?"]
    texts: list[str | int] = [query.since_us, query.until_us or _FOR_EVER]
    if query.errors:
        where.append("t.errors > 0")
    if query.service or query.operation:
        conditions = ["o.trace = t.id", "o.duration_us >= ?"]
        texts.append(query.slower_than_us)
        for column, wanted in (("service", query.service), ("operation", query.operation)):
            if wanted:
                conditions.append(f"o.{column} = ?")
                texts.append(wanted)
        where.append(f"EXISTS (SELECT 1 FROM trace_operations o WHERE {' AND '.join(conditions)})")
    else:
        where.append("t.end_us - t.start_us >= ?")
        texts.append(query.slower_than_us)
    order = ORDERS[query.order]
    rows = db.execute(f"SELECT {_COLUMNS} FROM traces t WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?", (*texts, query.limit))
    return [TraceSummary(*row) for row in rows]


def find_operations(db: sqlite3.Connection, since_us: int, until_us: int) -> list[OperationSummary]:
    """The operations of the traces that began in a time, the slowest on the mean first."""
    rows = db.execute(
        "SELECT o.service, o.operation, count(*), sum(o.errors > 0), CAST(avg(o.duration_us) AS INTEGER), max(o.duration_us)"
        " FROM trace_operations o JOIN traces t ON t.id = o.trace WHERE t.start_us >= ? AND t.start_us <= ?"
        " GROUP BY o.service, o.operation ORDER BY 5 DESC, 1, 2 LIMIT ?",
        (since_us, until_us or _FOR_EVER, MOST_OPERATIONS),
    )
    return [OperationSummary(*row) for row in rows]


def find_trace(db: sqlite3.Connection, ident: str) -> list[Span]:
    """The spans of a trace, by start. LookupError for an unknown or ambiguous beginning of an id."""
    prefix = ident.strip().lower()
    if len(prefix) < SHORTEST_PREFIX or not all(letter in "0123456789abcdef" for letter in prefix):
        raise LookupError(f"a trace id has hex digits; give at least its first {SHORTEST_PREFIX}")
    found = db.execute("SELECT id, trace FROM traces WHERE trace >= ? AND trace < ? LIMIT 3", (prefix, prefix + "g")).fetchall()
    if not found:
        raise LookupError(f"no trace {prefix} is kept (any more)")
    if len(found) > 1:
        raise LookupError(f"several traces begin with {prefix}: {', '.join(row[1] for row in found)}")
    blocks = db.execute("SELECT data FROM trace_blocks WHERE trace = ? ORDER BY id LIMIT ?", (found[0][0], MOST_BLOCKS)).fetchall()
    spans = {}
    for (data,) in blocks:
        for value in json.loads(zlib.decompress(data)):
            span = span_from(value)
            spans[span.span_id] = span  # a sender that repeats a request sends the same spans
    return sorted(spans.values(), key=lambda span: (span.start_us, span.span_id))
