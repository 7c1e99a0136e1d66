"""Answers: JSON, and each family's shape of an error."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

PROMETHEUS_KINDS = {
    400: "bad_data",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    406: "not_acceptable",
    422: "execution",
    503: "unavailable",
    500: "internal",
}
OWN_CODES = {
    400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 409: "conflict",
    413: "too_large", 415: "unsupported_media_type", 421: "wrong_host", 429: "too_many_requests", 500: "internal", 503: "unavailable",
}  # fmt: skip


class ApiError(Exception):
    """What is wrong with a request, for its sender. ``kind`` replaces the family's word for the status."""

    def __init__(self, status: int, text: str, *, kind: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.kind = kind
        self.headers = headers or {}


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON body; NaN and infinities are not JSON and must be texts or null by then."""
    body = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, headers=headers, media_type="application/json")


def text_answer(text: str, status: int = 200) -> Response:
    """A plain text."""
    return Response(text, status, media_type="text/plain")


def own_error(error: ApiError) -> Response:
    """The own API's shape: {"error": {"code", "message"}}."""
    return json_answer(
        {"error": {"code": error.kind or OWN_CODES.get(error.status, "error"), "message": error.text}}, error.status, error.headers
    )


def prometheus_error(error: ApiError) -> Response:
    """Prometheus' shape: {"status": "error", "errorType", "error"}."""
    kind = error.kind or PROMETHEUS_KINDS.get(error.status, "bad_data")
    return json_answer({"status": "error", "errorType": kind, "error": error.text}, error.status, error.headers)


def alertmanager_error(error: ApiError) -> Response:
    """Alertmanager's shape: the text as a JSON string."""
    return json_answer(error.text, error.status, error.headers)


def text_error(error: ApiError) -> Response:
    """A plain text, for exposition, push and probes of load balancers."""
    return Response(error.text + "\n", error.status, headers=error.headers, media_type="text/plain")
