"""Containers and units that checks watch: of a board, or of a past moment from their series."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence

from tui_monitor.board.backend import Backend
from tui_monitor.board.values import Board
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import ContainerState, HealthStatus, Labels, UnitState
from tui_monitor.promql.values import Matrix, Value

HEALTHS = ("healthy", "starting", "unhealthy")
"""The words of container_health's values."""
_FAILED = {"restarting": HealthStatus.UNHEALTHY, "dead": HealthStatus.UNHEALTHY, "failed": HealthStatus.UNHEALTHY}
_WELL = {"running": HealthStatus.HEALTHY, "active": HealthStatus.HEALTHY, "paused": HealthStatus.DEGRADED}
PAST = "the reason of a past moment is not stored"
Found = Mapping[tuple[str, str], Mapping[str, float | str]]
"""(check, name) to the values of its series by metric; its state is a word."""


@frozen
class WatchedContainer:
    """A container, and the check that watches it."""

    check: str
    state: ContainerState


@frozen
class WatchedUnit:
    """A unit of systemd, and the check that watches it."""

    check: str
    state: UnitState


def containers_of(board: Board) -> list[WatchedContainer]:
    """The containers of all checks."""
    return [WatchedContainer(check.name, one) for check in board.checks for one in check.containers]


def units_of(board: Board) -> list[WatchedUnit]:
    """The units of all checks."""
    return [WatchedUnit(check.name, one) for check in board.checks for one in check.units]


async def past_containers(backend: Backend, at: int) -> list[WatchedContainer]:
    """The containers at a past moment (UTC ms), as far as their series say."""
    figures = ("container_health", "container_restarts_total", "container_cpu_usage_ratio", "container_memory_usage_bytes")
    found = await _series(backend, at, "container", "container_state", (*figures, "container_memory_limit_bytes"))
    return [WatchedContainer(check, _container(name, values)) for (check, name), values in sorted(found.items())]


async def past_units(backend: Backend, at: int) -> list[WatchedUnit]:
    """The units at a past moment (UTC ms), as far as their series say."""
    figures = ("systemd_restarts_total", "systemd_memory_bytes", "systemd_timer_last_trigger_timestamp_seconds")
    found = await _series(backend, at, "unit", "systemd_unit_state", figures)
    return [WatchedUnit(check, _unit(name, values)) for (check, name), values in sorted(found.items())]


async def _series(backend: Backend, at: int, label: str, state: str, metrics: Sequence[str]) -> Found:
    answers = await asyncio.gather(backend.query(f"{state} == 1", at), *(backend.query(metric, at) for metric in metrics))
    found: dict[tuple[str, str], dict[str, float | str]] = {}
    for labels, _ in _vector(answers[0]):
        known = dict(labels)
        found[known.get("check", ""), known.get(label, "")] = {"state": known.get("state", "")}
    for metric, answer in zip(metrics, answers[1:], strict=True):
        for labels, value in _vector(answer):
            known = dict(labels)
            key = known.get("check", ""), known.get(label, "")
            if key in found and math.isfinite(value):
                found[key][metric] = value
    return found


def _vector(value: Value) -> Sequence[tuple[Labels, float]]:
    return value if isinstance(value, list) and not isinstance(value, Matrix) else ()


def _container(name: str, values: Mapping[str, float | str]) -> ContainerState:
    state, health = str(values["state"]), _number(values, "container_health")
    word = HEALTHS[health] if health is not None and 0 <= health < len(HEALTHS) else ""
    status = HealthStatus.UNHEALTHY if word == "unhealthy" else _status(state)
    cpu = values.get("container_cpu_usage_ratio")
    return ContainerState(
        name, status, "", state, "" if status is HealthStatus.HEALTHY else PAST, word, 0, _number(values, "container_restarts_total"),
        _number(values, "container_memory_usage_bytes"), _number(values, "container_memory_limit_bytes"),
        cpu if isinstance(cpu, float) else None,
    )  # fmt: skip


def _unit(name: str, values: Mapping[str, float | str]) -> UnitState:
    state, triggered = str(values["state"]), _number(values, "systemd_timer_last_trigger_timestamp_seconds")
    return UnitState(
        name, _status(state), state, "", 0, _number(values, "systemd_restarts_total"), _number(values, "systemd_memory_bytes"),
        last_trigger=(triggered or 0) * 1000,
    )  # fmt: skip


def _status(state: str) -> HealthStatus:
    return _FAILED.get(state) or _WELL.get(state, HealthStatus.UNKNOWN)


def _number(values: Mapping[str, float | str], metric: str) -> int | None:
    value = values.get(metric)
    return round(value) if isinstance(value, float | int) else None
