"""Traces in telemetry.db: spans as they come, whole traces deleted beyond the bound, failed ones and the slowest last."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence

from tui_monitor.core.trace import Span

SLOWEST = 5
"""Traces of each operation that are kept for being slow."""
ROW_SIZE = 400
"""Bytes that count for a trace's rows in addition to its spans."""
LEAST = 0.95
"""Beyond its bound the table is cut to this share of it, so that not every commit deletes."""
MOST_KEPT = 0.5
"""Failed and slow traces may use this share of the bound; then their oldest go too."""


class TraceWriter:
    """Works within the caller's transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def append(self, spans: Sequence[Span], bound: int) -> None:
        """Append spans; their traces may have begun earlier."""
        by_trace: dict[str, list[Span]] = {}
        for span in spans:
            by_trace.setdefault(span.trace_id, []).append(span)
        for trace, members in by_trace.items():
            self._append(trace, members)
        if spans:
            self._trim(bound)

    def _append(self, trace: str, spans: Sequence[Span]) -> None:
        text = json.dumps([span.to_json() for span in spans], ensure_ascii=False, separators=(",", ":"))
        data = zlib.compress(text.encode("utf-8", "replace"), 1)
        first = next((span for span in spans if not span.parent_id), min(spans, key=lambda span: span.start_us))
        rooted = not first.parent_id
        errors = sum(span.status == "error" for span in spans)
        ident = self._upsert(trace, first, rooted, spans, errors, len(data))
        self._db.execute("INSERT INTO trace_blocks (trace, data) VALUES (?, ?)", (ident, data))
        slow = [self._add_operation(ident, span) for span in spans]
        if errors or any(slow):
            self._db.execute("UPDATE traces SET keep = 1 WHERE id = ?", (ident,))

    def _upsert(self, trace: str, first: Span, rooted: bool, spans: Sequence[Span], errors: int, size: int) -> int:
        """The row of the trace; service and operation are those of the root, once it is known."""
        row = self._db.execute(
            "INSERT INTO traces (trace, service, operation, rooted, start_us, end_us, spans, errors, keep, size)"
            f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ? + {ROW_SIZE}) ON CONFLICT (trace) DO UPDATE SET"
            " service = CASE WHEN excluded.rooted > rooted THEN excluded.service ELSE service END,"
            " operation = CASE WHEN excluded.rooted > rooted THEN excluded.operation ELSE operation END,"
            " rooted = max(rooted, excluded.rooted), start_us = min(start_us, excluded.start_us), end_us = max(end_us, excluded.end_us),"
            f" spans = spans + excluded.spans, errors = errors + excluded.errors, size = size + excluded.size - {ROW_SIZE} RETURNING id",
            (
                trace, first.service, first.operation, rooted, min(span.start_us for span in spans),
                max(span.start_us + span.duration_us for span in spans), len(spans), errors, size,
            ),
        ).fetchall()  # fmt: skip
        return int(row[0][0])

    def _add_operation(self, trace: int, span: Span) -> bool:
        """Note a span's operation; returns whether it is among the slowest of it."""
        self._db.execute(
            "INSERT INTO trace_operations VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " duration_us = max(duration_us, excluded.duration_us), errors = errors + excluded.errors",
            (trace, span.service, span.operation, span.duration_us, span.status == "error"),
        )
        slower = self._db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM trace_operations"
            f" WHERE service = ? AND operation = ? AND duration_us > ? AND trace != ? LIMIT {SLOWEST})",
            (span.service, span.operation, span.duration_us, trace),
        ).fetchone()
        return int(slower[0]) < SLOWEST

    def _trim(self, bound: int) -> None:
        total, kept = self._db.execute("SELECT coalesce(sum(size), 0), coalesce(sum(size * keep), 0) FROM traces").fetchone()
        if total <= bound:
            return
        excess = total - LEAST * bound
        if kept > MOST_KEPT * bound:
            excess -= self._drop_oldest(1, min(excess, kept - LEAST * MOST_KEPT * bound))
        excess -= self._drop_oldest(0, excess)
        self._drop_oldest(1, excess)

    def _drop_oldest(self, keep: int, size: float) -> int:
        """Delete the oldest traces of a kind, at least so many bytes; returns how many went."""
        freed, gone = 0, []
        rows = self._db.execute("SELECT id, size FROM traces WHERE keep = ? ORDER BY id", (keep,))
        while freed < size and (row := rows.fetchone()) is not None:
            gone.append((row[0],))
            freed += row[1]
        rows.close()
        self._delete(gone)
        return freed

    def _delete(self, traces: Iterable[tuple[int]]) -> None:
        gone = list(traces)
        for table, column in (("trace_blocks", "trace"), ("trace_operations", "trace"), ("traces", "id")):
            self._db.executemany(f"DELETE FROM {table} WHERE {column} = ?", gone)
