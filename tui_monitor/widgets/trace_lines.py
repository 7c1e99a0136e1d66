"""Traces as rows: the list, and the waterfall of one trace with a bar for each span. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.table_heads import table_head
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.core.trace import OperationSummary, Span, TraceSummary
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, data_style

SERVICE_STYLES = ("line-1", "line-2", "line-3", "line-4", "line-5", "line-6")
WIDE = 100
NARROW = 60
SERVICES = 80
"""From this width on a waterfall names services beside colouring them."""


def us(duration: int) -> str:
    """A duration in microseconds."""
    return f.latency(duration / 1e6)


@frozen
class SpanRow:
    """A span in its trace: its depth, and where the whole trace begins and how long it is (microseconds)."""

    depth: int
    span: Span
    begin: int
    length: int
    style: str


def span_rows(tree: Sequence[tuple[int, Span]]) -> list[SpanRow]:
    """The rows of a trace from its tree; each service has a colour."""
    if not tree:
        return []
    begin = min(span.start_us for _, span in tree)
    length = max(1, max(span.start_us + span.duration_us for _, span in tree) - begin)
    services = list(dict.fromkeys(span.service for _, span in tree))
    colours: Mapping[str, str] = {name: SERVICE_STYLES[index % 6] for index, name in enumerate(services)}
    return [SpanRow(depth, span, begin, length, colours[span.service]) for depth, span in tree]


def span_line(row: SpanRow, width: int, look: RenderStyle) -> Line:
    """One span: operation below its parent, service, bar, duration."""
    span, failed = row.span, row.span.status == "error"
    line = LineBuilder(width, data_style(look)).gap(1)
    bar = _bar_width(width)
    took = us(span.duration_us)
    named = max(10, width - bar - 12 - (15 if width >= SERVICES else 0))
    indent = " " * min(row.depth * (2 if width >= SERVICES else 1), max(0, named - 16))
    line.append(f"{look.glyphs.unhealthy} " if failed else "  ", "critical").append(indent + span.operation, "text", named - 2).gap()
    if width >= SERVICES:
        line.name(span.service, row.style, 14).gap()
    before, filled = bar_cells(span.start_us - row.begin, span.duration_us, row.length, bar)
    line.append(look.glyphs.track * before, "track").append(look.glyphs.full * filled, "critical" if failed else row.style)
    line.append(look.glyphs.track * (bar - before - filled), "track")
    return line.gap().append(took, "strong" if failed else "dim", 8, right=True).line()


def _bar_width(width: int) -> int:
    return width * 2 // 5 if width >= WIDE else max(8, width // 3)


def bar_cells(start: int, duration: int, length: int, width: int) -> tuple[int, int]:
    """The empty cells before a bar and its filled ones, at least one."""
    first = min(width - 1, max(0, start) * width // max(1, length))
    return first, max(1, min(width - first, round(duration * width / max(1, length))))


def axis_line(length: int, width: int, look: RenderStyle) -> Line:
    """The times above the bars: the beginning, the middle, the end."""
    bar = _bar_width(width)
    middle, end = us(length // 2) if bar >= 24 else "", us(length)
    row = LineBuilder(width, look).gap(width - bar - 10)
    return row.append("0", "dim").gap(bar // 2 - 1).append(middle, "dim").align(len(end) + 10).append(end, "dim").line()


def span_facts(span: Span, begin: int) -> list[tuple[str, str, str]]:
    """Name, text and style of what is known of a span: errors first, then attributes and events."""
    facts = [
        ("error", span.message or "yes", "critical") if span.status == "error" else ("status", span.status, "text"),
        ("service", span.service, "text"),
        ("operation", span.operation, "text"),
        ("took", f"{us(span.duration_us)}, from {us(span.start_us - begin)} on", "text"),
        ("kind", span.kind, "text"),
        *((name, text, "text") for name, text in span.attributes.items()),
    ]
    for event in span.events:
        facts.append((f"event {us(event.at_us - span.start_us)}", event.name, "strong"))
        facts += [(f"  {name}", text, "text") for name, text in event.attributes.items()]
    return [*facts, ("span", span.span_id, "dim"), ("parent", span.parent_id or "none", "dim")]


def attributes_line(span: Span, width: int, look: RenderStyle) -> Line:
    """The attributes in one line."""
    row = LineBuilder(width, look).gap(2)
    if span.message:
        row.name(span.message, "critical").gap(2)
    for name, text in span.attributes.items():
        row.append(f"{name}=", "dim").append(" ".join(clean(text).split()), "text").gap(2)
    return row.line()


def trace_heads(width: int, look: RenderStyle) -> Sequence[Line]:
    """The columns' names of the list of traces."""
    return [_trace_row(_heads(look, "began", "took", "", "spans", "failed", "service", "operation"), "dim", "dim", 0.0, width, look)]


def _heads(look: RenderStyle, *names: str) -> Sequence[str]:
    return [table_head(name, look.words.language) for name in names]


def trace_line(trace: TraceSummary, longest: int, now: int, width: int, look: RenderStyle) -> Line:
    """One trace; its bar is a share of the longest one's."""
    began = f.stamp(trace.start_us // 1000, now, look.zone, seconds=True)
    cells = (began, us(trace.duration_us), "bar", str(trace.spans), str(trace.errors or ""), trace.service, trace.operation)
    return _trace_row(cells, "critical" if trace.errors else "text", "text", trace.duration_us / max(1, longest), width, data_style(look))


def _trace_row(cells: Sequence[str], failed: str, style: str, share: float, width: int, look: RenderStyle) -> Line:
    began, took, bar, spans, errors, service, operation = cells
    row = LineBuilder(width, look).gap(1)
    row.append(look.glyphs.unhealthy if errors.isdigit() else " ", "critical").gap().append(began, "dim", 8 if width < WIDE else 15).gap()
    row.append(took, "strong" if style == "text" else style, 7, right=True).gap()
    if width >= WIDE:
        filled = max(1, round(share * 16)) if bar else 0
        row.append(look.glyphs.full * filled, failed if failed == "critical" else "bar", 16).gap()
        row.append(spans, style, 5, right=True).gap().append(errors, failed, 6, right=True).gap(2)
    if width >= NARROW:
        row.name(service, "accent" if style == "text" else style, 14).gap()
    return row.name(operation, style).line()


def operation_heads(width: int, look: RenderStyle) -> Sequence[Line]:
    """The columns' names of the list of operations."""
    return [_operation_row(_heads(look, "mean", "longest", "", "traces", "failed", "service", "operation"), 0.0, width, look, "dim")]


def operation_line(one: OperationSummary, longest: int, width: int, look: RenderStyle) -> Line:
    """One operation."""
    cells = (us(one.mean_us), us(one.longest_us), "bar", str(one.traces), str(one.failed or ""), one.service, one.operation)
    return _operation_row(cells, one.mean_us / max(1, longest), width, data_style(look), "text")


def _operation_row(cells: Sequence[str], share: float, width: int, look: RenderStyle, style: str) -> Line:
    mean, longest, bar, traces, failed, service, operation = cells
    row = LineBuilder(width, look).gap(2).append(mean, "strong" if style == "text" else style, 8, right=True).gap()
    row.append(longest, style, 8, right=True).gap()
    if width >= WIDE:
        row.append(look.glyphs.full * (max(1, round(share * 16)) if bar else 0), "bar", 16).gap()
    if width >= NARROW:
        row.append(traces, style, 6, right=True).gap().append(failed, "critical" if failed.isdigit() else style, 6, right=True).gap(2)
        row.name(service, "accent" if style == "text" else style, 14).gap()
    return row.name(operation, style).line()
