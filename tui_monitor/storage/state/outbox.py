"""The tables notifications and notification_alerts of state.db.

``sending`` rows have no ``next_try``, so that none is claimed twice.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from tui_monitor.dispatch.message import Kind, Message
from tui_monitor.storage.records import MOST_OF_ALERT, OutboxRow, PrunedRows, SendResult, notification_id
from tui_monitor.storage.repository import KEEP_SENT, KEEP_SENT_MS, LONGEST_SEND_MS

MIGRATION = """
CREATE TABLE notifications (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  notifier TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try INTEGER,
  claimed_at INTEGER,
  created_at INTEGER NOT NULL,
  sent_at INTEGER,
  provider_id TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  possible_repeat INTEGER NOT NULL DEFAULT 0,
  aside INTEGER NOT NULL DEFAULT 0,
  merged_into TEXT,
  thread TEXT NOT NULL DEFAULT '',
  alerts TEXT NOT NULL,
  message TEXT NOT NULL
);
CREATE INDEX notifications_waiting ON notifications (notifier, seq) WHERE next_try IS NOT NULL;
CREATE INDEX notifications_threads ON notifications (notifier, thread, seq) WHERE next_try IS NOT NULL;
CREATE INDEX notifications_claimed ON notifications (notifier, claimed_at);
CREATE INDEX notifications_merged ON notifications (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE notification_alerts (
  alert TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (alert, seq)
) WITHOUT ROWID;
CREATE INDEX notification_alerts_seq ON notification_alerts (seq);
"""
_LIGHT = (
    "id, notifier, kind, state, attempts, next_try, claimed_at, created_at, sent_at, provider_id, error, possible_repeat, merged_into,"
    " thread, alerts"
)
_DUE = "(r.attempts = 0 OR r.next_try <= :now OR r.claimed_at > :now)"
"""Due, also after a backward clock step: a first try waits for nothing, and a claim from the future means that the clock was set back."""
_FREE = (
    " AND NOT EXISTS (SELECT 1 FROM notifications e WHERE e.notifier = r.notifier AND e.next_try IS NOT NULL AND e.seq < r.seq"
    " AND (e.aside = 0 OR (e.thread <> '' AND e.thread = r.thread)))"
)
"""Keeps the order: an earlier waiting row blocks the later ones, unless it has stepped aside and is of another thread."""


def _aside(result: SendResult) -> int:
    """The column: 1 stepped aside until something gets through, 2 apart."""
    return 2 if result.apart else int(result.aside)


def _row(row: tuple[Any, ...]) -> OutboxRow:
    payload = row[15] if len(row) > 15 else ""
    fields: list[Any] = [*row[:11], bool(row[11]), row[12], row[13], tuple(json.loads(row[14])), payload]
    return OutboxRow(*fields)


class SqliteOutbox:
    """`OutboxTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def enqueue(self, message: Message, now_ms: int) -> str:
        ident = notification_id(message.notifier, message.key)
        alerts = list(dict.fromkeys(alert.id for alert in message.alerts))
        cursor = self._db.execute(
            "INSERT INTO notifications (id, notifier, kind, state, next_try, created_at, thread, alerts, message)"
            " VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            (ident, message.notifier, message.kind, now_ms, message.created_at, message.thread, json.dumps(alerts), message.to_json()),
        )
        if cursor.rowcount:
            self._link_alerts(cursor.lastrowid, alerts)
        return ident

    def add_finished(self, message: Message, result: SendResult, now_ms: int) -> str:
        ident = self.enqueue(message, now_ms)
        self._db.execute(
            "UPDATE notifications SET state = ?, attempts = 1, next_try = NULL, claimed_at = ?, sent_at = ?, provider_id = ?, error = ?"
            " WHERE id = ?",
            (result.state, now_ms, now_ms if result.state == "sent" else None, result.provider_id, result.error, ident),
        )
        return ident

    def next_due(self, notifier: str, now_ms: int) -> OutboxRow | None:
        sql = f"SELECT {_LIGHT}, message FROM notifications r WHERE notifier = :notifier AND next_try IS NOT NULL AND {_DUE}{_FREE}"
        row = self._db.execute(f"{sql} ORDER BY seq LIMIT 1", {"notifier": notifier, "now": now_ms}).fetchone()
        return _row(row) if row else None

    def claim_next(self, notifier: str, now_ms: int) -> OutboxRow | None:
        rows = self._db.execute(
            "UPDATE notifications SET state = 'sending', attempts = attempts + 1, claimed_at = :now, next_try = NULL WHERE seq ="
            f" (SELECT seq FROM notifications r WHERE notifier = :notifier AND next_try IS NOT NULL AND {_DUE}{_FREE} ORDER BY seq LIMIT 1)"
            f" AND next_try IS NOT NULL RETURNING {_LIGHT}, message",
            {"notifier": notifier, "now": now_ms},
        ).fetchall()
        return _row(rows[0]) if rows else None

    def record(self, ident: str, result: SendResult, now_ms: int) -> None:
        sent_at = now_ms if result.state == "sent" else None
        row = self._db.execute(
            "UPDATE notifications SET state = ?, next_try = ?, sent_at = ?, provider_id = ?, error = ?, aside = ?,"
            " possible_repeat = possible_repeat OR ? WHERE id = ? RETURNING notifier",
            (result.state, result.next_try, sent_at, result.provider_id, result.error, _aside(result), result.possible_repeat, ident),
        ).fetchall()
        if result.next_try is None:
            self._db.execute(
                "UPDATE notifications SET state = ?, sent_at = ?, provider_id = ?, error = ? WHERE merged_into = ?",
                (result.state, sent_at, result.provider_id, result.error, ident),
            )
        if result.state == "sent" and row:
            self._db.execute(
                "UPDATE notifications SET next_try = ? WHERE notifier = ? AND next_try IS NOT NULL AND aside = 1 AND possible_repeat = 0",
                (now_ms, row[0][0]),
            )

    def adopt(self, row: OutboxRow) -> None:
        found = self._db.execute(
            "INSERT INTO notifications (id, notifier, kind, state, attempts, claimed_at, created_at, possible_repeat, thread, alerts,"
            " message) VALUES (?, ?, ?, 'sending', ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind,"
            " alerts = excluded.alerts, message = excluded.message WHERE state = 'sending' RETURNING seq",
            (
                row.id, row.notifier, row.kind, row.attempts, row.claimed_at, row.created_at, row.possible_repeat, row.thread,
                json.dumps(row.alerts), row.payload,
            ),
        ).fetchall()  # fmt: skip
        if found:
            self._link_alerts(found[0][0], row.alerts)

    def recover(self, now_ms: int, own: Collection[str] = ()) -> int:
        found = f"state = 'sending' AND id NOT IN ({', '.join('?' * len(own))})"
        last = self._db.execute(f"SELECT id FROM notifications WHERE {found} AND possible_repeat = 1", tuple(own)).fetchall()
        for (ident,) in last:
            self.record(ident, SendResult("unknown", error="stopped while sending, twice"), now_ms)
        once = self._db.execute(
            f"UPDATE notifications SET state = 'unknown', next_try = ?, possible_repeat = 1, error = 'stopped while sending' WHERE {found}",
            (now_ms, *own),
        ).rowcount
        return len(last) + once

    def waiting(self, notifier: str, kinds: Collection[Kind], thread: str | None = None) -> list[OutboxRow]:
        sql = f"SELECT {_LIGHT} FROM notifications WHERE notifier = ? AND next_try IS NOT NULL AND possible_repeat = 0"
        sql += f" AND kind IN ({', '.join('?' * len(kinds))})" + (" AND thread = ?" if thread is not None else "") + " ORDER BY seq"
        return [_row(row) for row in self._db.execute(sql, (notifier, *kinds, *([thread] if thread is not None else [])))]

    def next_due_at(self, notifier: str) -> int | None:
        stamp: int | None = self._db.execute(
            "SELECT MIN(next_try) FROM notifications r WHERE notifier = :notifier AND next_try IS NOT NULL AND (aside <> 0 OR seq ="
            " (SELECT MIN(seq) FROM notifications WHERE notifier = :notifier AND next_try IS NOT NULL AND aside = 0))",
            {"notifier": notifier},
        ).fetchone()[0]
        return stamp

    def tries_in_window(self, notifier: str, now_ms: int, window_ms: int) -> tuple[int, int | None]:
        count, first = self._db.execute(
            "SELECT COUNT(*), MIN(COALESCE(sent_at, claimed_at)) FROM notifications WHERE notifier = ? AND claimed_at > ?"
            " AND claimed_at <= ? AND COALESCE(sent_at, claimed_at) > ?",
            (notifier, now_ms - window_ms - LONGEST_SEND_MS, now_ms, now_ms - window_ms),
        ).fetchone()
        return count, first

    def messages(self, idents: Sequence[str]) -> list[Message]:
        return [
            Message.from_json(self._db.execute("SELECT message FROM notifications WHERE id = ?", (ident,)).fetchone()[0])
            for ident in idents
        ]

    def merge(self, merged: Sequence[str], into: str, message: Message) -> None:
        alerts = list(dict.fromkeys(alert.id for alert in message.alerts))
        row = self._db.execute(
            "UPDATE notifications SET message = ?, alerts = ?, kind = ? WHERE id = ? RETURNING seq",
            (message.to_json(), json.dumps(alerts), message.kind, into),
        ).fetchall()
        self._link_alerts(row[0][0], alerts)
        for ident in merged:
            self._db.execute(
                "UPDATE notifications SET state = 'queued', next_try = NULL, merged_into = ?, error = ? WHERE id = ?",
                (into, f"merged into {into}", ident),
            )
            self._db.execute("UPDATE notifications SET merged_into = ? WHERE merged_into = ?", (into, ident))

    def replace_message(self, ident: str, message: Message) -> None:
        self._db.execute("UPDATE notifications SET message = ? WHERE id = ?", (message.to_json(), ident))

    def fail_orphans(self, names: Collection[str], now_ms: int, give_up_ms: int) -> int:
        here = f"next_try IS NOT NULL AND notifier NOT IN ({', '.join('?' * len(names))})"
        text = "no notifier of this name is configured"
        self._db.execute(f"UPDATE notifications SET error = ? WHERE {here} AND error <> ?", (text, *names, text))
        ended = [
            row[0]
            for row in self._db.execute(f"SELECT id FROM notifications WHERE {here} AND created_at < ?", (*names, now_ms - give_up_ms))
        ]
        for ident in ended:
            self.record(ident, SendResult("failed", error=text), now_ms)
        return len(ended)

    def newest(self, limit: int = 100) -> list[OutboxRow]:
        return [_row(row) for row in self._db.execute(f"SELECT {_LIGHT} FROM notifications ORDER BY seq DESC LIMIT ?", (limit,))]

    def after(self, number: int, limit: int = 100) -> list[tuple[int, OutboxRow]]:
        rows = self._db.execute(f"SELECT seq, {_LIGHT} FROM notifications WHERE seq > ? ORDER BY seq LIMIT ?", (number, limit))
        return [(row[0], _row(row[1:])) for row in rows]

    def numbered(self, numbers: Collection[int]) -> list[tuple[int, OutboxRow]]:
        rows = self._db.execute(
            f"SELECT seq, {_LIGHT} FROM notifications WHERE seq IN ({', '.join('?' * len(numbers))}) ORDER BY seq", tuple(numbers)
        )
        return [(row[0], _row(row[1:])) for row in rows]

    def of_alert(self, alert_id: str, *, payload: bool = False) -> list[OutboxRow]:
        columns = _LIGHT + (", message" if payload else "")
        rows = self._db.execute(
            f"SELECT {columns} FROM notifications WHERE seq IN"
            " (SELECT seq FROM notification_alerts WHERE alert = ? ORDER BY seq DESC LIMIT ?) ORDER BY seq",
            (alert_id, MOST_OF_ALERT),
        )
        return [_row(row) for row in rows]

    def notified(self, notifier: str, alert_ids: Collection[str]) -> list[str]:
        sql = "SELECT 1 FROM notification_alerts JOIN notifications USING (seq) WHERE alert = ? AND notifier = ? AND state = 'sent' LIMIT 1"
        return [ident for ident in alert_ids if self._db.execute(sql, (ident, notifier)).fetchone()]

    def failing(self, notifier: str, now_ms: int) -> tuple[int, str]:
        success = self._db.execute(
            "SELECT claimed_at FROM notifications WHERE notifier = ? AND state = 'sent' ORDER BY claimed_at DESC LIMIT 1", (notifier,)
        ).fetchone()
        since, until, error = self._db.execute(
            "SELECT MIN(created_at), MAX(CASE WHEN next_try IS NULL AND state <> 'sending' THEN :now"
            " ELSE MIN(:now, COALESCE(next_try, claimed_at)) END), (SELECT error FROM notifications WHERE notifier = :notifier"
            " AND claimed_at > :success AND error <> '' AND merged_into IS NULL AND kind <> 'test' AND aside <> 2"
            " ORDER BY claimed_at DESC LIMIT 1)"
            " FROM notifications WHERE notifier = :notifier AND claimed_at > :success AND state <> 'sent' AND kind <> 'test' AND aside <> 2"
            " AND attempts > (state = 'sending')",
            {"notifier": notifier, "now": now_ms, "success": success[0] if success else -1},
        ).fetchone()
        return (0, "") if since is None else (max(0, until - max(since, success[0] if success else 0)), error or "")

    def prune(self, now_ms: int, *, keep_rows: int = KEEP_SENT, keep_ms: int = KEEP_SENT_MS) -> PrunedRows:
        counts = []
        for states in ("'sent'", "'failed', 'unknown'"):
            finished = f"next_try IS NULL AND merged_into IS NULL AND state IN ({states})"
            edge = self._db.execute(
                f"SELECT seq FROM notifications WHERE {finished} ORDER BY seq DESC LIMIT 1 OFFSET ?", (keep_rows,)
            ).fetchone()
            where = f"{finished} AND (created_at < ? OR seq <= ?)"
            counts.append(
                self._db.execute(f"DELETE FROM notifications WHERE {where}", (now_ms - keep_ms, edge[0] if edge else -1)).rowcount
            )
        if any(counts):
            self._db.execute(
                "DELETE FROM notifications WHERE merged_into IS NOT NULL AND merged_into NOT IN (SELECT id FROM notifications)"
            )
            self._db.execute("DELETE FROM notification_alerts WHERE seq NOT IN (SELECT seq FROM notifications)")
        return PrunedRows(*counts)

    def _link_alerts(self, seq: int | None, alerts: Sequence[str]) -> None:
        self._db.executemany("INSERT OR IGNORE INTO notification_alerts (alert, seq) VALUES (?, ?)", [(alert, seq) for alert in alerts])
