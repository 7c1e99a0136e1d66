"""Whether the process lives, and the health of what it watches."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tui_monitor.board.json_shapes import check_summary_json, jsonable
from tui_monitor.board.values import Board, CheckView, MountView, Resources
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import HealthStatus, worst
from tui_monitor.core.version import VERSION
from tui_monitor.serving.answers import ApiError, json_answer, text_answer
from tui_monitor.serving.endpoint import Endpoint, HttpCall

Json = dict[str, Any]
SYSTEM = "system"
"""The name under which this machine stands among the checks, unless a check has it."""
GIB = 2**30
_GOOD = ("healthy", "degraded")
_MEANING = {"warning": HealthStatus.DEGRADED, "error": HealthStatus.UNHEALTHY, "critical": HealthStatus.UNHEALTHY}


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


async def health(call: HttpCall) -> Response:
    """The whole: 200 for healthy and degraded, 503 for unhealthy and unknown."""
    return _by_status(health_json(call.backend.board))


async def health_of(call: HttpCall) -> Response:
    """One check, or this machine. Raises ApiError 404."""
    board = call.backend.board
    found = checks_json(board).get(call.path["name"])
    if found is None:
        raise ApiError(404, "there is no check of this name")
    return _by_status({"name": call.path["name"], "timestamp": rfc3339(board.at), **found})


def _by_status(said: Json) -> Response:
    return json_answer(said) if said["status"] in _GOOD else json_answer(said, 503, {"retry-after": "10"})


def health_json(board: Board) -> Json:
    """The body of /api/health."""
    return {
        "status": "unknown" if board.loading else str(board.status),
        "timestamp": rfc3339(board.at),
        "version": board.version,
        "service": board.service,
        "environment": board.environment,
        "uptime_s": round(board.uptime, 3),
        "counts": check_summary_json(board.checks),
        "checks": checks_json(board),
    }


def checks_json(board: Board) -> dict[str, Json]:
    """Each check by name, and this machine."""
    return {SYSTEM: system_json(board), **{check.name: check_json(check) for check in board.checks}}


def check_json(check: CheckView) -> Json:
    """One check."""
    return {
        "status": str(check.status),
        "response_time_ms": None if check.duration is None else round(check.duration * 1000, 3),
        "message": check.reason,
        "since": rfc3339(check.since) if check.since else None,
        "last_check": rfc3339(check.at) if check.at else None,
        "figures": jsonable(check.figures),
        "facts": dict(check.facts),
    }


def system_json(board: Board) -> Json:
    """This machine in the shape of a check; its status is what its alerts (category "system") say."""
    firing = [alert for alert in board.alerts if alert.state == "firing" and alert.labels.get("category") == SYSTEM]
    known = not board.loading and not board.resources.error
    status = worst(_MEANING.get(alert.severity, HealthStatus.HEALTHY) for alert in firing)
    figures = machine_json(board.resources)
    return {
        "status": str(status if known or firing else HealthStatus.UNKNOWN),
        "response_time_ms": None,
        "message": firing[0].summary if firing else board.resources.error,
        "since": rfc3339(min(alert.starts_at for alert in firing)) if firing else None,
        "last_check": rfc3339(board.at),
        "figures": figures,
        "facts": {},
        **figures,
    }


def machine_json(resources: Resources) -> Json:
    """The machine in percent and GB (2^30 bytes); null: not known."""
    disk = main_disk(resources)
    return {
        "cpu_percent": percent(resources.cpu),
        "memory_percent": percent(resources.memory),
        "disk_percent": percent(disk.usage) if disk else None,
        "memory_available_gb": gigabytes(resources.memory_available) if resources.memory_total else None,
        "disk_free_gb": gigabytes(disk.free) if disk else None,
    }


def main_disk(resources: Resources) -> MountView | None:
    """The root file system, else the fullest."""
    known = [mount for mount in resources.mounts if mount.usage is not None]
    return next((mount for mount in known if mount.mount == "/"), max(known, key=lambda mount: mount.usage or 0, default=None))


def percent(ratio: float | None) -> float | None:
    """A ratio in percent."""
    return None if ratio is None else round(ratio * 100, 2)


def gigabytes(count: float) -> float:
    """Bytes in GB (2^30)."""
    return round(count / GIB, 2)


ENDPOINTS = (
    Endpoint("GET", "/api/live", live, "whether the process lives", open="always"),
    Endpoint("GET", "/-/healthy", healthy, "whether the process lives, as Prometheus says it", open="always", family="text"),
    Endpoint("GET", "/-/ready", ready, "whether it has a board to show", open="always", family="text"),
    Endpoint("GET", "/api/health", health, "the health of all checks and of this machine; 503 where it is unhealthy or unknown"),
    Endpoint("GET", "/api/health/{name:path}", health_of, "the health of one check"),
)
