"""GET /api/dashboard: one page's worth, with an ETag for those who ask every few seconds."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from starlette.responses import Response

from tui_monitor.board.json_shapes import check_summary_json
from tui_monitor.board.values import AlertView, Board
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import SEVERITIES
from tui_monitor.serving.answers import json_answer
from tui_monitor.serving.endpoint import Endpoint, HttpCall
from tui_monitor.serving.routes.health import machine_json

Json = dict[str, Any]
MOST_RECENT = 10


async def dashboard(call: HttpCall) -> Response:
    """The board in short. The tag leaves the time out, and percents are whole, so that a calm board stays the same."""
    said = dashboard_json(call.backend.board)
    content = json.dumps({name: part for name, part in said.items() if name != "timestamp"}, sort_keys=True)
    tag = f'W/"{hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:20]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if tag in [part.strip() for part in call.request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return json_answer(said, headers=headers)


def dashboard_json(board: Board) -> Json:
    """Status of the whole and of each check, the machine, and the alerts."""
    firing = [alert for alert in board.alerts if alert.state == "firing"]
    machine = {name: None if value is None else round(value) for name, value in machine_json(board.resources).items()}
    return {
        "timestamp": rfc3339(board.at),
        "health": {
            **{check.name: str(check.status) for check in board.checks},
            "status": "unknown" if board.loading else str(board.status),
        },
        "counts": check_summary_json(board.checks),
        "metrics": machine,
        "alerts": {
            "total": len(firing),
            "acknowledged": board.acknowledged,
            "by_level": {severity: sum(alert.severity == severity for alert in firing) for severity in reversed(SEVERITIES)},
            "recent": [alert_json(alert) for alert in firing[:MOST_RECENT]],
        },
    }


def alert_json(alert: AlertView) -> Json:
    """One firing alert in short."""
    return {
        "id": alert.id, "name": alert.name, "severity": alert.severity, "title": alert.summary, "starts_at": rfc3339(alert.starts_at),
        "acknowledged_by": alert.acknowledged_by,
    }  # fmt: skip


ENDPOINTS = (Endpoint("GET", "/api/dashboard", dashboard, "status, machine and alerts in short, with an ETag"),)
