"""Kept log lines and the audit log."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.listings import LogLine, LogQuery
from tui_monitor.board.values import ActView
from tui_monitor.core.units import rfc3339
from tui_monitor.serving.answers import ApiError, json_answer
from tui_monitor.serving.endpoint import Endpoint, HttpCall, Parameter
from tui_monitor.serving.parameters import Parameters

LEVELS = ("trace", "debug", "info", "warning", "error", "critical")
MOST_LINES = 1000
MOST_ACTS = 10_000
MOST_CONDITIONS = 10
Json = dict[str, Any]


async def logs(call: HttpCall) -> Response:
    """The newest matching lines, oldest first; where they cannot be read `error` says why, as the question itself was right."""
    asked = Parameters.of(call)
    query = LogQuery(
        check=asked.text("check"),
        service=asked.text("service"),
        level=asked.choice("level", LEVELS),
        text=asked.text("q"),
        where=_conditions(asked),
        since=0 if (span := asked.seconds("since")) is None else call.clock.wall_ms() - round(span * 1000),
        limit=asked.whole("limit", 100, 1, MOST_LINES),
    )
    try:
        found = await call.backend.log_lines(query)
    except CommandRefused as error:
        return json_answer({"logs": [], "count": 0, "error": str(error)})
    return json_answer({"logs": [line_json(line) for line in found], "count": len(found)})


def _conditions(asked: Parameters) -> tuple[tuple[str, str], ...]:
    found = tuple((name, value) for name, equals, value in (text.partition("=") for text in asked.all("where")) if name and equals)
    if len(found) != len(asked.all("where")) or len(found) > MOST_CONDITIONS:
        raise ApiError(400, f'"where" must be field=value, at most {MOST_CONDITIONS} times')
    return found


def line_json(line: LogLine) -> Json:
    """In the shape of `logs --json`."""
    return {
        "at": rfc3339(line.at), "check": line.check, "service": line.service, "level": line.level, "message": line.message,
        "fields": dict(line.fields), "trace_id": line.trace_id,
    }  # fmt: skip


async def audit(call: HttpCall) -> Response:
    """Who did what, newest first; as JSON lines, oldest first, where `application/x-ndjson` is accepted."""
    found = await call.backend.acts(Parameters.of(call).whole("limit", 100, 1, MOST_ACTS))
    if "application/x-ndjson" in call.request.headers.get("accept", ""):
        lines = "".join(json.dumps(act_json(one), ensure_ascii=False) + "\n" for one in reversed(found))
        return Response(lines.encode("utf-8", "replace"), media_type="application/x-ndjson")
    return json_answer({"audit": [act_json(one) for one in found]})


def act_json(act: ActView) -> Json:
    """In the shape of `audit --json`."""
    return {"at": rfc3339(act.at), "by": act.by, "verb": act.verb, "subject": act.subject, "note": act.note}


LOG_PARAMETERS = (
    Parameter("check", "only of this check"), Parameter("service", "only of this service"),
    Parameter("level", "of at least this level", choices=LEVELS), Parameter("q", "with this text, in any case"),
    Parameter("where", "with this field: field=value", repeated=True), Parameter("since", 'of the last duration, for example "1h"'),
    Parameter("limit", "at most so many; default 100", "integer", bounds=(1, MOST_LINES)),
)  # fmt: skip
ENDPOINTS = (
    Endpoint("GET", "/api/logs", logs, "kept log lines", parameters=LOG_PARAMETERS),
    Endpoint(
        "GET",
        "/api/audit",
        audit,
        "who did what",
        scope="admin",
        open="",
        parameters=(Parameter("limit", "at most so many", "integer", bounds=(1, MOST_ACTS)),),
    ),
)
