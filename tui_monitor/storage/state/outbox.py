"""The outbox's table: what must be sent, what was sent and how that went. Plain functions, called inside the caller's transaction.

A row waits while ``next_try`` is set. ``sending`` rows have none, so nobody can claim them twice; a row that was folded into
another (``merged_into``) follows that one's fate.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.units import rfc3339
from tui_monitor.dispatch.message import Kind, Message, State

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

KEEP_ROWS = 10_000
LONGEST_SEND_MS = 60_000
KEEP_MS = 90 * 86_400_000
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
"""Order is kept: an earlier waiting row holds the later ones, unless it has stepped aside and is of another thread."""


@frozen
class Entry:
    """One row of the outbox; stamps are UTC milliseconds. ``payload`` is the message as JSON, "" in lists."""

    id: str
    notifier: str
    kind: Kind
    state: State
    attempts: int
    next_try: int | None
    claimed_at: int | None
    created_at: int
    sent_at: int | None
    provider_id: str
    error: str
    possible_repeat: bool
    merged_into: str | None
    thread: str
    alerts: tuple[str, ...]
    payload: str = ""

    @property
    def message(self) -> Message:
        """The stored message; only of entries that were read with their payload."""
        return Message.from_json(self.payload)


@frozen
class Pruned:
    """How many finished rows were removed; ``unsent`` (failed, unknown) is worth a log line."""

    sent: int
    unsent: int


def entry_id(notifier: str, key: str) -> str:
    """The short stable hex id of a message to a notifier."""
    return hashlib.sha256(f"{notifier}\0{key}".encode(errors="replace")).hexdigest()[:12]


def enqueue(db: sqlite3.Connection, message: Message, now_ms: int) -> str:
    """Put a message in the outbox; the same key to the same notifier is taken once. Returns the row's id."""
    ident = entry_id(message.notifier, message.key)
    alerts = list(dict.fromkeys(alert.id for alert in message.alerts))
    cursor = db.execute(
        "INSERT INTO notifications (id, notifier, kind, state, next_try, created_at, thread, alerts, message)"
        " VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (ident, message.notifier, message.kind, now_ms, message.created_at, message.thread, json.dumps(alerts), message.to_json()),
    )
    if cursor.rowcount:
        _link_alerts(db, cursor.lastrowid, alerts)
    return ident


def put_done(db: sqlite3.Connection, message: Message, state: State, now_ms: int, *, provider_id: str = "", error: str = "") -> str:
    """Write down what a process has sent by itself (`notify test`): finished from the start, so no worker takes it. The row's id."""
    ident = enqueue(db, message, now_ms)
    db.execute(
        "UPDATE notifications SET state = ?, attempts = 1, next_try = NULL, claimed_at = ?, sent_at = ?, provider_id = ?, error = ?"
        " WHERE id = ?",
        (state, now_ms, now_ms if state == "sent" else None, provider_id, error, ident),
    )
    return ident


def candidate(db: sqlite3.Connection, notifier: str, now_ms: int) -> Entry | None:
    """The row that `claim` would take now, with its payload."""
    sql = f"SELECT {_LIGHT}, message FROM notifications r WHERE notifier = :notifier AND next_try IS NOT NULL AND {_DUE}{_FREE}"
    row = db.execute(f"{sql} ORDER BY seq LIMIT 1", {"notifier": notifier, "now": now_ms}).fetchone()
    return _entry(row) if row else None


def claim(db: sqlite3.Connection, notifier: str, now_ms: int) -> Entry | None:
    """Take the next due row of a notifier for sending: one conditional UPDATE, so two claimers never get the same row."""
    rows = db.execute(
        "UPDATE notifications SET state = 'sending', attempts = attempts + 1, claimed_at = :now, next_try = NULL WHERE seq ="
        f" (SELECT seq FROM notifications r WHERE notifier = :notifier AND next_try IS NOT NULL AND {_DUE}{_FREE} ORDER BY seq LIMIT 1)"
        f" AND next_try IS NOT NULL RETURNING {_LIGHT}, message",
        {"notifier": notifier, "now": now_ms},
    ).fetchall()
    return _entry(rows[0]) if rows else None


