"""Reports as JSON: which are configured, and one of them."""

from __future__ import annotations

from starlette.responses import Response

from tui_monitor.board.report_json import report_json
from tui_monitor.serving.answers import json_answer
from tui_monitor.serving.asked_report import FOR, asked_report, report_names
from tui_monitor.serving.endpoint import Endpoint, HttpCall


async def listed(call: HttpCall) -> Response:
    """What there is."""
    return json_answer({"reports": [{"name": name, "kind": kind} for name, kind in report_names(call)]})


async def one(call: HttpCall) -> Response:
    """One report, in the shape of `report --json`."""
    return json_answer(report_json(await asked_report(call, call.path["name"])))


ENDPOINTS = (
    Endpoint("GET", "/api/reports", listed, "the reports and their kinds"),
    Endpoint("GET", "/api/reports/{name}", one, "a report by its name or kind", parameters=FOR),
)
