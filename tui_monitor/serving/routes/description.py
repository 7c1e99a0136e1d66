"""GET /api/openapi.json: the description of all routes."""

from __future__ import annotations

from starlette.responses import Response

from tui_monitor.serving.answers import json_answer
from tui_monitor.serving.endpoint import Endpoint, HttpCall


async def description(call: HttpCall) -> Response:
    """The document, as in docs/openapi.json."""
    return json_answer(call.shared.description())


ENDPOINTS = (Endpoint("GET", "/api/openapi.json", description, "this description"),)
