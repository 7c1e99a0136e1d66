"""Alertmanager's API v2: Prometheus and vmalert send alerts, amtool and karma look and silence (Alertmanager's api/v2/openapi.yaml)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.responses import Response

from tui_monitor.board.listings import ListedAlert
from tui_monitor.core.commands import Command, CommandResult, EndSilence, ExtendSilence
from tui_monitor.platform.regex import RegexError, check_regex, matches_whole
from tui_monitor.serving.alertmanager import shapes
from tui_monitor.serving.alertmanager.reading import MOST_FAULTS, SilenceRequest, alerts_of, filters_of, fulfilled, silence_of
from tui_monitor.serving.answers import ApiError, json_answer
from tui_monitor.serving.body import json_of, pairs_of
from tui_monitor.serving.endpoint import Endpoint, HttpCall, Parameter

VERSION = "0.28.1"
"""The release whose API this is: karma wants 0.22 at least."""
VERSIONS = {"version": VERSION, "revision": "", "branch": "", "buildUser": "tui-monitor", "buildDate": "", "goVersion": ""}


# --- alerts ---------------------------------------------------------------------------------------------------------------


async def receive(call: HttpCall) -> Response:
    """Take alerts. The valid ones are taken even where others are not, and the answer says what is wrong, as Alertmanager does."""
    found, faults = alerts_of(await json_of(call.request), call.clock.wall_ms())
    if found:
        refused = await call.backend.receive_alerts(call.caller.name, found)
        if refused:
            faults.append(f"{refused} new alerts were refused: there are too many already")
    if faults:
        more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise ApiError(400, "; ".join(faults[:MOST_FAULTS]) + more)
    return Response(status_code=200)


async def alerts(call: HttpCall) -> Response:
    """The firing alerts."""
    now = call.clock.wall_ms()
    return json_answer([shapes.alert_json(one, now) for one in await _chosen(call)])


async def groups(call: HttpCall) -> Response:
    """The firing alerts by receiver and name."""
    return json_answer(shapes.groups_json(await _chosen(call), call.clock.wall_ms()))


async def _chosen(call: HttpCall) -> Sequence[ListedAlert]:
    pairs = pairs_of(call.request.url.query)
    flags = {name: _flag(pairs, name) for name in _FLAGS}
    matchers = filters_of(value for name, value in pairs if name == "filter")
    receiver = next((value for name, value in pairs if name == "receiver"), "")
    if receiver:
        _check_pattern(receiver)
    return [
        one
        for one in await call.backend.alerts(0)
        if one.alert.state == "firing"
        and fulfilled(matchers, {**one.alert.labels, "severity": one.alert.labels.get("severity", one.alert.severity)})
        and _shown(one, flags)
        and (not receiver or any(matches_whole(receiver, name) for name in one.receivers or (shapes.NO_RECEIVER,)))
    ]


def _flag(pairs: Sequence[tuple[str, str]], name: str) -> bool:
    text = next((value for key, value in pairs if key == name), "true")
    if text not in ("true", "false", "1", "0"):
        raise ApiError(400, f"{name} must be true or false")
    return text in ("true", "1")


def _check_pattern(text: str) -> None:
    try:
        check_regex(text)
    except RegexError as error:
        raise ApiError(400, f"receiver: {error}") from None


def _shown(listed: ListedAlert, flags: dict[str, bool]) -> bool:
    status = shapes.status_of(listed)
    if status["state"] == "active":
        return flags["active"]
    wanted = (("silencedBy", "silenced"), ("inhibitedBy", "inhibited"), ("mutedBy", "muted"))
    return all(flags[flag] or not status[key] for key, flag in wanted)


# --- silences -------------------------------------------------------------------------------------------------------------


async def silences(call: HttpCall) -> Response:
    """All silences, ended ones of the last days too."""
    now = call.clock.wall_ms()
    matchers = filters_of(value for name, value in pairs_of(call.request.url.query) if name == "filter")
    found = await call.backend.stored_silences()
    return json_answer([shapes.silence_json(one, now) for one in found if fulfilled(matchers, {m.name: m.value for m in one.matchers})])


async def silence(call: HttpCall) -> Response:
    """One silence."""
    found = next((one for one in await call.backend.stored_silences() if one.id == call.path["id"]), None)
    if found is None:
        raise ApiError(404, "there is no silence with this id")
    return json_answer(shapes.silence_json(found, call.clock.wall_ms()))


async def post_silence(call: HttpCall) -> Response:
    """Make a silence, or change one: only another end keeps its id, anything else makes a new one, as in Alertmanager."""
    now = call.clock.wall_ms()
    wanted = silence_of(await json_of(call.request), now)
    by = f"{wanted.author} via {call.by()}" if wanted.author else call.by()
    if not wanted.id:
        result = await _done(call, wanted.command, by)
        return json_answer({"silenceID": result.made[0]})
    present = next((one for one in await call.backend.stored_silences() if one.id == wanted.id), None)
    if present is None:
        raise ApiError(404, "there is no silence with this id")
    if present.ends_at > now and _same(wanted, present.matchers, present.starts_at, now):
        await _done(call, ExtendSilence(wanted.id, until=wanted.ends_at), by)
        return json_answer({"silenceID": wanted.id})
    result = await _done(call, wanted.command, by)
    if present.ends_at > now and result.made[0] != present.id:
        await _done(call, EndSilence(present.id), by)
    return json_answer({"silenceID": result.made[0]})


def _same(wanted: SilenceRequest, matchers: Sequence[object], starts_at: int, now: int) -> bool:
    texts = sorted(str(matcher) for matcher in matchers)
    return sorted(text.replace('\\"', '"').replace("\\\\", "\\") for text in wanted.matchers) == texts and (
        starts_at <= now or starts_at == wanted.starts_at
    )


async def end_silence(call: HttpCall) -> Response:
    """End a silence now."""
    if all(one.id != call.path["id"] for one in await call.backend.stored_silences()):
        raise ApiError(404, "there is no silence with this id")
    await _done(call, EndSilence(call.path["id"]), call.by())
    return Response(status_code=200)


async def _done(call: HttpCall, command: Command, by: str) -> CommandResult:
    result = await call.backend.command(command, by)
    if not result.ok:
        raise ApiError(400, result.text)
    return result


# --- the server -----------------------------------------------------------------------------------------------------------


async def status(call: HttpCall) -> Response:
    """A server alone; amtool asks it before every command."""
    board = call.backend.board
    return json_answer(shapes.status_json(board.at - round(1000 * board.uptime), board.notifiers, VERSIONS))


async def receivers(call: HttpCall) -> Response:
    """The notifiers."""
    return json_answer([{"name": name} for name in call.backend.board.notifiers or (shapes.NO_RECEIVER,)])


_TEXT = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_TIME = {"type": "string", "format": "date-time"}
_ALERT = {
    "type": "object",
    "required": ["labels"],
    "properties": {
        "labels": {**_TEXTS, "minProperties": 1}, "annotations": _TEXTS, "startsAt": _TIME, "endsAt": _TIME, "generatorURL": _TEXT,
    },
}  # fmt: skip
_FLAG = {"type": "boolean"}
_MATCHER = {
    "type": "object",
    "required": ["name", "value", "isRegex"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"}, "value": {"type": "string"}, "isRegex": _FLAG, "isEqual": _FLAG,
    },
}  # fmt: skip
_SILENCE = {
    "type": "object",
    "required": ["matchers", "startsAt", "endsAt", "createdBy", "comment"],
    "properties": {
        "matchers": {"type": "array", "items": _MATCHER, "minItems": 1}, "startsAt": _TIME, "endsAt": _TIME, "createdBy": _TEXT,
        "comment": _TEXT, "id": _TEXT,
    },
}  # fmt: skip
_FILTER = Parameter("filter", "a matcher: name=value, name=~regex", repeated=True)
_FLAGS = ("active", "silenced", "inhibited", "muted", "unprocessed")
_CHOICE = (
    _FILTER,
    Parameter("receiver", "a regular expression of receivers"),
    *(Parameter(name, f"also {name} ones; default true", "boolean") for name in _FLAGS),
)


def _get(path: str, handler: Callable[[HttpCall], Awaitable[Response]], summary: str, parameters: tuple[Parameter, ...] = ()) -> Endpoint:
    return Endpoint("GET", f"/api/v2{path}", handler, summary, family="alertmanager", parameters=parameters)


def _change(method: str, path: str, handler: Callable[[HttpCall], Awaitable[Response]], summary: str, body: Any = None) -> Endpoint:
    return Endpoint(method, f"/api/v2{path}", handler, summary, scope="act", open="", family="alertmanager", body=body)


ENDPOINTS = (
    Endpoint(
        "POST", "/api/v2/alerts", receive, "take alerts of other programs", scope="alerts", open="", family="alertmanager",
        body={"type": "array", "items": _ALERT},
    ),
    _get("/alerts", alerts, "the firing alerts in Alertmanager's shape", _CHOICE),
    _get("/alerts/groups", groups, "the firing alerts by receiver and name", _CHOICE),
    _get("/silences", silences, "the silences in Alertmanager's shape", (_FILTER,)),
    _change("POST", "/silences", post_silence, "make or change a silence", _SILENCE),
    _get("/silence/{id}", silence, "one silence"),
    _change("DELETE", "/silence/{id}", end_silence, "end a silence"),
    _get("/status", status, "the server's state in Alertmanager's shape"),
    _get("/receivers", receivers, "the notifiers in Alertmanager's shape"),
)  # fmt: skip
