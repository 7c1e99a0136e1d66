"""The writer of the history: ticks at once, minutes each minute, hours each hour; all from one thread."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME, Labels, label
from tui_monitor.promql.queryable import DEFAULT_LOOKBACK_MS
from tui_monitor.storage.history.hours import HourFold
from tui_monitor.storage.history.minutes import MinuteFold
from tui_monitor.storage.history.pending import Pending
from tui_monitor.storage.history.retention import Retainer
from tui_monitor.storage.history.schema import HOUR_MS, MIGRATIONS, MINUTE_MS, Retention, key_of, labels_from, labels_text
from tui_monitor.storage.history.ticks import Observed, encode_tick
from tui_monitor.storage.history.wal import WriteAheadLog
from tui_monitor.storage.sqlite import open_store, storage_faults

MIB = 1 << 20
TABLES = ("series", "ticks", "recent", "raw", "axes", "minutes", "hours", "facts", "annotations")


@frozen
class Limits:
    """Limits of memory and the write-ahead log: bytes, counts, milliseconds."""

    wal_bytes: int = 48 * MIB
    pending_bytes: int = 16 * MIB
    held_samples: int = 500_000
    series: int = 100_000
    ring_ms: int = 15 * MINUTE_MS


def keeps_distribution(name: str) -> bool:
    """Whether a metric keeps distributions for percentiles: the durations of probes and of their phases."""
    return name in ("probe_duration_seconds", "probe_phase_seconds")


class History:
    """The one writer of history.db. Synchronous; use it from one thread at a time.

    ``append`` and ``set_board`` only buffer; ``commit``, once a tick, writes all in one transaction, and folds a part.
    ``commit``, ``annotate`` and ``retain`` raise sqlite3.OperationalError (disk full, read-only, locked) and sqlite3.DatabaseError
    (corrupt: close, ``sqlite.move_aside(path)``, open anew). After an error nothing is lost until ``Limits`` are reached; the next
    commit tries again. ``moved_aside`` is the new path of a file that was corrupt on opening.
    """

    def __init__(
        self,
        path: Path,
        *,
        retention: Retention | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Open or create the file. Raises sqlite3.OperationalError and StoreTooNew."""
        self._limits = limits or Limits()
        self._db, self.moved_aside = open_store(path, MIGRATIONS, synchronous="NORMAL", check=spot_check, auto_vacuum=True)
        self._ids: dict[Labels, int] = {}
        self._lookbacks: dict[int, int] = {}
        self._unknown_series = 0
        self._buffer: list[Observed] = []
        self._paused = False
        try:
            self._load(path, retention or Retention())
        except BaseException:
            self._db.close()
            raise

    def _load(self, path: Path, retention: Retention) -> None:
        meta = dict(self._db.execute("SELECT name, value FROM meta"))
        for series, text, lookback in self._db.execute("SELECT id, labels, lookback FROM series"):
            self._ids[labels_from(text)] = series
            self._lookbacks[series] = lookback
        self._next_series = max(self._lookbacks, default=0) + 1
        self._seq: int = max(self._db.execute("SELECT coalesce(max(seq), 0) FROM ticks").fetchone()[0], meta.get("folded_seq", 0))
        self._pending = Pending(self._limits.pending_bytes)
        self._log = WriteAheadLog(self._db, path, self._limits.wal_bytes)
        self._hours = HourFold(self._db)
        distributed = {series for labels, series in self._ids.items() if keeps_distribution(label(labels, METRIC_NAME))}
        self._minutes = MinuteFold(
            self._db, meta.get("folded_seq", 0), meta.get("folded_until", 0), distributed, most=self._limits.held_samples
        )
        self._minutes.recover()
        self._retainer = Retainer(self._db, retention)

    @property
    def paused(self) -> bool:
        """Whether writing pauses because a reader holds an old snapshot; the log would grow without bound."""
        return self._paused

    @property
    def dropped(self) -> int:
        """Samples dropped since opening, because memory is bounded or there are too many series."""
        return self._pending.dropped + self._minutes.dropped + self._unknown_series

    @property
    def pending_bytes(self) -> int:
        """Bytes waiting to be written."""
        return self._pending.size

    @property
    def retention(self) -> Retention:
        """How long each resolution is kept; may be set at any time."""
        return self._retainer.retention

    @retention.setter
    def retention(self, retention: Retention) -> None:
        self._retainer.retention = retention

    def append(self, at_ms: int, samples: Sequence[tuple[Labels, float]], lookback_ms: int = DEFAULT_LOOKBACK_MS) -> None:
        """Buffer the samples of one moment; ``commit`` writes them."""
        ids, values = array("I"), array("d")
        for labels, value in samples:
            series = self._ids.get(labels)
            if series is None or self._lookbacks[series] != lookback_ms:
                series = self._register(labels, lookback_ms)
                if series is None:
                    continue
            ids.append(series)
            values.append(value)
        if ids:
            self._buffer.append(Observed(at_ms, ids, values))

    def _register(self, labels: Labels, lookback_ms: int) -> int | None:
        series = self._ids.get(tuple(sorted(labels)))
        if series is None:
            if len(self._ids) >= self._limits.series:
                self._unknown_series += 1
                return None
            series = self._ids[tuple(sorted(labels))] = self._next_series
            self._next_series += 1
            if keeps_distribution(label(labels, METRIC_NAME)):
                self._minutes.distributed.add(series)
        self._ids[labels] = series
        self._lookbacks[series] = lookback_ms
        self._pending.series[series] = (labels_text(labels), lookback_ms)
        return series

    def clock_set_back(self, now_ms: int, delta_ms: int) -> None:
        """The wall clock was set back by ``delta_ms`` (below 0) to ``now_ms``; afterwards no stored time is ahead of it.

        Samples that are not folded yet move along; minutes and hours that lie ahead are deleted, with the running minute where it is
        folded already. Raises sqlite3.OperationalError.
        """
        self._seal()
        minute, hour = now_ms // MINUTE_MS, now_ms // HOUR_MS + 1
        first = key_of(minute if self._minutes.folded_until > now_ms else minute + 1, 0)
        self._minutes.clock_set_back(now_ms, delta_ms)
        self._pending.forget_ahead(now_ms, first)
        self._hours.forget_from(hour)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute("DELETE FROM ticks WHERE newest > ?", (now_ms,))
            self._db.execute("DELETE FROM recent WHERE key >= ?", (first,))
            for table in ("raw", "axes", "minutes", "hours"):
                self._db.execute(f"DELETE FROM {table} WHERE key >= ?", (key_of(hour, 0),))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def set_board(self, at_ms: int, board: bytes) -> None:
        """Set the newest board for viewers; written by the next commit."""
        self._pending.board = (at_ms, board)

    def set_saved_state(self, at_ms: int, source: str, data: bytes) -> None:
        """Set the state of a source; written by the next commit, in the transaction of the samples that came before it."""
        self._pending.saved[source] = (at_ms, data)

    def commit(self, now_ms: int) -> None:
        """Write the buffer, fold what is due, and each minute shorten the log."""
        self._seal()
        if self._minutes.due(now_ms):
            folded = self._minutes.fold(now_ms, self._seq, self._pending.recent)
            self._pending.add_minutes(folded, self._minutes.folded_seq, self._minutes.folded_until)
        self._paused = self._log.blocked()
        if self._paused:
            self._pending.trim()
            return
        self._flush(now_ms)
        self._hours.step(now_ms)
        self._log.tend(now_ms)

    def _seal(self) -> None:
        """Turn the buffer into one row to be written and hold its samples for the fold."""
        if not self._buffer:
            return
        self._seq += 1
        self._pending.add_tick(self._seq, max(one.at for one in self._buffer), encode_tick(self._buffer))
        for one in self._buffer:
            self._minutes.hold(one)
        self._buffer = []

    def _flush(self, now_ms: int) -> None:
        written = list(self._pending.recent)
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._pending.write(self._db, now_ms)
            if written:
                self._forget_ticks(now_ms)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._pending.trim()
            raise
        self._pending.clear()
        for key in written:
            self._hours.touch(key)

    def _forget_ticks(self, now_ms: int) -> None:
        """Delete ticks that are folded and that no viewer needs; at most twice the ring's seconds stay, whatever the clock did."""
        ring = self._limits.ring_ms
        self._db.execute(
            "DELETE FROM ticks WHERE seq <= ? AND (newest < ? OR seq < ?)",
            (self._minutes.folded_seq, min(now_ms - ring, self._minutes.folded_until), self._seq - ring // 500),
        )

    def annotate(self, at_ms: int, text: str, author: str) -> None:
        """Store an annotation at once."""
        self._db.execute("INSERT INTO annotations (at, text, author) VALUES (?, ?, ?)", (at_ms, text, author))

    def retain(self, now_ms: int) -> int:
        """Delete a small batch of old rows; call it each minute. Returns the number of deleted rows, 0 while ``paused``."""
        if self._paused:
            return 0
        gone, series = self._retainer.step(now_ms)
        if series:
            self._ids = {labels: known for labels, known in self._ids.items() if known not in series}
            for one in series:
                self._lookbacks.pop(one, None)
                self._minutes.distributed.discard(one)
        return gone

    def close(self) -> None:
        """Write the buffer, if that is possible, and close the file."""
        try:
            self._seal()
            if self._pending and not self._log.blocked():
                self._flush(self._pending.newest)
        except sqlite3.Error:
            self._pending.trim()
        finally:
            self._db.close()


def spot_check(db: sqlite3.Connection) -> None:
    """A quick check of a file on opening: the first and last row of every table. Raises sqlite3.DatabaseError."""
    for table in TABLES:
        db.execute(f"SELECT * FROM {table} ORDER BY rowid LIMIT 1").fetchone()
        db.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone()


def annotate(path: Path, at_ms: int, text: str, author: str) -> None:
    """Store an annotation from a process that is not the writer (a command, a viewer). Raises StorageFault."""
    with storage_faults():
        db, _ = open_store(path, MIGRATIONS, synchronous="NORMAL", check=spot_check, auto_vacuum=True)
        with closing(db):
            db.execute("INSERT INTO annotations (at, text, author) VALUES (?, ?, ?)", (at_ms, text, author))
