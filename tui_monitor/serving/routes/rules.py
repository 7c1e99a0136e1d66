"""The rules that were added by command: listing, adding, removing."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tui_monitor.board.json_shapes import added_rule_json
from tui_monitor.core.commands import AddRule, Command, RemoveRule
from tui_monitor.serving.answers import ApiError, json_answer
from tui_monitor.serving.endpoint import Endpoint, HttpCall
from tui_monitor.serving.parameters import json_object, seconds_of, severity_of, text_in, texts_in


async def rules(call: HttpCall) -> Response:
    """The added rules, by name."""
    return json_answer({"rules": [added_rule_json(rule, waiting=False) for rule in await call.backend.added_rules()]})


async def add(call: HttpCall) -> Response:
    """Add a rule; `condition` is another word for `when`."""
    given = await json_object(call)
    command = AddRule(
        text_in(given, "name"),
        text_in(given, "when" if "when" in given else "condition"),
        0.0 if given.get("for") is None else seconds_of(given["for"], "for"),
        severity_of(given.get("severity") or "warning", "severity"),
        tuple(texts_in(given, "to")),
        0.0 if given.get("cooldown") is None else seconds_of(given["cooldown"], "cooldown"),
    )
    return await _done(call, command, 201)


async def remove(call: HttpCall) -> Response:
    """Remove an added rule. Raises ApiError 404."""
    if call.path["name"] not in {rule.name for rule in await call.backend.added_rules()}:
        raise ApiError(404, "there is no added rule of this name")
    return await _done(call, RemoveRule(call.path["name"]), 200)


async def _done(call: HttpCall, command: Command, status: int) -> Response:
    result = await call.backend.command(command, call.by())
    if not result.ok:
        raise ApiError(400, result.text)
    return json_answer({"success": True, "message": result.text}, status)


def _text(doc: str) -> dict[str, Any]:
    return {"type": "string", "description": doc}


BODY = {
    "type": "object",
    "required": ["name", "when"],
    "properties": {
        "name": _text("the alert's name"),
        "when": _text('"cpu_usage > 90" or PromQL'),
        "for": _text('how long it must hold, for example "5m"'),
        "severity": _text("info, warning, error or critical"),
        "to": {"type": "array", "items": {"type": "string"}, "description": "notifiers or recipient groups"},
        "cooldown": _text("after a resolve, fire again no sooner than this"),
    },
}
ENDPOINTS = (
    Endpoint("GET", "/api/rules", rules, "the rules that were added by command"),
    Endpoint("POST", "/api/rules", add, "add a rule", scope="admin", open="", body=BODY),
    Endpoint("DELETE", "/api/rules/{name}", remove, "remove an added rule", scope="admin", open=""),
)
