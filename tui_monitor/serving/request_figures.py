"""Figures of an application's requests over hours, from the counters and histograms that [requests] names."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_monitor.board.backend import Backend
from tui_monitor.config.settings import RequestSettings
from tui_monitor.core.values import Labels
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.values import Matrix

Json = dict[str, Any]
MOST_ENDPOINTS = 10


@dataclass(slots=True)
class _RequestRow:
    count: float = 0.0
    errors: float = 0.0
    seconds: float = 0.0
    timed: float = 0.0


async def request_figures(backend: Backend, settings: RequestSettings, hours: int, now: int) -> Json:
    """Totals, latencies in ms and the ten busiest endpoints of the last hours; zeros and nulls where nothing counts requests."""
    rows: dict[str, _RequestRow] = defaultdict(_RequestRow)
    for name in settings.count:
        for labels, value in await _vector(backend, f"increase({name}[{hours}h])", now):
            row = rows[_endpoint(settings, labels)]
            row.count += value
            row.errors += value if _failed(settings, labels) else 0.0
    if rows:
        await _add_times(backend, settings, rows, hours, now)
    total, errors = (sum(getattr(row, field) for row in rows.values()) for field in ("count", "errors"))
    return {
        "total_requests": round(total),
        "total_errors": round(errors),
        "error_rate": round(errors / total, 6) if total else 0.0,
        "active_requests": round(sum([value for name in settings.in_flight for _, value in await _vector(backend, f"sum({name})", now)])),
        "avg_response_time_ms": _average_ms(rows.values()),
        "p95_response_time_ms": await _quantile_ms(backend, settings, 0.95, hours, now) if rows else None,
        "p99_response_time_ms": await _quantile_ms(backend, settings, 0.99, hours, now) if rows else None,
        "endpoint_stats": [_endpoint_json(name, row) for name, row in _busiest(rows)],
    }


async def _add_times(backend: Backend, settings: RequestSettings, rows: dict[str, _RequestRow], hours: int, now: int) -> None:
    for name in settings.duration:
        for part, field in (("sum", "seconds"), ("count", "timed")):
            for labels, value in await _vector(backend, f"increase({name}_{part}[{hours}h])", now):
                row = rows[_endpoint(settings, labels)]
                setattr(row, field, getattr(row, field) + value)


async def _quantile_ms(backend: Backend, settings: RequestSettings, share: float, hours: int, now: int) -> float | None:
    """Of the first histogram that has samples."""
    for name in settings.duration:
        expr = f"histogram_quantile({share}, sum by (le) (increase({name}_bucket[{hours}h])))"
        for _, value in await _vector(backend, expr, now):
            return round(value * 1000, 3)
    return None


async def _vector(backend: Backend, expr: str, now: int) -> Sequence[tuple[Labels, float]]:
    """The finite values of an expression; none where it cannot be evaluated."""
    try:
        found = await backend.query(expr, now)
    except (EvaluationError, PromqlError):
        return []
    if not isinstance(found, list) or isinstance(found, Matrix):
        return []
    return [(labels, value) for labels, value in found if math.isfinite(value)]


def _endpoint(settings: RequestSettings, labels: Labels) -> str:
    """The method and the route: "GET /orders"."""
    known = dict(labels)
    return f"{_first(known, settings.method)} {_first(known, settings.route)}".strip()


def _failed(settings: RequestSettings, labels: Labels) -> bool:
    status = _first(dict(labels), settings.status)
    return status[:1] == "5" or (settings.errors == "4xx" and status[:1] == "4")


def _first(labels: Mapping[str, str], names: Sequence[str]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


def _busiest(rows: Mapping[str, _RequestRow]) -> list[tuple[str, _RequestRow]]:
    counted = [(name, row) for name, row in rows.items() if row.count > 0]
    return sorted(counted, key=lambda pair: (-pair[1].count, pair[0]))[:MOST_ENDPOINTS]


def _endpoint_json(name: str, row: _RequestRow) -> Json:
    return {"endpoint": name, "count": round(row.count), "errors": round(row.errors), "avg_duration_ms": _average_ms([row])}


def _average_ms(rows: Iterable[_RequestRow]) -> float | None:
    known = list(rows)
    seconds, timed = sum(row.seconds for row in known), sum(row.timed for row in known)
    return round(seconds / timed * 1000, 3) if timed > 0 else None
