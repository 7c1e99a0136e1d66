"""Push: what applications send, in the field's protocols. The bodies are decoded in the monitor (sources/push)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.responses import Response

from tui_monitor.board.push import PushKind, PushRequest
from tui_monitor.core.units import parse_duration
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.body import body_of, pairs_of
from tui_monitor.serving.endpoint import Endpoint, Family, HttpCall, Parameter

Handler = Callable[[HttpCall], Awaitable[Response]]


def handler_of(kind: PushKind) -> Handler:
    """The handler of one protocol."""

    async def handle(call: HttpCall) -> Response:
        request = PushRequest(
            kind,
            await body_of(call.request),
            sender=call.caller.name if call.caller.token else "",
            address=call.request.scope["address"],
            content_type=call.request.headers.get("content-type", ""),
            method=call.request.method,
            group=call.path.get("group", ""),
            ttl=ttl_of(call),
        )
        answer = await call.backend.receive(request)
        headers = {"retry-after": str(answer.wait)} if answer.wait else None
        return Response(answer.body, answer.status, headers=headers, media_type=answer.content_type)

    return handle


def ttl_of(call: HttpCall) -> float:
    """The query parameter `ttl` in seconds ("1d", 3600), 0 where there is none. Raises ApiError 400."""
    text = dict(pairs_of(call.request.url.query)).get("ttl", "")
    if not text:
        return 0.0
    try:
        seconds = parse_duration(float(text) if text.replace(".", "", 1).isdigit() else text)
    except ValueError as error:
        raise ApiError(400, f"ttl: {error}") from None
    if not 1 <= seconds <= 366 * 86400:
        raise ApiError(400, "ttl must lie between 1s and 366d")
    return seconds


_TTL = Parameter("ttl", 'end the group so long after its last push, for example "2d"')
_LABELS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
_POINT = {
    "type": "object",
    "required": ["name", "value"],
    "properties": {"name": {"type": "string"}, "value": {"type": "number"}, "labels": _LABELS, "kind": {"enum": ["gauge", "counter"]}},
}
METRICS_BODY = {"type": "array", "items": _POINT}
LOGS_BODY = {"type": "array", "items": {"type": "object"}}


def _endpoint(
    method: str, path: str, kind: PushKind, summary: str, family: Family = "text", *, body: Mapping[str, Any] | None = None,
    parameters: tuple[Parameter, ...] = (), answer: str = "text/plain",
) -> Endpoint:  # fmt: skip
    handler = handler_of(kind)
    return Endpoint(method, path, handler, summary, scope="push", open="", family=family, body=body, parameters=parameters, answer=answer)


def _otlp(path: str, kind: PushKind, summary: str) -> Endpoint:
    return _endpoint("POST", path, kind, summary, answer="application/x-protobuf")


_OTLP: tuple[tuple[str, PushKind], ...] = (("metrics", "otlp_metrics"), ("traces", "otlp_traces"), ("logs", "otlp_logs"))
ENDPOINTS = (
    _endpoint("POST", "/api/v1/metrics", "metrics", "push metrics as JSON", "own", body=METRICS_BODY, answer="application/json"),
    _endpoint("POST", "/logs", "logs", "push log lines as JSON, as Winston does", "own", body=LOGS_BODY, answer="application/json"),
    *(_otlp(f"/v1/{signal}", kind, f"push {signal} by OTLP") for signal, kind in _OTLP),
    *(_otlp(f"/api/v1/otlp/v1/{signal}", kind, f"push {signal} by OTLP, at Prometheus' address") for signal, kind in _OTLP),
    _endpoint("PUT", "/metrics/{group:path}", "pushgateway", "replace a group of metrics, as to a Pushgateway", parameters=(_TTL,)),
    _endpoint("POST", "/metrics/{group:path}", "pushgateway", "replace metrics of the same names in a group", parameters=(_TTL,)),
    _endpoint("DELETE", "/metrics/{group:path}", "pushgateway", "end a group of metrics"),
)
