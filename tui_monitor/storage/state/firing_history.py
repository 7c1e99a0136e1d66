"""The data of the noise report, from the tables of alerts and outbox of state.db."""

from __future__ import annotations

import json
import sqlite3

from tui_monitor.dispatch.message import Kind
from tui_monitor.storage.records import FiredAlert, FiringHistory

Span = tuple[int, int]
"""Begin and end, UTC ms; the end is outside."""


def firing_history(db: sqlite3.Connection, since_ms: int, until_ms: int) -> FiringHistory:
    """`State.firing_history`."""
    span = (since_ms, until_ms)
    return FiringHistory(_fired(db, span), _counts(db, "acknowledged", span), _counts(db, "flapping", span), _messages(db, span))


def _fired(db: sqlite3.Connection, span: Span) -> list[FiredAlert]:
    rows = db.execute(
        "SELECT name, id, fingerprint, severity, starts_at, ends_at, body FROM alerts"
        " WHERE (starts_at >= ? OR (state = 'firing' AND starts_at > 0)) AND starts_at < ? ORDER BY starts_at",
        span,
    )
    return [
        FiredAlert(name, ident, fingerprint, severity, start, end, json.loads(body).get("labels", {}))
        for name, ident, fingerprint, severity, start, end, body in rows
    ]


def _counts(db: sqlite3.Connection, change: str, span: Span) -> dict[str, int]:
    rows = db.execute("SELECT alert, COUNT(*) FROM alert_events WHERE change = ? AND at >= ? AND at < ? GROUP BY alert", (change, *span))
    return dict(rows.fetchall())


def _messages(db: sqlite3.Connection, span: Span) -> list[tuple[str, int, Kind]]:
    return db.execute(
        "SELECT alerts.name, seq, kind FROM notifications JOIN notification_alerts USING (seq) JOIN alerts ON alerts.id = alert"
        " WHERE created_at >= ? AND created_at < ? AND merged_into IS NULL AND notifications.state IN ('sent', 'unknown')",
        span,
    ).fetchall()
