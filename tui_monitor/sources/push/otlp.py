"""OTLP/HTTP: requests as protobuf or JSON, and their answers (source: opentelemetry-proto, docs/specification.md).

protobuf and opentelemetry-proto are loaded by the first request: 6 MiB and 90 ms that others do not pay.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from tui_monitor.core.sanitize import clean, clip
from tui_monitor.sources.push.decoded import BadPush, Decoded

Signal = Literal["metrics", "traces", "logs"]
_MODULES = {"metrics": "Metrics", "traces": "Trace", "logs": "Logs"}
_REJECTED = {"metrics": "rejected_data_points", "traces": "rejected_spans", "logs": "rejected_log_records"}
_HEX_FIELDS = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")
DEEPEST = 40


def is_json(content_type: str) -> bool:
    """Whether a body is JSON. Raises BadPush 415 where it is neither JSON nor protobuf."""
    media = content_type.partition(";")[0].strip().lower()
    if media == "application/json":
        return True
    if media in ("application/x-protobuf", "application/protobuf"):
        return False
    raise BadPush("OTLP is application/x-protobuf or application/json", 415)


def request_of(signal: Signal, body: bytes, content_type: str) -> Any:
    """The request message. Raises BadPush."""
    from google.protobuf.message import DecodeError

    message = getattr(_service(signal), f"Export{_MODULES[signal]}ServiceRequest")()
    if is_json(content_type):
        _parse_json(body, message)
        return message
    try:
        message.ParseFromString(body)
    except DecodeError:
        raise BadPush("the body is not OTLP protobuf") from None
    return message


def _parse_json(body: bytes, message: Any) -> None:
    from google.protobuf import json_format

    try:
        value = _with_base64(json.loads(body), 0)
        if not isinstance(value, dict):
            raise ValueError("an object is wanted")
        json_format.ParseDict(value, message, ignore_unknown_fields=True, max_recursion_depth=2 * DEEPEST)
    except Exception as error:  # noqa: BLE001  protobuf's reader raises ParseError, OverflowError, SystemError and others for odd values
        raise BadPush(f"the body is not OTLP JSON: {clip(clean(str(error)), 200) or type(error).__name__}") from None


def _with_base64(value: Any, depth: int) -> Any:
    """The value with its ids as base64: OTLP writes them in hex, where JSON of protobuf has base64."""
    if depth > DEEPEST:
        raise ValueError("it is nested too deeply")
    if isinstance(value, list):
        return [_with_base64(each, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64encode(bytes.fromhex(each)).decode()
        if name in _HEX_FIELDS and isinstance(each, str)
        else _with_base64(each, depth + 1)
        for name, each in value.items()
    }


def answer_of(signal: Signal, decoded: Decoded, content_type: str) -> bytes:
    """The answer in the form of the request; `partialSuccess` says what was not taken."""
    response = getattr(_service(signal), f"Export{_MODULES[signal]}ServiceResponse")()
    if decoded.rejected:
        setattr(response.partial_success, _REJECTED[signal], decoded.rejected)
        response.partial_success.error_message = decoded.reason
    if is_json(content_type):
        from google.protobuf import json_format

        return bytes(json_format.MessageToJson(response, indent=None), "utf-8")
    return bytes(response.SerializeToString())


def _service(signal: Signal) -> Any:
    """The generated module of a service."""
    match signal:
        case "metrics":
            from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2

            return metrics_service_pb2
        case "traces":
            from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

            return trace_service_pb2
        case "logs":
            from opentelemetry.proto.collector.logs.v1 import logs_service_pb2

            return logs_service_pb2


def attributes_of(pairs: Iterable[Any]) -> dict[str, str]:
    """Attributes as texts; a list or a map becomes JSON."""
    return {pair.key: text_of_any(pair.value) for pair in pairs}


def text_of_any(value: Any) -> str:
    """An AnyValue as text."""
    found = plain_value(value)
    return found if isinstance(found, str) else "" if found is None else json.dumps(found, ensure_ascii=False)


def plain_value(value: Any, depth: int = 0) -> Any:
    """An AnyValue as JSON has it; bytes as base64."""
    kind = value.WhichOneof("value")
    if kind == "array_value" and depth < DEEPEST:
        return [plain_value(each, depth + 1) for each in value.array_value.values]
    if kind == "kvlist_value" and depth < DEEPEST:
        return {pair.key: plain_value(pair.value, depth + 1) for pair in value.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    return getattr(value, kind) if kind in ("string_value", "bool_value", "int_value", "double_value") else None


def service_of(attributes: Mapping[str, str]) -> str:
    """`service.name`, with `service.namespace` in front where there is one (as Prometheus makes its `job`)."""
    name, space = attributes.get("service.name", ""), attributes.get("service.namespace", "")
    return f"{space}/{name}" if space and name else name
