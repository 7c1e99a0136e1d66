"""The data of the noise report, from the tables of alerts and outbox of state.db."""

from __future__ import annotations

import json
import sqlite3

from tui_monitor.dispatch.message import Kind
from tui_monitor.storage.records import FiredAlert, FiringHistory


def firing_history(db: sqlite3.Connection, since_ms: int) -> FiringHistory:
    """`State.firing_history`."""
    return FiringHistory(
        _fired(db, since_ms), _counts(db, "acknowledged", since_ms), _counts(db, "flapping", since_ms), _messages(db, since_ms)
    )


def _fired(db: sqlite3.Connection, since: int) -> list[FiredAlert]:
    rows = db.execute(
        "SELECT name, id, fingerprint, severity, starts_at, ends_at, body FROM alerts"
        " WHERE starts_at >= ? OR (state = 'firing' AND starts_at > 0) ORDER BY starts_at",
        (since,),
    )
    return [
        FiredAlert(name, ident, fingerprint, severity, start, end, json.loads(body).get("labels", {}))
        for name, ident, fingerprint, severity, start, end, body in rows
    ]


def _counts(db: sqlite3.Connection, change: str, since: int) -> dict[str, int]:
    rows = db.execute("SELECT alert, COUNT(*) FROM alert_events WHERE change = ? AND at >= ? GROUP BY alert", (change, since))
    return dict(rows.fetchall())


def _messages(db: sqlite3.Connection, since: int) -> list[tuple[str, int, Kind]]:
    return db.execute(
        "SELECT alerts.name, seq, kind FROM notifications JOIN notification_alerts USING (seq) JOIN alerts ON alerts.id = alert"
        " WHERE created_at >= ? AND merged_into IS NULL AND notifications.state IN ('sent', 'unknown')",
        (since,),
    ).fetchall()
