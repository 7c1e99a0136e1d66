"""Messages by hand."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tui_monitor.core.commands import SendMessage
from tui_monitor.core.values import SEVERITIES, SEVERITY_ALIASES
from tui_monitor.serving.answers import ApiError, json_answer
from tui_monitor.serving.body import object_of
from tui_monitor.serving.endpoint import Endpoint, HttpCall


def text_at(given: dict[str, Any], name: str, default: str | None = None) -> str:
    """A text of a JSON object. Raises ApiError 400."""
    value = given.get(name, default)
    if not isinstance(value, str):
        raise ApiError(400, f'"{name}" must be a text' if name in given else f'"{name}" is missing')
    return value


async def notify(call: HttpCall) -> Response:
    """Queue a message; where it goes is up to `to`, else to the routes of its severity."""
    given = await object_of(call.request)
    severity = text_at(given, "severity", "info")
    severity = SEVERITY_ALIASES.get(severity, severity)
    if severity not in SEVERITIES:
        raise ApiError(400, f'"severity" must be one of {", ".join(SEVERITIES)}')
    to = given.get("to", [])
    if not isinstance(to, list) or not all(isinstance(name, str) for name in to):
        raise ApiError(400, '"to" must be a list of notifiers')
    result = await call.backend.command(SendMessage(text_at(given, "title"), text_at(given, "message"), severity, tuple(to)), call.by())
    if not result.ok:
        raise ApiError(400, result.text)
    return json_answer({"success": True, "message": result.text}, 202)


ENDPOINTS = (Endpoint("POST", "/api/notify", notify, "queue a message", scope="act", open=""),)
