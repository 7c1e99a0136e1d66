"""Hiding in log lines and spans before they are stored in telemetry.db."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tui_monitor.core.trace import Span, SpanEvent
from tui_monitor.platform.redaction import Redaction
from tui_monitor.runtime.pushed_telemetry import SEPARATOR, TelemetryBatch


def hidden_events(data: bytes, redaction: Redaction) -> bytes:
    """A block of events, each by itself: a pattern may not reach from one to the next."""
    return SEPARATOR.join(map(redaction.line, data.split(SEPARATOR))) if redaction.active else data


def hidden_batch(batch: TelemetryBatch, redaction: Redaction) -> TelemetryBatch:
    """Pushed lines and spans."""
    if not redaction.active:
        return batch
    lines = {service: [hidden_events(block, redaction) for block in blocks] for service, blocks in batch.lines.items()}
    return replace(batch, lines=lines, spans=[_hidden_span(span, redaction) for span in batch.spans])


def _hidden_span(span: Span, redaction: Redaction) -> Span:
    events = tuple(SpanEvent(event.at_us, redaction(event.name), _hidden_attributes(event.attributes, redaction)) for event in span.events)
    attributes = _hidden_attributes(span.attributes, redaction)
    return replace(span, message=redaction(span.message), attributes=attributes, events=events)


def _hidden_attributes(attributes: Mapping[str, str], redaction: Redaction) -> dict[str, str]:
    return {name: redaction.member(name, value) for name, value in attributes.items()}
