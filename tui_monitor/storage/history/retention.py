"""Retention: deletes old rows in small batches, keeps the file to its size, and gives free pages back to the disk."""

from __future__ import annotations

import sqlite3

from tui_monitor.storage.history.schema import HOUR_MS, MINUTE_MS, Retention, key_of, unit_of

BATCH = 3_000
FREE_PAGES_KEPT = 2_048
VACUUM_PAGES = 256
_YOUNGEST_HOURS = 2


class Retainer:
    """The deletion of old rows: each minute a batch of each table, then a part of the free pages."""

    def __init__(self, db: sqlite3.Connection, retention: Retention) -> None:
        self._db = db
        self.retention = retention

    def step(self, now_ms: int) -> tuple[int, set[int]]:
        """Delete one batch. Returns the number of rows and the ids of series that are gone for good."""
        kept = self.retention
        gone = 0
        for table, unit_ms, seconds in (
            ("recent", MINUTE_MS, max(kept.raw, kept.minutes)),
            ("raw", HOUR_MS, kept.raw),
            ("minutes", HOUR_MS, kept.minutes),
            ("hours", HOUR_MS, kept.hours),
        ):
            gone += self._delete(table, max(0, int(now_ms - seconds * 1000)) // unit_ms)
        gone += self._shrink() + self._delete_axes()
        series = self._dead_series(now_ms)
        self._vacuum()
        return gone + len(series), series

    def _delete(self, table: str, end: int) -> int:
        """Delete the oldest units before ``end``, whole ones, so that no reader finds a part of an hour."""
        far = self._db.execute(f"SELECT key FROM {table} WHERE key < ? ORDER BY key LIMIT 1 OFFSET {BATCH}", (key_of(end, 0),)).fetchone()
        if far:
            oldest = self._db.execute(f"SELECT min(key) FROM {table}").fetchone()[0]
            end = max(unit_of(far[0]), unit_of(oldest) + 1)
        return self._db.execute(f"DELETE FROM {table} WHERE key < ?", (key_of(end, 0),)).rowcount

    def _delete_axes(self) -> int:
        """Delete the stamps of hours without samples; always after the samples, which cannot be read without stamps."""
        oldest = self._db.execute("SELECT min(key) FROM raw").fetchone()[0]
        return self._db.execute("DELETE FROM axes WHERE key < ?", (1 << 62 if oldest is None else key_of(unit_of(oldest), 0),)).rowcount

    def _shrink(self) -> int:
        """Above the size limit, delete the oldest hour of the finest resolution that has more than a few."""
        if self.retention.max_bytes is None or self._used_bytes() <= self.retention.max_bytes * 7 // 8:  # an eighth may be free pages
            return 0
        for table in ("raw", "minutes", "hours"):
            oldest, newest = self._db.execute(f"SELECT (SELECT min(key) FROM {table}), (SELECT max(key) FROM {table})").fetchone()
            if oldest is not None and unit_of(newest) - unit_of(oldest) >= _YOUNGEST_HOURS:
                return self._delete(table, unit_of(oldest) + 1)
        return 0

    def _used_bytes(self) -> int:
        pages, free, size = (self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size"))
        return int((pages - free) * size)

    def _dead_series(self, now_ms: int) -> set[int]:
        """Series whose last sample is older than every resolution; a series in use is refreshed each hour."""
        longest = max(self.retention.raw, self.retention.minutes, self.retention.hours)
        before = int(now_ms - longest * 1000) - 2 * HOUR_MS
        batch = "SELECT id FROM series WHERE last_seen < ? LIMIT 500"
        rows = self._db.execute(f"DELETE FROM series WHERE id IN ({batch}) RETURNING id", (before,))
        return {series for (series,) in rows.fetchall()}

    def _vacuum(self) -> None:
        free: int = self._db.execute("PRAGMA freelist_count").fetchone()[0]
        pages: int = self._db.execute("PRAGMA page_count").fetchone()[0]
        if free > (max(FREE_PAGES_KEPT, pages // 8) if self.retention.max_bytes is None else pages // 8):
            self._db.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()
