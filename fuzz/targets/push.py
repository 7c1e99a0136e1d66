"""Pushed bodies and StatsD packets: accepted or refused, from any sender; accepted ones can be stored."""

from __future__ import annotations

import json
from collections.abc import Callable

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.board.push import PushKind, PushRequest
from tui_monitor.checks.fence import admit_samples
from tui_monitor.core.values import Sample
from tui_monitor.sources.push import json_metrics, otlp, pushgateway, statsd
from tui_monitor.sources.push.bodies import answered, decode
from tui_monitor.sources.push.decoded import BadPush
from tui_monitor.sources.push.intake import PushIntake
from tui_monitor.sources.push.statsd import StatsdReader
from tui_monitor.sources.push.table import SeriesTable

AT = 1_790_000_000_000
_JSON, _PROTOBUF = "application/json", "application/x-protobuf"


def _bodies(*kinds: PushKind) -> Callable[[bytes | str], bool]:
    """Each decoder of these, in both forms; what it takes goes to the table and out again."""

    def call(given: bytes | str) -> bool:
        data = given if isinstance(given, bytes) else given.encode("utf-8", "replace")
        return any([_taken(PushRequest(kind, data, content_type=form, group="job/a")) for kind in kinds for form in (_JSON, _PROTOBUF)])

    return call


def _taken(request: PushRequest) -> bool:
    try:
        decoded = decode(request, ("a",), AT)
    except BadPush as refused:
        assert str(refused)
        return False
    table = SeriesTable(1000, 3600)
    left_out = PushIntake(table).take(decoded, "fuzz", 1.0)
    _storable(table)
    answered(request, decoded, left_out)
    for line in decoded.lines:
        assert b"\0" not in line.data and b"\n" not in line.data and isinstance(json.loads(line.data), dict)
    json.dumps([span.to_json() for span in decoded.spans]).encode()
    return bool(decoded.points or decoded.lines or decoded.spans)


def _packet(data: bytes) -> bool:
    table = SeriesTable(1000, 3600)
    reader = StatsdReader(table, lambda event: None, ("d",))
    reader.packet(data, "fuzz", 1.0)
    reader.packet(data, "fuzz", 2.0)
    _storable(table)
    return reader.lines > reader.faults


def _storable(table: SeriesTable) -> None:
    for part in table.flush(10.0):
        refused = admit_samples([Sample(labels, value) for labels, value in part.samples])[1]
        assert not refused, refused


_RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
_HISTOGRAM = {"count": "3", "sum": 2, "bucketCounts": [1, 2], "explicitBounds": [1]}
_SUMMARY = {"count": 1, "sum": 2, "quantileValues": [{"quantile": 0.5, "value": 1}]}
_KINDS = [
    {"name": "a", "unit": "s", "gauge": {"dataPoints": [{"asDouble": 1.5}]}},
    {"name": "b", "sum": {"isMonotonic": True, "aggregationTemporality": 1, "dataPoints": [{"asInt": "5"}]}},
    {"name": "c", "histogram": {"aggregationTemporality": 2, "dataPoints": [_HISTOGRAM]}},
    {"name": "d", "summary": {"dataPoints": [_SUMMARY]}},
]
_METRICS = {"resourceMetrics": [{"resource": _RESOURCE, "scopeMetrics": [{"metrics": _KINDS}]}]}
_EVENT = {"timeUnixNano": "1", "name": "e", "attributes": [{"key": "k", "value": {"boolValue": True}}]}
_SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "a", "kind": 2, "startTimeUnixNano": "1000",
    "endTimeUnixNano": "3000", "status": {"code": 2, "message": "m"}, "events": [_EVENT],
}  # fmt: skip
_TRACES = {"resourceSpans": [{"scopeSpans": [{"spans": [_SPAN]}]}]}
_BODY = {"kvlistValue": {"values": [{"key": "a", "value": {"arrayValue": {"values": [{"intValue": "1"}]}}}]}}
_RECORD = {"timeUnixNano": "5", "severityNumber": 17, "severityText": "ERROR", "body": _BODY, "traceId": "00"}
_LOGS = {"resourceLogs": [{"scopeLogs": [{"logRecords": [_RECORD]}]}]}
_POINTS = [{"name": "a", "value": 1, "labels": {"b": "c"}, "kind": "counter"}]
_LINE = {"level": "info", "message": "m", "service": "s"}


def _json() -> list[bytes]:
    values: list[object] = [_METRICS, _TRACES, _LOGS, _POINTS, _LINE]
    return [json.dumps(value).encode() for value in values]


def _protobuf() -> list[bytes]:
    pairs: tuple[tuple[otlp.Signal, object], ...] = (("metrics", _METRICS), ("traces", _TRACES), ("logs", _LOGS))
    return [otlp.request_of(signal, json.dumps(value).encode(), _JSON).SerializeToString() for signal, value in pairs]


_LINES = (
    "a:1|c", "a:1|c|@0.5", "a:-1|g", "a:+1|g", "a:1:2:3|ms", "d:1|d|#a:b,c", "a:x|s", "_e{1,2}:a|bc|t:error", "_sc|a|1|#b:c",
    "\n", "|", ":", "#", "@", "nan", "1e999", "\x00", "check:x", "__name__:y", "probe_success:1|g",
)  # fmt: skip
_OTLP: tuple[PushKind, ...] = ("otlp_metrics", "otlp_traces", "otlp_logs")

_PAGE = ("a 1\n", 'a{b="c"} 2\n', "# TYPE a counter\n", "probe_success 1\n")

TARGETS = (
    Target(
        name="push-statsd",
        kind="bytes",
        call=_packet,
        words=_LINES,
        longest=2000,
        seeds=lambda: [line.encode() for line in _LINES],
        fence=lambda: unfenced(statsd.StatsdReader._contained),
    ),
    Target(
        name="push-json",
        kind="json",
        call=_bodies("metrics", "logs", *_OTLP),
        longest=4000,
        seeds=_json,
        fence=lambda: unfenced(json_metrics.objects_of),
    ),
    Target(
        name="push-protobuf",
        kind="bytes",
        call=_bodies(*_OTLP),
        longest=2000,
        seeds=_protobuf,
        fence=lambda: unfenced(otlp.request_of),
    ),
    Target(
        name="push-page",
        kind="bytes",
        call=_bodies("pushgateway"),
        words=_PAGE,
        longest=2000,
        seeds=lambda: [b'# TYPE a gauge\na{b="c"} 1\n', b"probe_success 1\n"],
        fence=lambda: unfenced(pushgateway.decode_page),
    ),
)
