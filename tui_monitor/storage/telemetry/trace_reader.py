"""Reading of traces from telemetry.db."""

from __future__ import annotations

import json
import sqlite3
import zlib

from tui_monitor.core.trace import Span, TraceQuery, TraceSummary, span_from

_COLUMNS = "t.trace, t.service, t.operation, t.start_us, t.end_us - t.start_us, t.spans, t.errors"
MOST_BLOCKS = 1000
SHORTEST_PREFIX = 4


def find_traces(db: sqlite3.Connection, query: TraceQuery) -> list[TraceSummary]:
    """The traces that a query selects, newest first. With a service or operation the durations of those spans count."""
    where = ["t.start_us >= ?"]
    texts: list[str | int] = [query.since_us]
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
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM traces t WHERE {' AND '.join(where)} ORDER BY t.start_us DESC LIMIT ?", (*texts, query.limit)
    )
    return [TraceSummary(*row) for row in rows]


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
