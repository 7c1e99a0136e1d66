"""The alerts' tables in state.db: every alert with its newest state, and what happened to it. Inside the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tui_monitor.alerts.alert import Acknowledgement, Alert, Rung, Transition
from tui_monitor.core.frozen import frozen

MIGRATION = """
CREATE TABLE alerts (
    id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, rule TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, severity TEXT NOT NULL,
    held INTEGER NOT NULL, active_at INTEGER NOT NULL, starts_at INTEGER NOT NULL, ends_at INTEGER, body TEXT NOT NULL);
CREATE INDEX alerts_live ON alerts (id) WHERE state <> 'resolved' OR held = 1;
CREATE INDEX alerts_ended ON alerts (ends_at) WHERE state = 'resolved';
CREATE TABLE alert_events (
    id INTEGER PRIMARY KEY, alert TEXT NOT NULL, at INTEGER NOT NULL, change TEXT NOT NULL, severity TEXT NOT NULL,
    old_severity TEXT NOT NULL, value REAL, by TEXT NOT NULL, note TEXT NOT NULL);
CREATE INDEX alert_events_alert ON alert_events (alert, id);
CREATE INDEX alert_events_at ON alert_events (at);
"""
KEEP_MS = 365 * 86_400_000
KEEP_RESOLVED = 10_000
TOLD = frozenset({"pending", "firing", "raised", "lowered"})
"""The changes whose event notes the alert's summary as it then was: later values make a new one."""
MOST_STEPS = 1000
MOST_UNSAVED = 20_000
UNSAVED_MS = 1500
"""How long a transition that is not urgent may wait for others."""


@frozen
class AlertEvent:
    """One step in an alert's life as the history keeps it; ``at`` is UTC milliseconds."""

    alert: str
    at: int
    change: str
    severity: str
    old_severity: str
    value: float | None
    by: str
    note: str


class Unsaved:
    """Transitions that may wait: flushed together after a moment, or with the next urgent one. A pending alert that ends before
    that never touches the disk.
    """

    def __init__(self) -> None:
        self._waiting: list[Transition] = []
        self._since: int | None = None

    def add(self, transitions: Iterable[Transition], now_ms: int) -> None:
        """Take transitions in order."""
        self._waiting.extend(transitions)
        if self._waiting and (self._since is None or now_ms < self._since):
            self._since = now_ms

    def due(self, now_ms: int) -> bool:
        """Whether it is time to commit: something is urgent or has waited long enough."""
        if self._since is None:
            return False
        return now_ms - self._since >= UNSAVED_MS or any(transition.urgent for transition in self._waiting)

    def take(self) -> list[Transition]:
        """All that waits, merged: the last `updated` of each alert, and nothing of alerts that came and went unseen."""
        waiting, self._waiting, self._since = self._waiting, [], None
        began = {transition.alert.id for transition in waiting if transition.change == "pending"}
        unseen = {transition.alert.id for transition in waiting if transition.change == "dropped"} & began
        last = {transition.alert.id: index for index, transition in enumerate(waiting)}
        return [
            transition
            for index, transition in enumerate(waiting)
            if transition.alert.id not in unseen and (transition.change != "updated" or last[transition.alert.id] == index)
        ]

    def put_back(self, transitions: Sequence[Transition], now_ms: int) -> None:
        """After a commit that failed: they wait again, before what came since. Of very many old steps go, but never an alert's last."""
        last = {transition.alert.id: index for index, transition in enumerate(transitions)}
        edge = len(transitions) - MOST_STEPS
        kept = [step for index, step in enumerate(transitions) if index >= edge or last[step.alert.id] == index]
        self._waiting[:0] = kept[-MOST_UNSAVED:]
        self._since = now_ms if self._waiting else None


