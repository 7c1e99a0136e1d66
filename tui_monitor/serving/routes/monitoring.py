"""The own API under the names that earlier monitoring clients of applications know: /api/v1/monitoring/..."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from tui_monitor.core.commands import SendMessage
from tui_monitor.core.units import rfc3339
from tui_monitor.serving.answers import ApiError, json_answer
from tui_monitor.serving.endpoint import Endpoint, HttpCall, Parameter
from tui_monitor.serving.parameters import Parameters
from tui_monitor.serving.routes import alerts as alert_routes
from tui_monitor.serving.routes import dashboard as dashboard_route
from tui_monitor.serving.routes import health as health_routes
from tui_monitor.serving.routes import metrics as metric_routes
from tui_monitor.serving.routes import notify as notify_routes
from tui_monitor.serving.routes import records

BASE = "/api/v1/monitoring"


async def health(call: HttpCall) -> Response:
    """The state of the whole in short."""
    board = call.backend.board
    said = {"status": "unknown" if board.loading else str(board.status), "timestamp": rfc3339(board.at), "version": board.version}
    return json_answer(said, 200 if said["status"] in ("healthy", "degraded") else 503)


async def metrics(call: HttpCall) -> Response:
    """As /api/metrics, with `period_hours`."""
    return await metric_routes.metrics_answer(call, "period_hours")


async def live_alerts(call: HttpCall) -> Response:
    """The alerts that fire."""
    asked = Parameters.of(call)
    found = [one for one in await alert_routes.chosen(call, asked, "") if one.alert.state == "firing"]
    told = found[: asked.whole("limit", 50, 0, alert_routes.MOST_ALERTS)]
    return json_answer({"total": len(found), "alerts": await alert_routes.alerts_json(call, told)})


async def alert_history(call: HttpCall) -> Response:
    """The alerts that have ended."""
    asked = Parameters.of(call)
    found = await alert_routes.chosen(call, asked, "resolved")
    told = found[: asked.whole("limit", 50, 0, alert_routes.MOST_ALERTS)]
    return json_answer({"total": len(found), "alerts": await alert_routes.alerts_json(call, told)})


async def dashboard(call: HttpCall) -> Response:
    """A browser is led to the page, a program gets JSON."""
    if "text/html" in call.request.headers.get("accept", ""):
        return Response(status_code=303, headers={"location": "/"})
    return await dashboard_route.dashboard(call)


def test_of(kind: str) -> Callable[[HttpCall], Awaitable[Response]]:
    """Tests the first notifier of a kind. Raises ApiError 404 where there is none."""

    async def test(call: HttpCall) -> Response:
        name = next((one.name for one in call.settings.notifiers if one.type == kind), "")
        if not name:
            raise ApiError(404, f"no notifier of type {kind} is configured")
        return await notify_routes.test_answer(call, name, Parameters.of(call))

    return test


async def test_alert(call: HttpCall) -> Response:
    """A message of severity warning where an alert of it would go."""
    title, text = "Test", "This is a test of the way that alerts go. 알림 경로를 확인하는 메시지입니다."
    result = await call.backend.command(SendMessage(title, text, "warning"), call.by())
    if not result.ok:
        raise ApiError(400, result.text)
    return json_answer({"success": True, "id": next(iter(result.made), None), "message": result.text})


_LIMIT = (Parameter("limit", "at most so many; default 50", "integer", bounds=(0, alert_routes.MOST_ALERTS)),)
_METRICS = (Parameter("period_hours", "how many hours back", "integer", bounds=(1, metric_routes.MOST_HOURS)),)


def _get(path: str, handler: Callable[[HttpCall], Awaitable[Response]], same_as: str, parameters: tuple[Parameter, ...] = ()) -> Endpoint:
    return Endpoint("GET", BASE + path, handler, f"as {same_as}", parameters=parameters)


def _tests() -> tuple[Endpoint, ...]:
    """Each also as GET, as those clients call them; both need the scope act."""
    handlers = {"/test/email": test_of("email"), "/test/slack": test_of("slack"), "/test/alert": test_alert, "/alerts/test": test_alert}
    return tuple(
        Endpoint(method, BASE + path, handler, "send a test", scope="act", open="")
        for path, handler in handlers.items()
        for method in ("GET", "POST")
    )


ENDPOINTS = (
    _get("/health", health, "/api/health, in short"),
    _get("/health/detailed", health_routes.health, "/api/health"),
    _get("/metrics", metrics, "/api/metrics", _METRICS),
    _get("/alerts", live_alerts, "/api/alerts of those that fire", _LIMIT),
    _get("/alerts/history", alert_history, "/api/alerts?state=resolved", _LIMIT),
    Endpoint("POST", f"{BASE}/notify", notify_routes.notify, "as /api/notify", scope="act", open="", body=notify_routes.BODY),
    _get("/dashboard", dashboard, "/api/dashboard, or the page for a browser"),
    _get("/logs/recent", records.logs, "/api/logs", records.LOG_PARAMETERS),
    *_tests(),
)
