"""The tables alerts and alert_events of state.db."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from tui_monitor.alerts.alert import Acknowledgement, Alert, Peak, Rung, Transition
from tui_monitor.alerts.measure import NO_MEASURE, Measure
from tui_monitor.storage.alert_lookup import find_alert
from tui_monitor.storage.records import MOST_EVENTS, MOST_LIVE, NOTED_CHANGES, AlertEventRow, NumberedEvent
from tui_monitor.storage.repository import KEEP_RESOLVED, KEEP_RESOLVED_MS, RECENT_MS

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
        "due_at": alert.due_at,
        "actions": dict(alert.actions),
        "measure": None if alert.measure == NO_MEASURE else alert.measure,
        "peak": None if alert.peak is None else [alert.peak.severity, alert.peak.summary],
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
        due_at=body.get("due_at"),
        actions=body.get("actions", {}),
        measure=Measure(*body.get("measure", ())),
        peak=Peak(*body["peak"]) if "peak" in body else None,
    )


def _events(rows: Iterable[tuple[Any, ...]]) -> list[AlertEventRow]:
    return [AlertEventRow(*row) for row in rows]


class SqliteAlerts:
    """`AlertTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def save(self, transitions: Iterable[Transition]) -> None:
        for transition in transitions:
            alert = transition.alert
            if transition.change == "dropped":
                self._db.execute("DELETE FROM alert_events WHERE alert = ?", (alert.id,))
                self._db.execute("DELETE FROM alerts WHERE id = ?", (alert.id,))
                continue
            self._db.execute(
                "INSERT OR REPLACE INTO alerts (id, fingerprint, rule, name, state, severity, held, active_at, starts_at, ends_at, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    alert.id, alert.fingerprint, alert.rule, alert.name, alert.state, alert.severity, int(alert.held), alert.active_at,
                    alert.starts_at, alert.ends_at, _body(alert),
                ),
            )  # fmt: skip
            if transition.change != "updated":
                self._db.execute(
                    "INSERT INTO alert_events (alert, at, change, severity, old_severity, value, by, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        alert.id, transition.at, transition.change, alert.severity, transition.old_severity, alert.value, transition.by,
                        transition.note or (alert.annotations.get("summary", "") if transition.change in NOTED_CHANGES else ""),
                    ),
                )  # fmt: skip

    def live(self) -> list[Alert]:
        return _alerts(self._db.execute(f"SELECT {_FIELDS} FROM alerts WHERE state <> 'resolved' OR held = 1 ORDER BY active_at, id"))

    def recently_resolved(self, now_ms: int, span_ms: int = RECENT_MS) -> list[Alert]:
        return _alerts(
            self._db.execute(
                f"SELECT {_FIELDS} FROM alerts WHERE state = 'resolved' AND ends_at >= ? ORDER BY ends_at, id", (now_ms - span_ms,)
            )
        )

    def ids(self) -> set[str]:
        return {row[0] for row in self._db.execute("SELECT id FROM alerts")}

    def history(self, limit: int = 100) -> list[Alert]:
        order = "ends_at IS NOT NULL, ends_at DESC, active_at DESC, id"
        return _alerts(self._db.execute(f"SELECT {_FIELDS} FROM alerts ORDER BY {order} LIMIT ?", (limit,)))

    def totals(self) -> tuple[int, int | None]:
        count, last = self._db.execute("SELECT COUNT(*), MAX(starts_at) FROM alerts WHERE starts_at > 0").fetchone()
        return count, last

    def live_at(self, at_ms: int) -> list[tuple[Alert, list[AlertEventRow]]]:
        found = _alerts(
            self._db.execute(
                f"SELECT {_FIELDS} FROM alerts WHERE active_at <= ? AND (ends_at IS NULL OR ends_at > ?)"
                " ORDER BY active_at DESC, id LIMIT ?",
                (at_ms, at_ms, MOST_LIVE),
            )
        )
        return [
            (
                alert,
                _events(
                    self._db.execute(f"SELECT {_EVENT_FIELDS} FROM alert_events WHERE alert = ? AND at <= ? ORDER BY id", (alert.id, at_ms))
                ),
            )
            for alert in found
        ]

    def find(self, prefix: str) -> Alert:
        return find_alert(prefix, self._beginning_with)

    def _beginning_with(self, prefix: str) -> list[Alert]:
        return _alerts(self._db.execute(f"SELECT {_FIELDS} FROM alerts WHERE id >= ? AND id < ?", (prefix, prefix + "g")))

    def labels(self, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        found = {}
        for ident in ids:
            row = self._db.execute("SELECT json_extract(body, '$.labels') FROM alerts WHERE id = ?", (ident,)).fetchone()
            if row is not None:
                found[ident] = json.loads(row[0])
        return found

    def events(self, alert: str) -> list[AlertEventRow]:
        return _events(
            self._db.execute(f"SELECT {_EVENT_FIELDS} FROM alert_events WHERE alert = ? ORDER BY id LIMIT ?", (alert, MOST_EVENTS))
        )

    def events_between(self, start_ms: int, end_ms: int) -> list[AlertEventRow]:
        return _events(
            self._db.execute(
                f"SELECT {_EVENT_FIELDS} FROM alert_events WHERE at BETWEEN ? AND ? ORDER BY at, id LIMIT ?",
                (start_ms, end_ms, MOST_EVENTS),
            )
        )

    def fired_between(self, start_ms: int, end_ms: int, limit: int) -> list[Alert]:
        newest = self._db.execute(
            f"SELECT {_FIELDS} FROM alerts WHERE starts_at > 0 AND starts_at <= ? AND (ends_at IS NULL OR ends_at >= ?)"
            " ORDER BY starts_at DESC, id LIMIT ?",
            (end_ms, start_ms, limit),
        )
        return _alerts(newest)[::-1]

    def events_after(self, number: int, limit: int = MOST_EVENTS) -> list[NumberedEvent]:
        rows = self._db.execute(
            f"SELECT id, {_EVENT_FIELDS} FROM alert_events WHERE id > ? AND change <> 'pending' ORDER BY id LIMIT ?", (number, limit)
        ).fetchall()
        alerts = {ident: self._by_id(ident) for ident in {row[1] for row in rows}}
        return [NumberedEvent(row[0], AlertEventRow(*row[1:]), alerts[row[1]]) for row in rows]

    def _by_id(self, ident: str) -> Alert | None:
        return next(iter(_alerts(self._db.execute(f"SELECT {_FIELDS} FROM alerts WHERE id = ?", (ident,)))), None)

    def prune(self, now_ms: int, *, keep: int = KEEP_RESOLVED, keep_ms: int = KEEP_RESOLVED_MS) -> int:
        doomed = [
            row[0]
            for row in self._db.execute(
                "SELECT id FROM alerts WHERE state = 'resolved' AND held = 0 AND (ends_at < ? OR ends_at <= ("
                "SELECT ends_at FROM alerts WHERE state = 'resolved' ORDER BY ends_at DESC LIMIT 1 OFFSET ?)) ORDER BY ends_at LIMIT 2000",
                (now_ms - keep_ms, keep),
            )
        ]
        self._db.executemany("DELETE FROM alert_events WHERE alert = ?", [(ident,) for ident in doomed])
        self._db.executemany("DELETE FROM alerts WHERE id = ?", [(ident,) for ident in doomed])
        return len(doomed)
