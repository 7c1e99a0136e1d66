"""Messages by hand, tests of notifiers, and what became of messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from tui_monitor.board.json_shapes import notification_json
from tui_monitor.board.listings import StoredMessage
from tui_monitor.config.receivers import mailbox, phone_number
from tui_monitor.core.commands import CommandResult, SendMessage, SendTest
from tui_monitor.core.sanitize import clip
from tui_monitor.serving.answers import ApiError, json_answer
from tui_monitor.serving.endpoint import Endpoint, HttpCall, Parameter
from tui_monitor.serving.parameters import Parameters, json_object, seconds_of, severity_of, text_in, texts_in

Json = dict[str, Any]
MOST_WAIT_S = 30.0
TEST_WAIT_S = 10.0
LOOK_EVERY_S = 0.2
MOST_LISTED = 1000
MOST_TITLE = 500
FINAL = ("sent", "failed", "unknown")
CHANNELS = {"sms": "aligo", "mail": "email"}
"""Words of applications for kinds of notifiers."""


async def notify(call: HttpCall) -> Response:
    """Queue a message; where it goes is up to `to`, `channels` and addresses, else to the routes of its severity."""
    given = await json_object(call)
    severity = severity_of(given.get("severity") or given.get("level") or "info", "severity")
    title = clip(text_in(given, "title"), MOST_TITLE)
    wait = _wait(given.get("wait"))
    addresses = (*_addresses(given, "email_recipients"), *_addresses(given, "sms_recipients"))
    to = (*texts_in(given, "to"), *_of_channels(call, texts_in(given, "channels")))
    command = SendMessage(title, text_in(given, "message"), severity, tuple(dict.fromkeys(to)), addresses)
    result = await call.backend.command(command, call.by())
    if not result.ok:
        raise ApiError(403 if "allowed_addresses" in result.text else 400, result.text)
    return await _answer(call, result, wait)


def _wait(value: Any) -> float:
    return 0.0 if value is None else min(MOST_WAIT_S, seconds_of(value, "wait"))


def _addresses(given: Json, name: str) -> list[str]:
    """Addresses as they are compared with `allowed_addresses`, without a display name. Raises ApiError 400."""
    parse = phone_number if name == "sms_recipients" else lambda text: mailbox(text).address
    try:
        return [parse(one) for one in texts_in(given, name)]
    except ValueError as error:
        raise ApiError(400, f'"{name}": {error}') from None


def _of_channels(call: HttpCall, channels: Sequence[str]) -> list[str]:
    """The notifiers of channels: their names, or all of a kind ("email", "slack", "sms"). Raises ApiError 400."""
    known = call.settings.notifiers
    found: list[str] = []
    for channel in channels:
        of_kind = [one.name for one in known if one.type == CHANNELS.get(channel, channel)]
        if not of_kind and channel not in {one.name for one in known} | set(call.settings.recipients):
            raise ApiError(400, f'there is no channel "{channel}"; configured: {", ".join(one.name for one in known) or "none"}')
        found += of_kind or [channel]
    return found


async def test(call: HttpCall) -> Response:
    """Send a test message through one notifier and wait for what becomes of it; `dry` sends nothing."""
    return await test_answer(call, call.path["name"], Parameters.of(call))


async def test_answer(call: HttpCall, name: str, asked: Parameters) -> Response:
    """The answer to a test of a notifier. Raises ApiError 404 for an unknown one."""
    if name not in call.backend.board.notifiers:
        raise ApiError(404, "there is no notifier of this name")
    severity, wait = asked.severity("severity") or "info", asked.seconds("wait")
    if asked.choice("dry", ("true", "false", "1", "0")) in ("true", "1"):
        return json_answer({"success": True, "dry": True, "results": {}, "message": f"nothing was sent; {name} is configured", "id": None})
    result = await call.backend.command(SendTest(name, severity), call.by())
    if not result.ok:
        raise ApiError(400, result.text)
    return await _answer(call, result, TEST_WAIT_S if wait is None else min(MOST_WAIT_S, wait))


async def _answer(call: HttpCall, result: CommandResult, wait: float) -> Response:
    """202 with the ids, or 200 with each notifier's result once all are known or the time is over."""
    said: Json = {"success": True, "id": next(iter(result.made), None), "ids": list(result.made), "message": result.text}
    if not wait:
        return json_answer(said, 202)
    found = await _finished(call, result.made, wait)
    results = {one.row.notifier: one.row.state == "sent" for one in found}
    errors = {one.row.notifier: one.row.error for one in found if one.row.error}
    well = bool(results) and all(results.values())
    return json_answer({**said, "success": well, "results": results, **({"errors": errors} if errors else {})})


async def _finished(call: HttpCall, ids: Sequence[str], wait: float) -> Sequence[StoredMessage]:
    """The messages once each is sent or failed, else as they are after ``wait`` seconds."""
    end = call.clock.monotonic() + wait
    while True:
        found = await call.backend.messages(len(ids), ids)
        if all(one.row.state in FINAL for one in found) or call.clock.monotonic() >= end:
            return found
        await call.clock.sleep(LOOK_EVERY_S)


async def notifications(call: HttpCall) -> Response:
    """The outbox, newest first."""
    found = await call.backend.messages(Parameters.of(call).whole("limit", 50, 1, MOST_LISTED))
    return json_answer({"notifications": [notification_json(one.row, one.message) for one in found]})


async def notification(call: HttpCall) -> Response:
    """One message. Raises ApiError 404."""
    found = await call.backend.messages(1, (call.path["id"],))
    if not found:
        raise ApiError(404, "there is no message with this id among the newest thousand")
    return json_answer(notification_json(found[0].row, found[0].message))


_TEXTS = {"type": "array", "items": {"type": "string"}, "maxItems": 100}
_WAIT = {"type": "string", "description": 'wait for the results, for example "10s"; at most 30s'}
BODY: Json = {
    "type": "object",
    "required": ["title", "message"],
    "properties": {
        "title": {"type": "string"}, "message": {"type": "string"}, "severity": {"enum": ["info", "warning", "error", "critical"]},
        "level": {"type": "string"}, "to": _TEXTS, "channels": _TEXTS, "email_recipients": _TEXTS, "sms_recipients": _TEXTS, "wait": _WAIT,
    },
}  # fmt: skip
TEST_PARAMETERS = (
    Parameter("dry", "send nothing", "boolean"), Parameter("wait", "how long to wait for the result; default 10s"),
    Parameter("severity", "sign and colour", choices=("info", "warning", "error", "critical")),
)  # fmt: skip
ENDPOINTS = (
    Endpoint("POST", "/api/notify", notify, "send a message of one's own", scope="act", open="", body=BODY),
    Endpoint("POST", "/api/notify/test/{name:path}", test, "test a notifier", scope="act", open="", parameters=TEST_PARAMETERS),
    Endpoint(
        "GET",
        "/api/notifications",
        notifications,
        "the outbox, newest first",
        parameters=(Parameter("limit", "at most so many", "integer", bounds=(1, MOST_LISTED)),),
    ),
    Endpoint("GET", "/api/notifications/{id}", notification, "one message and what became of it"),
)
