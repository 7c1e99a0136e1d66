"""Whether the process lives: for load balancers, Prometheus' tools and systemd."""

from __future__ import annotations

from starlette.responses import Response

from tui_monitor.core.version import VERSION
from tui_monitor.serving.answers import ApiError, json_answer, text_answer
from tui_monitor.serving.endpoint import Endpoint, HttpCall


async def live(call: HttpCall) -> Response:
    """The process answers."""
    return json_answer({"status": "ok", "version": VERSION})


async def healthy(call: HttpCall) -> Response:
    """As Prometheus answers at this address."""
    return text_answer("tui-monitor is Healthy.\n")


async def ready(call: HttpCall) -> Response:
    """Whether the first board is there."""
    if call.backend.board.loading:
        raise ApiError(503, "tui-monitor is starting", headers={"retry-after": "1"})
    return text_answer("tui-monitor is Ready.\n")


ENDPOINTS = (
    Endpoint("GET", "/api/live", live, "whether the process lives", open="always"),
    Endpoint("GET", "/-/healthy", healthy, "whether the process lives, as Prometheus says it", open="always", family="text"),
    Endpoint("GET", "/-/ready", ready, "whether it has a board to show", open="always", family="text"),
)
