"""Alerts of the own API: listing, and what a person may do to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from tui_monitor.board.json_shapes import listed_alert_json
from tui_monitor.board.listings import ListedAlert
from tui_monitor.core.commands import Acknowledge, AddSilence, Command, Resolve, Unacknowledge
from tui_monitor.serving.answers import ApiError, json_answer
from tui_monitor.serving.endpoint import Endpoint, HttpCall, Parameter
from tui_monitor.serving.parameters import Parameters, json_object, seconds_of, text_in

STATES = ("firing", "pending", "acknowledged", "resolved")
MOST_ALERTS = 1000
MOST_HOURS = 8760
HOUR_MS = 3_600_000
SILENCE_S = 3600.0
MOST_NOTE = 1000
Json = dict[str, Any]


async def alerts(call: HttpCall) -> Response:
    """The chosen alerts, live ones first."""
    asked = Parameters.of(call)
    found = await chosen(call, asked, asked.choice("state", STATES))
    return json_answer({"total": len(found), "alerts": await alerts_json(call, found[: asked.whole("limit", 50, 0, MOST_ALERTS)])})


async def chosen(call: HttpCall, asked: Parameters, state: str) -> list[ListedAlert]:
    """The alerts in a state ("": any) that the parameters `severity`, `category` and `hours` choose."""
    severity, category, hours = asked.severity("severity"), asked.text("category"), asked.whole("hours", 0, 1, MOST_HOURS)
    ended = 0 if state in STATES[:3] else MOST_ALERTS
    since = call.clock.wall_ms() - hours * HOUR_MS if hours else 0
    return [
        one
        for one in await call.backend.alerts(ended)
        if state in ("", _state(one))
        and severity in ("", one.alert.severity)
        and category in ("", one.alert.labels.get("category", ""))
        and (one.alert.ends_at is None or one.alert.ends_at >= since)
    ]


def _state(listed: ListedAlert) -> str:
    alert = listed.alert
    return "acknowledged" if alert.state == "firing" and alert.acknowledged is not None else alert.state


async def alerts_json(call: HttpCall, found: Sequence[ListedAlert]) -> list[Json]:
    """In the shape of `alerts --json`."""
    told = await call.backend.deliveries([one.alert.id for one in found])
    service = call.backend.board.service
    return [listed_alert_json(one.alert, service, told.get(one.alert.id, ())) for one in found]


# --- acting ---------------------------------------------------------------------------------------------------------------


async def acknowledge(call: HttpCall) -> Response:
    """Stop the reminders, for a while where `for` is given."""
    given = await json_object(call, optional=True)
    seconds = None if given.get("for") is None else seconds_of(given["for"], "for")
    return await _done(call, Acknowledge((call.path["id"],), note=_note(given), seconds=seconds))


async def unacknowledge(call: HttpCall) -> Response:
    """Take an acknowledgement back."""
    return await _done(call, Unacknowledge((call.path["id"],)))


async def resolve(call: HttpCall) -> Response:
    """End by hand."""
    given = await json_object(call, optional=True)
    return await _done(call, Resolve((call.path["id"],), note=_note(given)))


async def silence(call: HttpCall) -> Response:
    """Mute alerts with the labels of this one, whatever their severity."""
    given = await json_object(call, optional=True)
    seconds = SILENCE_S if given.get("for") is None else seconds_of(given["for"], "for")
    labels = (await _live(call)).alert.labels
    matchers = tuple(_matcher(name, value) for name, value in labels.items() if name != "severity")
    return await _done(call, AddSilence(matchers, seconds, _note(given)))


def _matcher(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'


def _note(given: Mapping[str, Any]) -> str:
    return text_in(given, "note", "")[:MOST_NOTE]


async def _live(call: HttpCall) -> ListedAlert:
    """The live alert of the address, whose id may be shortened. Raises ApiError 404."""
    found = [one for one in await call.backend.alerts(0) if one.alert.id.startswith(call.path["id"])]
    if len(found) != 1:
        raise ApiError(404, "there is no live alert with this id" if not found else "several alerts have ids that begin so")
    return found[0]


async def _done(call: HttpCall, command: Command) -> Response:
    await _live(call)
    result = await call.backend.command(command, call.by())
    if not result.ok:
        raise ApiError(409, result.text)
    return json_answer({"success": True, "message": result.text, **({"id": result.made[0]} if result.made else {})})


NOTE = {"note": {"type": "string", "maxLength": MOST_NOTE}}
FOR = {"for": {"type": "string", "description": 'how long, for example "2h"', "pattern": "^[0-9]{1,3}[smhd]$"}}
FILTERS = (
    Parameter("state", "only in this state", choices=STATES),
    Parameter("severity", "only of this severity", choices=("info", "warning", "error", "critical")),
    Parameter("category", "only of this category"),
    Parameter("hours", "ended ones of the last so many hours", "integer", bounds=(1, MOST_HOURS)),
    Parameter("limit", "at most so many; default 50", "integer", bounds=(0, MOST_ALERTS)),
)


def _body(**properties: Any) -> Json:
    return {"type": "object", "properties": properties}


ENDPOINTS = (
    Endpoint("GET", "/api/alerts", alerts, "live and ended alerts", parameters=FILTERS),
    Endpoint("POST", "/api/alerts/{id}/ack", acknowledge, "acknowledge", scope="act", open="", body=_body(**NOTE, **FOR)),
    Endpoint("POST", "/api/alerts/{id}/unack", unacknowledge, "take an acknowledgement back", scope="act", open=""),
    Endpoint("POST", "/api/alerts/{id}/resolve", resolve, "end by hand", scope="act", open="", body=_body(**NOTE)),
    Endpoint("POST", "/api/alerts/{id}/silence", silence, "mute this and later ones", scope="act", open="", body=_body(**NOTE, **FOR)),
)  # fmt: skip