def save_transitions(db: sqlite3.Connection, transitions: Iterable[Transition]) -> None:
    """Write the alerts as they are after these steps, and the steps; `updated` leaves no step, a dropped alert leaves nothing."""
    for transition in transitions:
        alert = transition.alert
        if transition.change == "dropped":
            db.execute("DELETE FROM alert_events WHERE alert = ?", (alert.id,))
            db.execute("DELETE FROM alerts WHERE id = ?", (alert.id,))
            continue
        db.execute(
            "INSERT OR REPLACE INTO alerts (id, fingerprint, rule, name, state, severity, held, active_at, starts_at, ends_at, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                alert.id, alert.fingerprint, alert.rule, alert.name, alert.state, alert.severity, int(alert.held), alert.active_at,
                alert.starts_at, alert.ends_at, _body(alert),
            ),
        )  # fmt: skip
        if transition.change != "updated":
            db.execute(
                "INSERT INTO alert_events (alert, at, change, severity, old_severity, value, by, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    alert.id, transition.at, transition.change, alert.severity, transition.old_severity, alert.value, transition.by,
                    transition.note or (alert.annotations.get("summary", "") if transition.change in TOLD else ""),
                ),
            )  # fmt: skip


def load_live(db: sqlite3.Connection) -> list[Alert]:
    """What an evaluator takes up: pending, firing, and resolved by hand but still held."""
    return _alerts(db.execute(f"SELECT {_FIELDS} FROM alerts WHERE state <> 'resolved' OR held = 1 ORDER BY active_at, id"))


def load_recent(db: sqlite3.Connection, now_ms: int, span_ms: int = 86_400_000) -> list[Alert]:
    """Resolved within the last day, oldest first: for cooldown and flapping after a restart."""
    return _alerts(
        db.execute(f"SELECT {_FIELDS} FROM alerts WHERE state = 'resolved' AND ends_at >= ? ORDER BY ends_at, id", (now_ms - span_ms,))
    )


def taken_ids(db: sqlite3.Connection) -> set[str]:
    """Every id in use, so that no new alert gets one of them."""
    return {row[0] for row in db.execute("SELECT id FROM alerts")}


def history(db: sqlite3.Connection, limit: int = 100) -> list[Alert]:
    """All alerts, the live ones first, then the newest ended."""
    order = "ends_at IS NOT NULL, ends_at DESC, active_at DESC, id"
    return _alerts(db.execute(f"SELECT {_FIELDS} FROM alerts ORDER BY {order} LIMIT ?", (limit,)))


def live_at(db: sqlite3.Connection, at_ms: int, limit: int = 2000) -> list[tuple[Alert, list[AlertEvent]]]:
    """The alerts that were pending or firing at a moment, as they are now, each with what had happened to it by then."""
    found = _alerts(
        db.execute(
            f"SELECT {_FIELDS} FROM alerts WHERE active_at <= ? AND (ends_at IS NULL OR ends_at > ?) ORDER BY active_at DESC, id LIMIT ?",
            (at_ms, at_ms, limit),
        )
    )
    return [
        (alert, _events(db.execute(f"SELECT {_EVENT_FIELDS} FROM alert_events WHERE alert = ? AND at <= ? ORDER BY id", (alert.id, at_ms))))
        for alert in found
    ]


def find(db: sqlite3.Connection, prefix: str) -> Alert:
    """The alert of an id or its unique beginning, live ones before ended ones; LookupError names what is unknown or ambiguous."""
    if not prefix or not set(prefix) <= set("0123456789abcdef"):
        raise LookupError(f'no alert has the id "{prefix}"')
    found = _alerts(db.execute(f"SELECT {_FIELDS} FROM alerts WHERE id >= ? AND id < ?", (prefix, prefix + "g")))
    if not found:
        raise LookupError(f'no alert has the id "{prefix}"')
    found = [alert for alert in found if alert.id == prefix] or found
    live = [alert for alert in found if alert.state != "resolved"] or found
    if len(live) > 1:
        raise LookupError(f'"{prefix}" is the beginning of several ids: {", ".join(sorted(alert.id for alert in live)[:5])}')
    return live[0]