def record(
    db: sqlite3.Connection,
    ident: str,
    state: State,
    now_ms: int,
    *,
    next_try: int | None = None,
    provider_id: str = "",
    error: str = "",
    possible_repeat: bool = False,
    aside: bool = False,
) -> None:
    """Write how a send ended, also for the rows folded into this one. A success lets the rows that stepped aside try again."""
    sent_at = now_ms if state == "sent" else None
    row = db.execute(
        "UPDATE notifications SET state = ?, next_try = ?, sent_at = ?, provider_id = ?, error = ?, aside = ?,"
        " possible_repeat = possible_repeat OR ? WHERE id = ? RETURNING notifier",
        (state, next_try, sent_at, provider_id, error, aside, possible_repeat, ident),
    ).fetchall()
    if next_try is None:
        db.execute(
            "UPDATE notifications SET state = ?, sent_at = ?, provider_id = ?, error = ? WHERE merged_into = ?",
            (state, sent_at, provider_id, error, ident),
        )
    if state == "sent" and row:
        db.execute(
            "UPDATE notifications SET next_try = ? WHERE notifier = ? AND next_try IS NOT NULL AND aside = 1 AND possible_repeat = 0",
            (now_ms, row[0][0]),
        )


def adopt(db: sqlite3.Connection, entry: Entry) -> None:
    """Write down a message that is being sent from memory, because it could not be written when it came: whoever comes after a
    crash finds it in sending. A row that is there gets the newer message (a summary).
    """
    row = db.execute(
        "INSERT INTO notifications (id, notifier, kind, state, attempts, claimed_at, created_at, possible_repeat, thread, alerts, message)"
        " VALUES (?, ?, ?, 'sending', ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, alerts = excluded.alerts,"
        " message = excluded.message WHERE state = 'sending' RETURNING seq",
        (
            entry.id, entry.notifier, entry.kind, entry.attempts, entry.claimed_at, entry.created_at, entry.possible_repeat, entry.thread,
            json.dumps(entry.alerts), entry.payload,
        ),
    ).fetchall()  # fmt: skip
    if row:
        _link_alerts(db, row[0][0], entry.alerts)


def recover(db: sqlite3.Connection, now_ms: int, own: Collection[str] = ()) -> int:
    """Before the first claim of a new process: what a dead one was sending is *unknown* and gets its one, marked retry.

    A row whose one retry was cut off too is not tried again and stays visible as unknown. ``own``: what this process sends from
    memory. Returns how many rows were found.
    """
    found = f"state = 'sending' AND id NOT IN ({', '.join('?' * len(own))})"
    last = db.execute(f"SELECT id FROM notifications WHERE {found} AND possible_repeat = 1", tuple(own)).fetchall()
    for (ident,) in last:
        record(db, ident, "unknown", now_ms, error="stopped while sending, twice")
    once = db.execute(
        f"UPDATE notifications SET state = 'unknown', next_try = ?, possible_repeat = 1, error = 'stopped while sending' WHERE {found}",
        (now_ms, *own),
    ).rowcount
    return len(last) + once


def waiting(db: sqlite3.Connection, notifier: str, kinds: Collection[Kind], thread: str | None = None) -> list[Entry]:
    """The rows of some kinds that wait and were never possibly delivered, in order, without payload."""
    sql = f"SELECT {_LIGHT} FROM notifications WHERE notifier = ? AND next_try IS NOT NULL AND possible_repeat = 0"
    sql += f" AND kind IN ({', '.join('?' * len(kinds))})" + (" AND thread = ?" if thread is not None else "") + " ORDER BY seq"
    return [_entry(row) for row in db.execute(sql, (notifier, *kinds, *([thread] if thread is not None else [])))]


