"""GET /api/events: the boards, and what happens to alerts and deliveries, as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from tui_monitor.board.values import AlertView, Board, Delivery
from tui_monitor.core.units import rfc3339
from tui_monitor.serving.endpoint import Endpoint, HttpCall
from tui_monitor.serving.event_stream import EventStream, event
from tui_monitor.serving.shared import Shared


class BoardEvents:
    """Writes each new board to all streams: encoded once, whatever their number; nothing is done while there is none."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._streams: set[EventStream] = set()
        self._last: Board | None = None
        shared.boards.subscribe(self._take)

    def add(self, stream: EventStream) -> None:
        """One more stream; it begins with the present board."""
        self._streams.add(stream)
        stream.put(event("board", json.dumps(board_event(self._shared.backend.board), ensure_ascii=False)))

    def _take(self, board: Board) -> None:
        self._streams = {stream for stream in self._streams if not stream.ended}
        last, self._last = self._last, board
        if not self._streams:
            return
        messages = [event("board", json.dumps(board_event(board), ensure_ascii=False))]
        messages += [event(kind, json.dumps(said, ensure_ascii=False)) for kind, said in changes(last, board)] if last else []
        together = b"".join(messages)
        for stream in self._streams:
            stream.put(together)


def board_event(board: Board) -> dict[str, Any]:
    """The board in short: state of the whole, of each check, counts of alerts; durations in ms."""
    return {
        "at": rfc3339(board.at),
        "host": board.host,
        "status": str(board.status),
        "leader": board.leader.alive,
        "alerts": {"firing": board.firing, "acknowledged": board.acknowledged},
        "checks": [
            {
                "name": check.name,
                "status": str(check.status),
                "reason": check.reason,
                "since": rfc3339(check.since) if check.since else None,
                "duration_ms": None if check.duration is None else round(check.duration * 1000, 3),
            }
            for check in board.checks
        ],
    }


def changes(before: Board, after: Board) -> Iterator[tuple[str, dict[str, Any]]]:
    """("alert" or "delivery", what) for each alert that began, changed or ended, and each message whose state is new."""
    old = {alert.id: alert for alert in before.alerts}
    for alert in after.alerts:
        was = old.pop(alert.id, None)
        if was is None or _state(was) != _state(alert):
            yield "alert", alert_event(alert)
        known = set(was.deliveries) if was is not None else set()
        yield from (("delivery", delivery_event(alert, each)) for each in alert.deliveries if each not in known)
    yield from (("alert", {**alert_event(alert), "state": "resolved"}) for alert in old.values())


def _state(alert: AlertView) -> tuple[object, ...]:
    return alert.state, alert.severity, alert.summary, alert.acknowledged_by, alert.acknowledged_note, alert.suppressed_by


def alert_event(alert: AlertView) -> dict[str, Any]:
    """One alert, with the keys of `alerts --json`."""
    return {
        "id": alert.id,
        "title": alert.name,
        "message": alert.summary,
        "severity": alert.severity,
        "state": alert.state,
        "labels": dict(alert.labels),
        "starts_at": rfc3339(alert.starts_at or alert.active_at),
        "acknowledged_by": alert.acknowledged_by,
        "suppressed_by": list(alert.suppressed_by),
    }


def delivery_event(alert: AlertView, delivery: Delivery) -> dict[str, Any]:
    """One message about an alert."""
    said: Mapping[str, Any] = {name: getattr(delivery, name) for name in ("notifier", "kind", "state", "error")}
    return {"alert": alert.id, **said, "at": rfc3339(delivery.at)}


async def events(call: HttpCall) -> Response:
    """A stream that begins with the present board."""
    streams = call.shared.streams
    stream = streams.open()
    call.shared.one(BoardEvents).add(stream)
    return streams.answer(stream)


ENDPOINTS = (Endpoint("GET", "/api/events", events, "boards, alerts and deliveries as server-sent events"),)
