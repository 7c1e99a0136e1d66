"""Traces: the spans of a request through several services. Times are UTC microseconds, as spans are often shorter than a millisecond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from typing import Any, Literal

from tui_monitor.core.frozen import frozen

SpanStatus = Literal["unset", "ok", "error"]
TraceOrder = Literal["newest", "slowest", "failed"]
SpanKind = Literal["internal", "server", "client", "producer", "consumer"]


@frozen
class SpanEvent:
    """A moment within a span, for example an exception."""

    at_us: int
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@frozen
class Span:
    """One operation of one service; ids are hex (32 and 16 digits), ``parent_id`` "" of a root. ``message`` explains an error."""

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    operation: str
    start_us: int
    duration_us: int
    kind: SpanKind = "internal"
    status: SpanStatus = "unset"
    message: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[SpanEvent] = ()

    def to_json(self) -> dict[str, Any]:
        """For the store and for `trace --json`."""
        return asdict(self)


def span_from(value: Mapping[str, Any]) -> Span:
    """The inverse of `to_json`. Raises TypeError, KeyError for another shape."""
    events = tuple(SpanEvent(**each) for each in value.get("events", ()))
    return Span(**{**value, "events": events})


@frozen
class TraceSummary:
    """A trace in a list: its root's (else its first span's) service and operation, how long it took, how many spans failed."""

    trace_id: str
    service: str
    operation: str
    start_us: int
    duration_us: int
    spans: int
    errors: int


@frozen
class TraceQuery:
    """Which traces: those with a span of this service and operation that took at least so long; ``errors``: failed ones only.

    ``until_us``: those that began by then, 0: all. ``order``: which come first, and are kept where there are more than ``limit``.
    """

    service: str = ""
    operation: str = ""
    slower_than_us: int = 0
    errors: bool = False
    since_us: int = 0
    limit: int = 50
    until_us: int = 0
    order: TraceOrder = "newest"


@frozen
class OperationSummary:
    """The spans of one operation in the stored traces: in how many traces, how many of those failed in it, the mean and longest time."""

    service: str
    operation: str
    traces: int
    failed: int
    mean_us: int
    longest_us: int


def span_tree(spans: Sequence[Span]) -> list[tuple[int, Span]]:
    """The spans with their depths, each below its parent, by start. A span whose parent is not there stands at the top.

    A circle of parents, which only a faulty sender makes, is cut at its first span.
    """
    known = {span.span_id for span in spans}
    below: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: span.start_us):
        below.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)
    found: list[tuple[int, Span]] = []
    seen: set[str] = set()
    for start in ("", *known):
        waiting = [(0, span) for span in reversed(below.get(start, []))]
        while waiting:
            depth, span = waiting.pop()
            if span.span_id in seen:
                continue
            seen.add(span.span_id)
            found.append((depth, span))
            waiting += [(depth + 1, child) for child in reversed(below.get(span.span_id, []))]
    return found
