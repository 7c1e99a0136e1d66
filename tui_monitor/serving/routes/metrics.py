"""GET /api/metrics: statistics of series over 1 to 168 hours, of requests and of this machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from tui_monitor.board.backend import Backend
from tui_monitor.board.json_shapes import number_json
from tui_monitor.board.listings import SeriesStatistics
from tui_monitor.board.values import Resources
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import METRIC_NAME
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.values import Matrix
from tui_monitor.serving.answers import ApiError, json_answer
from tui_monitor.serving.endpoint import Endpoint, HttpCall, Parameter
from tui_monitor.serving.parameters import Parameters
from tui_monitor.serving.request_figures import request_figures
from tui_monitor.serving.routes.health import gigabytes, main_disk, percent

Json = dict[str, Any]
MOST_HOURS = 168
MOST_SERIES = 1000
MOST_POINTS = 1000
POINTS = 120
"""Steps from which percentiles of series without distributions are taken."""
HOUR_MS = 3_600_000
MIB = 2**20


async def metrics(call: HttpCall) -> Response:
    """Everything that the own API says about the last hours."""
    return await metrics_answer(call, "hours")


async def metrics_answer(call: HttpCall, name: str) -> Response:
    """``name``: what the parameter with the hours is called."""
    asked = Parameters.of(call)
    hours = asked.whole(name, 24, 1, MOST_HOURS)
    step = asked.seconds("step")
    points = POINTS if step is None else math.ceil(hours * 3600 / step) if step else MOST_POINTS + 1
    if points > MOST_POINTS:
        raise ApiError(400, f'"step" gives {points} points, and at most {MOST_POINTS} are given')
    now = call.clock.wall_ms()
    series = await _series(call, asked.all("match") + asked.all("match[]"), now - hours * HOUR_MS, now, points)
    board = call.backend.board
    units = {one.name: one.unit for one in await call.backend.metadata()}
    return json_answer(
        {
            "period_hours": hours,
            "timestamp": rfc3339(now),
            "series": [series_json(one, units, with_points=step is not None) for one in series[:MOST_SERIES]],
            "truncated": len(series) > MOST_SERIES,
            "requests": await request_figures(call.backend, call.settings.requests, hours, now),
            "system": await system_json(call.backend, board.resources, now),
            "collection_stats": {
                "total_collected": round(await _number(call.backend, "max(tui_monitor_samples_total)", now) or 0),
                "last_collection": rfc3339(board.at),
            },
        }
    )


async def _series(call: HttpCall, matches: list[str], start: int, end: int, points: int) -> list[SeriesStatistics]:
    try:
        return list(await call.backend.statistics(matches, start, end, points, MOST_SERIES + 1))
    except PromqlError as error:
        raise ApiError(400, f'"match": {clip(clean(error.message), 500)}') from None


def series_json(one: SeriesStatistics, units: Mapping[str, str], *, with_points: bool) -> Json:
    """One series; ``points``: [time, mean] of each step."""
    labels = dict(one.labels)
    metric = labels.pop(METRIC_NAME, "")
    figures = {"sum": one.sum, "min": one.low, "max": one.high, "avg": one.sum / one.count, "p95": one.p95, "last": one.last}
    said = {
        "metric": metric,
        "labels": labels,
        "unit": units.get(metric, ""),
        "count": one.count,
        **{name: None if math.isnan(value) else number_json(value) for name, value in figures.items()},
    }
    return {**said, "points": [[rfc3339(at), number_json(value)] for at, value in one.points]} if with_points else said


async def system_json(backend: Backend, resources: Resources, now: int) -> Json:
    """This machine now; GB and MB are 2^30 and 2^20 bytes; network: since its start."""
    disk = main_disk(resources)
    used = resources.memory_total * (resources.memory or 0.0)
    sent, received = [await _number(backend, f"sum(network_{way}_bytes_total)", now) for way in ("transmit", "receive")]
    return {
        "cpu": {"percent": percent(resources.cpu), "count": len(resources.cores) or None},
        "memory": {
            "total_gb": gigabytes(resources.memory_total),
            "used_gb": gigabytes(used),
            "available_gb": gigabytes(resources.memory_available),
            "percent": percent(resources.memory),
        },
        "disk": {
            "total_gb": gigabytes(disk.total) if disk else None,
            "used_gb": gigabytes(disk.used) if disk else None,
            "free_gb": gigabytes(disk.free) if disk else None,
            "percent": percent(disk.usage) if disk else None,
        },
        "network": {"bytes_sent_mb": _megabytes(sent), "bytes_recv_mb": _megabytes(received)},
    }


def _megabytes(count: float | None) -> float | None:
    return None if count is None else round(count / MIB, 2)


async def _number(backend: Backend, expr: str, now: int) -> float | None:
    """The only value of an expression; None without one."""
    try:
        found = await backend.query(expr, now)
    except (EvaluationError, PromqlError):
        return None
    if not isinstance(found, list) or isinstance(found, Matrix) or not found:
        return None
    return found[0][1] if math.isfinite(found[0][1]) else None


ENDPOINTS = (
    Endpoint(
        "GET", "/api/metrics", metrics, "statistics of series, requests and the machine over the last hours",
        parameters=(
            Parameter("hours", "how many hours back", "integer", bounds=(1, MOST_HOURS)),
            Parameter("match", "selector of series, repeatable; default: all", repeated=True),
            Parameter("step", 'a duration: gives each series points, for example "5m"'),
        ),
    ),
)  # fmt: skip
