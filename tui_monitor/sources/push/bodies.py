"""Bodies of the push protocols: decoded by their kind, and answered in the form of their protocol. Runs in a thread: no shared state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, Protocol

from tui_monitor.sources.push.decoded import Decoded
from tui_monitor.sources.push.json_lines import decode_lines
from tui_monitor.sources.push.json_metrics import decode_metrics
from tui_monitor.sources.push.otlp import Signal, answer_of, request_of
from tui_monitor.sources.push.otlp_metrics import decode_otlp_metrics
from tui_monitor.sources.push.otlp_records import decode_otlp_logs, decode_otlp_traces
from tui_monitor.sources.push.pushgateway import decode_page, group_of

_SIGNALS: dict[str, Signal] = {"otlp_metrics": "metrics", "otlp_traces": "traces", "otlp_logs": "logs"}


class PushBody(Protocol):
    """The part of a request that decoding needs (board/push.py: PushRequest)."""

    @property
    def kind(self) -> Literal["pushgateway", "otlp_metrics", "otlp_traces", "otlp_logs", "metrics", "logs"]: ...  # noqa: D102
    @property
    def body(self) -> bytes: ...  # noqa: D102
    @property
    def sender(self) -> str: ...  # noqa: D102
    @property
    def content_type(self) -> str: ...  # noqa: D102
    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def group(self) -> str: ...  # noqa: D102


def decode(request: PushBody, resource_labels: Sequence[str], now_ms: int) -> Decoded:
    """The contents of a body. Raises BadPush."""
    match request.kind:
        case "pushgateway":
            group = group_of(request.group)
            if request.method == "DELETE":
                return Decoded(job=group["job"], group=group)
            return decode_page(request.body, request.content_type, group, now_ms)
        case "metrics":
            return decode_metrics(request.body)
        case "logs":
            return decode_lines(request.body, request.sender)
        case "otlp_metrics":
            return decode_otlp_metrics(request_of("metrics", request.body, request.content_type), resource_labels)
        case "otlp_traces":
            return decode_otlp_traces(request_of("traces", request.body, request.content_type))
        case "otlp_logs":
            return decode_otlp_logs(request_of("logs", request.body, request.content_type))


def answered(request: PushBody, decoded: Decoded, left_out: int) -> tuple[int, bytes, str]:
    """Status, body and content type of the answer. ``left_out``: series beyond the sender's bound."""
    rejected, reason = decoded.rejected + left_out, decoded.reason or "max_series of this sender is reached"
    if request.kind in _SIGNALS:
        whole = Decoded(rejected=rejected, reason=reason)
        return 200, answer_of(_SIGNALS[request.kind], whole, request.content_type), request.content_type.partition(";")[0]
    if request.kind == "pushgateway":
        text = f"{left_out} new series were left out: {reason}\n" if left_out else ""
        return (202 if request.method == "DELETE" else 200), text.encode(), "text/plain; charset=utf-8"
    return _json_answer(len(decoded.points) + len(decoded.lines) - left_out, rejected, reason)


def _json_answer(taken: int, rejected: int, reason: str) -> tuple[int, bytes, str]:
    """400 where nothing was taken, else 202; both say how much was not and why."""
    body: dict[str, object] = {"accepted": taken}
    if rejected:
        body |= {"rejected": rejected, "error": {"code": "bad_request", "message": reason}}
    return (400 if rejected and taken <= 0 else 202), json.dumps(body).encode(), "application/json"