def wakes_at(db: sqlite3.Connection, notifier: str) -> int | None:
    """When the next row of a notifier is due, as far as known now; None: nothing waits."""
    stamp: int | None = db.execute(
        "SELECT MIN(next_try) FROM notifications r WHERE notifier = :notifier AND next_try IS NOT NULL AND (aside = 1 OR seq ="
        " (SELECT MIN(seq) FROM notifications WHERE notifier = :notifier AND next_try IS NOT NULL AND aside = 0))",
        {"notifier": notifier},
    ).fetchone()[0]
    return stamp


def usage(db: sqlite3.Connection, notifier: str, now_ms: int, window_ms: int) -> tuple[int, int | None]:
    """How many rows were tried in the window that ends now, and when the first of them was: its answer, which is after its arrival."""
    count, first = db.execute(
        "SELECT COUNT(*), MIN(COALESCE(sent_at, claimed_at)) FROM notifications WHERE notifier = ? AND claimed_at > ? AND claimed_at <= ?"
        " AND COALESCE(sent_at, claimed_at) > ?",
        (notifier, now_ms - window_ms - LONGEST_SEND_MS, now_ms, now_ms - window_ms),
    ).fetchone()
    return count, first


def payloads(db: sqlite3.Connection, idents: Sequence[str]) -> list[Message]:
    """The messages of some rows, in the order asked for."""
    return [Message.from_json(db.execute("SELECT message FROM notifications WHERE id = ?", (ident,)).fetchone()[0]) for ident in idents]


def fold(db: sqlite3.Connection, folded: Sequence[str], into: str, message: Message) -> None:
    """Let one waiting row stand for others: it gets the merged message, they wait for its fate."""
    alerts = list(dict.fromkeys(alert.id for alert in message.alerts))
    row = db.execute(
        "UPDATE notifications SET message = ?, alerts = ?, kind = ? WHERE id = ? RETURNING seq",
        (message.to_json(), json.dumps(alerts), message.kind, into),
    ).fetchall()
    _link_alerts(db, row[0][0], alerts)
    for ident in folded:
        db.execute(
            "UPDATE notifications SET state = 'queued', next_try = NULL, merged_into = ?, error = ? WHERE id = ?",
            (into, f"merged into {into}", ident),
        )
        db.execute("UPDATE notifications SET merged_into = ? WHERE merged_into = ?", (into, ident))


def rewrite(db: sqlite3.Connection, ident: str, message: Message) -> None:
    """Replace the stored message of a row (a note fixed at the first try; an edit of what was sent)."""
    db.execute("UPDATE notifications SET message = ? WHERE id = ?", (message.to_json(), ident))


def orphan(db: sqlite3.Connection, names: Collection[str], now_ms: int, give_up_ms: int) -> int:
    """Mark waiting rows of notifiers that are not configured; the old ones fail. Returns how many failed."""
    here = f"next_try IS NOT NULL AND notifier NOT IN ({', '.join('?' * len(names))})"
    text = "no notifier of this name is configured"
    db.execute(f"UPDATE notifications SET error = ? WHERE {here} AND error <> ?", (text, *names, text))
    ended = [row[0] for row in db.execute(f"SELECT id FROM notifications WHERE {here} AND created_at < ?", (*names, now_ms - give_up_ms))]
    for ident in ended:
        record(db, ident, "failed", now_ms, error=text)
    return len(ended)


def list_entries(db: sqlite3.Connection, limit: int = 100) -> list[Entry]:
    """The newest rows first, without payload."""
    return [_entry(row) for row in db.execute(f"SELECT {_LIGHT} FROM notifications ORDER BY seq DESC LIMIT ?", (limit,))]


def for_alert(db: sqlite3.Connection, alert_id: str, limit: int = 50, *, payload: bool = False) -> list[Entry]:
    """The notifications that told of one alert, oldest first."""
    columns = _LIGHT + (", message" if payload else "")
    rows = db.execute(
        f"SELECT {columns} FROM notifications WHERE seq IN (SELECT seq FROM notification_alerts WHERE alert = ? ORDER BY seq DESC LIMIT ?)"
        " ORDER BY seq",
        (alert_id, limit),
    )
    return [_entry(row) for row in rows]


