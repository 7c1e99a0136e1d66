"""The tables planner_* and silences of state.db: the dispatcher's state."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from tui_monitor.alerts.alert import Acknowledgement, Alert
from tui_monitor.alerts.measure import Measure
from tui_monitor.dispatch.silences import Silence
from tui_monitor.dispatch.state import GroupRow, NotifiedState, Plan, RateRow, RefireRow, StoredDispatch, TrackRow
from tui_monitor.promql.queryable import Matcher

MIGRATION = """
CREATE TABLE planner_told (
    alert_id TEXT NOT NULL, notifier TEXT NOT NULL, severity TEXT NOT NULL, told_at INTEGER NOT NULL,
    group_key TEXT NOT NULL, flapping INTEGER NOT NULL, PRIMARY KEY (alert_id, notifier)) WITHOUT ROWID;
CREATE TABLE planner_tracks (alert_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE planner_groups (
    group_key TEXT NOT NULL, notifier TEXT NOT NULL, opened_at INTEGER NOT NULL, last_sent_at INTEGER NOT NULL,
    wait_until INTEGER NOT NULL, sent INTEGER NOT NULL, PRIMARY KEY (group_key, notifier)) WITHOUT ROWID;
CREATE TABLE planner_rates (
    rule TEXT NOT NULL, notifier TEXT NOT NULL, times TEXT NOT NULL, held INTEGER NOT NULL, PRIMARY KEY (rule, notifier)) WITHOUT ROWID;
CREATE TABLE silences (
    id TEXT PRIMARY KEY, matchers TEXT NOT NULL, starts_at INTEGER NOT NULL, ends_at INTEGER NOT NULL,
    by TEXT NOT NULL, comment TEXT NOT NULL) WITHOUT ROWID;
"""

REFIRES = """
CREATE TABLE planner_refires (
    fingerprint TEXT NOT NULL, notifier TEXT NOT NULL, severity TEXT NOT NULL, told_at INTEGER NOT NULL, came_back INTEGER NOT NULL,
    PRIMARY KEY (fingerprint, notifier)) WITHOUT ROWID;
"""

UNTIL_RESOLVED = "ALTER TABLE silences ADD COLUMN until_resolved INTEGER NOT NULL DEFAULT 0;"

_ALERT_FIELDS = (
    "id", "fingerprint", "rule", "state", "severity", "labels", "annotations", "value", "active_at", "starts_at", "ends_at",
    "acknowledged", "resolved_by", "note", "no_data", "flaps", "measure", "due_at",
)  # fmt: skip
_TRACK_FIELDS = tuple(entry.name for entry in fields(TrackRow) if entry.name != "alert")
Row = TypeVar("Row")


def _track_text(row: TrackRow) -> str:
    """The row as JSON, with what a resolved message needs of the alert (`asdict` takes four times as long)."""
    alert = {name: getattr(row.alert, name) for name in _ALERT_FIELDS}
    if row.alert.acknowledged is not None:
        alert["acknowledged"] = asdict(row.alert.acknowledged)
    alert["labels"], alert["annotations"] = dict(row.alert.labels), dict(row.alert.annotations)
    body = {name: getattr(row, name) for name in _TRACK_FIELDS}
    return json.dumps({**body, "alert": alert}, ensure_ascii=False, separators=(",", ":")).encode(errors="replace").decode()


def _read_track(text: str) -> TrackRow:
    body = json.loads(text)
    alert = {name: value for name, value in body.pop("alert").items() if name in _ALERT_FIELDS}
    if alert["acknowledged"] is not None:
        alert["acknowledged"] = Acknowledgement(**alert["acknowledged"])
    alert["measure"] = Measure(*alert.get("measure", ()))
    for key in ("suppressed_by", "held_by", "blocked"):
        body[key] = tuple(body[key])
    return TrackRow(Alert(**alert), **body)


class SqliteDispatch:
    """`DispatchTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def load(self) -> StoredDispatch:
        return StoredDispatch(
            notified={
                (alert_id, notifier): NotifiedState(severity, at, group, bool(flapping))
                for alert_id, notifier, severity, at, group, flapping in self._db.execute(
                    "SELECT alert_id, notifier, severity, told_at, group_key, flapping FROM planner_told"
                )
            },
            tracked={alert_id: _read_track(body) for alert_id, body in self._db.execute("SELECT alert_id, body FROM planner_tracks")},
            groups={
                (key, notifier): GroupRow(*numbers)
                for key, notifier, *numbers in self._db.execute(
                    "SELECT group_key, notifier, opened_at, last_sent_at, wait_until, sent FROM planner_groups"
                )
            },
            rates={
                (rule, notifier): RateRow(tuple(json.loads(times)), held)
                for rule, notifier, times, held in self._db.execute("SELECT rule, notifier, times, held FROM planner_rates")
            },
            silences={silence.id: silence for silence in self.silences()},
            refires={
                (fingerprint, notifier): RefireRow(*row)
                for fingerprint, notifier, *row in self._db.execute(
                    "SELECT fingerprint, notifier, severity, told_at, came_back FROM planner_refires"
                )
            },
        )

    def silences(self) -> list[Silence]:
        rows = self._db.execute(
            "SELECT id, matchers, starts_at, ends_at, by, comment, until_resolved FROM silences ORDER BY starts_at DESC, id"
        )
        return [
            Silence(key, tuple(Matcher(*parts) for parts in json.loads(matchers)), starts_at, ends_at, by, comment, bool(until))
            for key, matchers, starts_at, ends_at, by, comment, until in rows
        ]

    def save(self, plan: Plan) -> None:
        self._write(plan.notified, "planner_told", ("alert_id", "notifier"), 6, lambda t: (t.severity, t.at, t.group, int(t.flapping)))
        self._write(plan.tracked, "planner_tracks", ("alert_id",), 2, lambda row: (_track_text(row),))
        self._write(
            plan.groups, "planner_groups", ("group_key", "notifier"), 6, lambda g: (g.opened_at, g.last_sent_at, g.wait_until, g.sent)
        )
        self._write(plan.rates, "planner_rates", ("rule", "notifier"), 4, lambda row: (json.dumps(row.times), row.held))
        self._write(plan.refires, "planner_refires", ("fingerprint", "notifier"), 5, lambda row: (row.severity, row.at, row.came_back))
        self._write(
            plan.silences, "silences", ("id",), 7,
            lambda s: (
                json.dumps([[m.name, m.op, m.value] for m in s.matchers]), s.starts_at, s.ends_at, s.by, s.comment, int(s.until_resolved),
            ),
        )  # fmt: skip

    def _write(
        self,
        rows: Mapping[Any, Row | None],
        table: str,
        key_columns: tuple[str, ...],
        width: int,
        columns: Callable[[Row], tuple[object, ...]],
    ) -> None:
        if not rows:
            return
        keys = [(key if isinstance(key, tuple) else (key,), row) for key, row in rows.items()]
        gone = [key for key, row in keys if row is None]
        if gone:
            self._db.executemany(f"DELETE FROM {table} WHERE {' AND '.join(f'{name} = ?' for name in key_columns)}", gone)
        kept = [(*key, *columns(row)) for key, row in keys if row is not None]
        if kept:
            self._db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * width)})", kept)
