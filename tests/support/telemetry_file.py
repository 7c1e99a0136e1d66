"""Log lines and traces in a telemetry.db, as the monitor stores them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tui_monitor.board.values import RequestNames, RequestRow, RequestTable
from tui_monitor.core.trace import Span
from tui_monitor.sources.log.ring import joined
from tui_monitor.storage.telemetry.schema import LogStream, StoredBlock
from tui_monitor.storage.telemetry.writer import TelemetryWriter

GIB = 2**30
EXAMPLE_TRACE = 0x5EED_0000_0000_4BF9_2F35_77B3_4DA6_0000


def event(at: int, level: str, text: str, **fields: Any) -> bytes:
    """One JSON line with a stamp (UTC ms)."""
    return json.dumps({"time": at / 1000, "level": level, "msg": text, **fields}).encode()


def write_lines(path: Path, source: str, blocks: Iterable[tuple[int, Sequence[bytes]]], *, service: bool = False) -> None:
    """Append blocks of JSON events, each with its time of arrival (UTC ms), of a check or of a service."""
    write_blocks(path, [(source, service, at, events) for at, events in blocks])


def write_blocks(path: Path, blocks: Iterable[tuple[str, bool, int, Sequence[bytes]]]) -> None:
    """Append blocks of several sources in this order: name, whether it is a service, time of arrival, events."""
    ids: dict[tuple[str, bool], int] = {}
    with closing(TelemetryWriter(path)) as writer:
        added = []
        for source, service, at, events in blocks:
            if (source, service) not in ids:
                stream = LogStream("" if service else source, source if service else "", '{"format": "json"}')
                ids[source, service] = writer.begin(stream, None)
            added.append((ids[source, service], GIB, [StoredBlock(0, at, "/var/log/app.json", "json", joined(events))]))
        writer.append(added)


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


def write_example(path: Path, now: int) -> None:
    """Half an hour of lines of two checks and a service, with an outage of four minutes at its end, and the traces of the service."""
    begin = now - 1_800_000
    blocks: list[tuple[str, bool, int, Sequence[bytes]]] = []
    spans: list[list[Span]] = []
    for number, at in enumerate(range(begin, now, 3000)):
        fails = at > now - 252_000 and number % 3 == 0
        took = 1840 if fails else 40 + number * 7919 % 90
        trace = f"{EXAMPLE_TRACE + number:032x}"
        level, text = ("error", "payment: upstream timed out") if fails else ("info", "order stored")
        fields = {"order": 48_000 + number, "customer.id": 700 + number % 40, "took_ms": took, "trace_id": trace}
        blocks.append(("api-log", False, at, [event(at, level, text, **fields)]))
        path_of = ("/orders", "/cart", "/search?q=shoes")[number % 3]
        blocks.append(
            (
                "web-access",
                False,
                at,
                [event(at + 20, "warning" if fails else "info", f"{502 if fails else 200} GET {path_of}", client="203.0.113.7")],
            )
        )
        if number % 4 == 0:
            blocks.append(("shop", True, at, [event(at + 40, "debug", "cache miss", key=f"product:{number}", node="web-1")]))
        if number % 50 == 0:
            stack = 'Traceback (most recent call last):\n  File "pool.py", line 81, in acquire\nTimeoutError: no connection in 5 s'
            blocks.append(("shop", True, at, [event(at + 60, "critical", stack, pool="orders")]))
        spans.append(_example_trace(number, at * 1000, took * 1000, fails))
    write_blocks(path, blocks)
    write_spans(path, *spans)


def _example_trace(number: int, at: int, took: int, fails: bool) -> list[Span]:
    trace, status = EXAMPLE_TRACE + number, {"status": "error", "message": "deadline exceeded"} if fails else {"status": "ok"}
    operation = ("POST /orders", "GET /cart", "GET /search")[number % 3]
    attributes = {"http.request.method": operation.split()[0], "http.route": operation.split()[1], "user.tier": "gold"}
    return [
        span(trace, 1, 0, "shop", operation, at, took, kind="server", attributes=attributes, **status),
        span(trace, 2, 1, "shop", "authenticate", at + took // 50, took // 8),
        span(trace, 3, 1, "cart", "GET cart", at + took // 6, took // 5, kind="client", attributes={"net.peer.name": "cart:8080"}),
        span(trace, 4, 1, "payment", "charge", at + took * 2 // 5, took // 2, kind="client", **status),
        span(trace, 5, 4, "postgres", "SELECT orders", at + took * 9 // 20, took // 3, attributes={"db.statement": "SELECT 1"}),
    ]


def example_requests() -> tuple[RequestTable, ...]:
    """The request tables of an API, one route of which fails and one is slow, and of an access log without latencies."""
    names = RequestNames("http_requests_total", "http_request_duration_seconds", "check", "method", "route", "status_code")
    routes = (
        RequestRow("/cart", "GET", 9300, 31.0, 0, 0.0, 0.02, 0.018, 0.044, 0.081, 2),
        RequestRow("/orders", "POST", 3120, 10.4, 402, 0.129, 0.5, 0.21, 1.84, 2.6, 7),
        RequestRow("/search", "GET", 2700, 9.0, 3, 0.0011, 0.04, 0.035, 0.09, 0.31, 1),
        RequestRow("/invoices/:id/lines/:line", "GET", 36, 0.12, 0, 0.0, 1.2, 1.1, 2.4, 3.1, 0),
    )
    total = RequestRow("", "", 15_156, 50.52, 405, 0.0267, 0.1, 0.04, 0.9, 1.9, 10)
    files = (RequestRow("/static/:file", "GET", 60_000, 200.0, 12, 0.0002), RequestRow("/", "GET", 600, 2.0, 0, 0.0))
    access = RequestNames("http_requests_total", "", "check", "method", "route", "status_code")
    return (
        RequestTable("api", 300, "5xx", 4, total, routes, names),
        RequestTable("web", 300, "5xx", 2, RequestRow("", "", 60_600, 202.0, 12, 0.0002), files, access),
    )
