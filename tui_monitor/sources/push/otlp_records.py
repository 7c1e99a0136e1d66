"""OTLP traces and logs as spans and lines."""

from __future__ import annotations

from typing import Any

from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.trace import Span, SpanEvent, SpanKind, SpanStatus
from tui_monitor.sources.log.levels import level_of_number, level_of_word
from tui_monitor.sources.push.decoded import Decoded, PushedLine, Rejections
from tui_monitor.sources.push.json_lines import LONGEST_LINE, MOST_LINES, encoded, service_name
from tui_monitor.sources.push.otlp import attributes_of, plain_value, service_of

MOST_SPANS = 20_000
MOST_ATTRIBUTES = 50
MOST_EVENTS = 20
LONGEST_TEXT = 2000
LONGEST_OPERATION = 200
LONGEST_SPAN_US = 86_400_000_000
_KINDS: tuple[SpanKind, ...] = ("internal", "internal", "server", "client", "producer", "consumer")
_STATUS: tuple[SpanStatus, ...] = ("unset", "ok", "error")


def decode_otlp_traces(request: Any) -> Decoded:
    """The spans of a request."""
    rejections, spans, job = Rejections(), list[Span](), ""
    for group in request.resource_spans:
        service = service_name(service_of(attributes_of(group.resource.attributes)))
        job = job or service
        for span in (span for scope in group.scope_spans for span in scope.spans):
            if len(span.trace_id) != 16 or len(span.span_id) != 8 or not any(span.trace_id):
                rejections.add("a span needs a trace id of 16 bytes and a span id of 8")
            elif len(spans) == MOST_SPANS:
                rejections.add(f"more than {MOST_SPANS:,} spans at once")
            else:
                spans.append(_span(span, service))
    return Decoded(spans=tuple(spans), job=job, rejected=rejections.count, reason=rejections.reason)


def _span(span: Any, service: str) -> Span:
    duration = max(0, span.end_time_unix_nano - span.start_time_unix_nano) // 1000
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex() if len(span.parent_span_id) == 8 else "",
        service=service,
        operation=clip(clean(span.name), LONGEST_OPERATION) or "unnamed",
        start_us=min(span.start_time_unix_nano // 1000, 1 << 62),
        duration_us=min(duration, LONGEST_SPAN_US),
        kind=_KINDS[span.kind] if 0 <= span.kind < len(_KINDS) else "internal",
        status=_STATUS[span.status.code] if 0 <= span.status.code < len(_STATUS) else "unset",
        message=_text(span.status.message),
        attributes=_texts(span.attributes),
        events=tuple(map(_event, span.events[:MOST_EVENTS])),
    )


def _event(event: Any) -> SpanEvent:
    return SpanEvent(event.time_unix_nano // 1000, _text(event.name), _texts(event.attributes))


def _texts(pairs: Any) -> dict[str, str]:
    return {_text(key): _text(value) for key, value in [*attributes_of(pairs).items()][:MOST_ATTRIBUTES]}


def _text(value: str) -> str:
    return clip(clean(value, newlines=True), LONGEST_TEXT)


def decode_otlp_logs(request: Any) -> Decoded:
    """The lines of a request."""
    rejections, lines, job = Rejections(), list[PushedLine](), ""
    for group in request.resource_logs:
        resource = attributes_of(group.resource.attributes)
        service = service_name(service_of(resource))
        job = job or service
        for record in (record for scope in group.scope_logs for record in scope.log_records):
            if len(lines) == MOST_LINES:
                rejections.add(f"more than {MOST_LINES:,} lines at once")
            else:
                lines.append(_line(record, service, resource.get("host.name", "")))
    return Decoded(lines=tuple(lines), job=job, rejected=rejections.count, reason=rejections.reason)


def _line(record: Any, service: str, host: str) -> PushedLine:
    level = level_of_word(record.severity_text) or level_of_number(record.severity_number, "severity_number") * bool(record.severity_number)
    body = plain_value(record.body)
    at = (record.time_unix_nano or record.observed_time_unix_nano) // 1_000_000
    item = {
        "time": at,
        "level": level,
        "message": body if isinstance(body, str) else encoded({"body": body}).decode(),
        "trace_id": record.trace_id.hex(),
        "span_id": record.span_id.hex(),
        "host": host,
    }
    attributes = {pair.key: plain_value(pair.value) for pair in record.attributes[:MOST_ATTRIBUTES]}
    whole = {**{name: value for name, value in attributes.items() if name not in item}, **{k: v for k, v in item.items() if v}}
    data = encoded(whole)
    if len(data) > LONGEST_LINE:
        data = encoded({**item, "message": clip(str(item["message"]), LONGEST_LINE // 8), "truncated": len(data)})
    return PushedLine(service, level, data)