def told(db: sqlite3.Connection, notifier: str, alert_ids: Collection[str]) -> list[str]:
    """Which of these alerts a notifier was told of."""
    sql = "SELECT 1 FROM notification_alerts JOIN notifications USING (seq) WHERE alert = ? AND notifier = ? AND state = 'sent' LIMIT 1"
    return [ident for ident in alert_ids if db.execute(sql, (ident, notifier)).fetchone()]


def failing(db: sqlite3.Connection, notifier: str, now_ms: int) -> tuple[int, str]:
    """For how many milliseconds nothing has got through to a notifier though it was tried, and the newest reason; 0: all is well.

    A row counts until its next try, one that was given up or refused until now: so nothing grows while no monitor runs. A failed
    `notify test` is the tester's business; one that arrives ends it.
    """
    success = db.execute(
        "SELECT claimed_at FROM notifications WHERE notifier = ? AND state = 'sent' ORDER BY claimed_at DESC LIMIT 1", (notifier,)
    ).fetchone()
    since, until, error = db.execute(
        "SELECT MIN(created_at), MAX(CASE WHEN next_try IS NULL AND state <> 'sending' THEN :now"
        " ELSE MIN(:now, COALESCE(next_try, claimed_at)) END), (SELECT error FROM notifications WHERE notifier = :notifier"
        " AND claimed_at > :success AND error <> '' AND merged_into IS NULL AND kind <> 'test' ORDER BY claimed_at DESC LIMIT 1)"
        " FROM notifications WHERE notifier = :notifier AND claimed_at > :success AND state <> 'sent' AND kind <> 'test'"
        " AND attempts > (state = 'sending')",
        {"notifier": notifier, "now": now_ms, "success": success[0] if success else -1},
    ).fetchone()
    return (0, "") if since is None else (max(0, until - max(since, success[0] if success else 0)), error or "")


def prune(db: sqlite3.Connection, now_ms: int, *, keep_rows: int = KEEP_ROWS, keep_ms: int = KEEP_MS) -> Pruned:
    """Remove finished rows that are old or too many; what waits is never removed, and failed rows do not count against sent ones."""
    counts = []
    for states in ("'sent'", "'failed', 'unknown'"):
        finished = f"next_try IS NULL AND merged_into IS NULL AND state IN ({states})"
        edge = db.execute(f"SELECT seq FROM notifications WHERE {finished} ORDER BY seq DESC LIMIT 1 OFFSET ?", (keep_rows,)).fetchone()
        where = f"{finished} AND (created_at < ? OR seq <= ?)"
        counts.append(db.execute(f"DELETE FROM notifications WHERE {where}", (now_ms - keep_ms, edge[0] if edge else -1)).rowcount)
    if any(counts):
        db.execute("DELETE FROM notifications WHERE merged_into IS NOT NULL AND merged_into NOT IN (SELECT id FROM notifications)")
        db.execute("DELETE FROM notification_alerts WHERE seq NOT IN (SELECT seq FROM notifications)")
    return Pruned(*counts)


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """The contract's shape of one notification; times are RFC 3339 UTC or null."""
    return {
        "id": entry.id,
        "notifier": entry.notifier,
        "alerts": list(entry.alerts),
        "kind": entry.kind,
        "state": entry.state,
        "attempts": entry.attempts,
        "next_try": rfc3339(entry.next_try) if entry.next_try is not None and entry.state in ("retrying", "unknown") else None,
        "created_at": rfc3339(entry.created_at),
        "sent_at": None if entry.sent_at is None else rfc3339(entry.sent_at),
        "provider_id": entry.provider_id or None,
        "error": entry.error or None,
    }


def _link_alerts(db: sqlite3.Connection, seq: int | None, alerts: Sequence[str]) -> None:
    db.executemany("INSERT OR IGNORE INTO notification_alerts (alert, seq) VALUES (?, ?)", [(alert, seq) for alert in alerts])


def _entry(row: tuple[Any, ...]) -> Entry:
    payload = row[15] if len(row) > 15 else ""
    fields: list[Any] = [*row[:11], bool(row[11]), row[12], row[13], tuple(json.loads(row[14])), payload]
    return Entry(*fields)
