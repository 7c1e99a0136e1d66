"""What only the inspection of a container says: restarts, out of memory, start, the health check's words; and when it is due again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.docker.listing import Listed, short

MAX_BODY = 1 << 20
SLACK = 2.0
"""Seconds: ages in the list are rounded down, and the list is older than the inspection."""
_HEALTHS = ("healthy", "unhealthy", "starting")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**53


@frozen
class Inspection:
    """One container in detail. ``health`` is "" without a health check, ``output`` its last words; times in UTC ms, 0: never."""

    restarts: int
    exit_code: int
    out_of_memory: bool
    error: str
    health: str
    output: str
    started: int
    finished: int


@frozen
class Known:
    """The last inspection of a container, when it was (monotonic), and what the list said then."""

    inspection: Inspection
    at: float
    state: str
    health: str

    def is_due(self, listed: Listed, now: float) -> bool:
        """Whether the container may have changed since: a list is one question for all, an inspection is one for each.

        A container that has restarted between two looks is as young as it was, so it is asked again once it could have: an old one
        seldom, one in a crash loop each time. Podman before 4.6 tells no health in its list.
        """
        if (listed.state, listed.health) != (self.state, self.health) or listed.state == "restarting":
            return True
        if self.inspection.health and not listed.health and listed.state == "running":
            return True
        return listed.state != "created" and listed.at_least < now - self.at + SLACK


def inspection_of(body: bytes) -> Inspection:
    """Reads an inspection (JSON). Raises ValueError where it is none; a part of the wrong type counts as missing."""
    try:
        found = json.loads(body.decode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    state = _part(found, "State")
    if not state:
        raise ValueError("no inspection")
    health = _part(state, "Health") or _part(state, "Healthcheck")
    word = health.get("Status")
    return Inspection(
        restarts=_number(found.get("RestartCount")),
        exit_code=_number(state.get("ExitCode")),
        out_of_memory=state.get("OOMKilled") is True,
        error=short(state.get("Error"), 200),
        health=word if word in _HEALTHS else "",
        output=_last_output(health.get("Log")),
        started=stamp(state.get("StartedAt")),
        finished=stamp(state.get("FinishedAt")),
    )


def _part(found: Any, name: str) -> dict[str, Any]:
    part = found.get(name) if isinstance(found, dict) else None
    return part if isinstance(part, dict) else {}


def _number(value: object) -> int:
    return value if type(value) is int and 0 <= value < _LARGEST else 0


def _last_output(log: object) -> str:
    last = log[-1] if isinstance(log, list) and log else None
    return short(last.get("Output"), 120).strip() if isinstance(last, dict) else ""


def stamp(value: object) -> int:
    """UTC ms of a time of the engine's (RFC 3339 with nanoseconds); 0 for its zero time and for what is none."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else _EPOCH
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    except (ValueError, OverflowError):
        return 0
    return max(0, (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000)