def labels_of(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """The labels of alerts by id, of those that are there."""
    found = {}
    for ident in ids:
        row = db.execute("SELECT json_extract(body, '$.labels') FROM alerts WHERE id = ?", (ident,)).fetchone()
        if row is not None:
            found[ident] = json.loads(row[0])
    return found


def events(db: sqlite3.Connection, alert: str, limit: int = 1000) -> list[AlertEvent]:
    """What happened to one alert, oldest first."""
    return _events(db.execute(f"SELECT {_EVENT_FIELDS} FROM alert_events WHERE alert = ? ORDER BY id LIMIT ?", (alert, limit)))


def events_between(db: sqlite3.Connection, start_ms: int, end_ms: int, limit: int = 1000) -> list[AlertEvent]:
    """What happened to any alert from start to end, oldest first: marks on a chart."""
    return _events(
        db.execute(f"SELECT {_EVENT_FIELDS} FROM alert_events WHERE at BETWEEN ? AND ? ORDER BY at, id LIMIT ?", (start_ms, end_ms, limit))
    )


def prune(db: sqlite3.Connection, now_ms: int, *, keep: int = KEEP_RESOLVED, keep_ms: int = KEEP_MS) -> int:
    """Delete ended alerts that are too old or too many, with their events; answers how many."""
    doomed = [
        row[0]
        for row in db.execute(
            "SELECT id FROM alerts WHERE state = 'resolved' AND held = 0 AND (ends_at < ? OR ends_at <= ("
            "SELECT ends_at FROM alerts WHERE state = 'resolved' ORDER BY ends_at DESC LIMIT 1 OFFSET ?)) ORDER BY ends_at LIMIT 2000",
            (now_ms - keep_ms, keep),
        )
    ]
    db.executemany("DELETE FROM alert_events WHERE alert = ?", [(ident,) for ident in doomed])
    db.executemany("DELETE FROM alerts WHERE id = ?", [(ident,) for ident in doomed])
    return len(doomed)


_FIELDS = "id, fingerprint, rule, state, severity, held, active_at, starts_at, ends_at, body"
_EVENT_FIELDS = "alert, at, change, severity, old_severity, value, by, note"


def _body(alert: Alert) -> str:
    ack = alert.acknowledged
    body: dict[str, Any] = {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "value": alert.value,
        "keep_until": alert.keep_until,
        "ack": None if ack is None else [ack.by, ack.at, ack.note, ack.until],
        "resolved_by": alert.resolved_by,
        "note": alert.note,
        "no_data": alert.no_data,
        "flaps": alert.flaps,
        "evidence": dict(alert.evidence),
        "suppressed_by": alert.suppressed_by,
        "rungs": {key: [rung.since, rung.active, rung.keep_until, rung.sample] for key, rung in alert.rungs.items()},
        "digest": alert.digest,
    }
    return json.dumps(
        {key: value for key, value in body.items() if value is not None and value not in ("", {}, ()) and value is not False},
        separators=(",", ":"),
    )


def _alerts(rows: Iterable[tuple[Any, ...]]) -> list[Alert]:
    return [_alert(*row) for row in rows]


def _alert(
    ident: str,
    fingerprint: str,
    rule: str,
    state: Any,
    severity: str,
    held: int,
    active_at: int,
    starts_at: int,
    ends_at: int | None,
    text: str,
) -> Alert:
    body: Mapping[str, Any] = json.loads(text)
    ack = body.get("ack")
    return Alert(
        id=ident,
        fingerprint=fingerprint,
        rule=rule,
        state=state,
        severity=severity,
        labels=body.get("labels", {}),
        annotations=body.get("annotations", {}),
        value=body.get("value"),
        active_at=active_at,
        starts_at=starts_at,
        ends_at=ends_at,
        keep_until=body.get("keep_until"),
        acknowledged=None if ack is None else Acknowledgement(*ack),
        resolved_by=body.get("resolved_by", ""),
        note=body.get("note", ""),
        held=bool(held),
        no_data=body.get("no_data", False),
        flaps=body.get("flaps", 0),
        evidence=body.get("evidence", {}),
        suppressed_by=tuple(body.get("suppressed_by", ())),
        rungs={
            key: Rung(since, active, keep_until, tuple((name, value) for name, value in sample))
            for key, (since, active, keep_until, sample) in body.get("rungs", {}).items()
        },
        digest=body.get("digest", ""),
    )


def _events(rows: Iterable[tuple[Any, ...]]) -> list[AlertEvent]:
    return [AlertEvent(*row) for row in rows]
