"""Rows keyed (time, series) of chosen series, and the reach of each resolution."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from tui_monitor.storage.history.schema import HOUR_MS, MINUTE_MS, SERIES_BITS, key_of, series_of, unit_of
from tui_monitor.storage.history.ticks import Observed, decode_tick

_BY_SERIES = """
WITH RECURSIVE wanted(key) AS (VALUES(?) UNION ALL SELECT key + {step} FROM wanted WHERE key + {step} <= ?)
SELECT {columns} FROM wanted CROSS JOIN {table} ON {table}.key = wanted.key
"""
_SCAN_FROM = 4


class Reach(NamedTuple):
    """The first moment (UTC ms) of each resolution; a moment beyond all samples where it has none."""

    raw: int
    minutes: int


class Rows:
    """Reads within an open read transaction. ``series`` is their number, ``decoded`` caches ticks not folded yet."""

    def __init__(self, db: sqlite3.Connection, series: int, decoded: dict[int, list[Observed]]) -> None:
        self._db = db
        self._series = series
        self._decoded = decoded

    def reach(self) -> Reach:
        """Where raw samples and minutes begin; the rows of the running hour are both."""
        recent = self._first("recent", MINUTE_MS)
        raw = min(self._first("raw", HOUR_MS), recent)
        return Reach(raw, min(self._first("minutes", HOUR_MS), raw))

    def span(self) -> tuple[int, int] | None:
        """The first and the last moment (UTC ms) that may have samples, rounded outwards to minutes or hours."""
        ends = []
        for table, unit_ms in (("recent", MINUTE_MS), ("raw", HOUR_MS), ("minutes", HOUR_MS), ("hours", HOUR_MS)):
            last = self._db.execute(f"SELECT max(key) FROM {table}").fetchone()[0]
            if last is not None:
                ends += [self._first(table, unit_ms), (unit_of(last) + 1) * unit_ms]
        stamps = [one.at for one in self.unfolded()]
        ends += [min(stamps), max(stamps)] if stamps else []
        return (min(ends), max(ends)) if ends else None

    def first_unfolded_minute(self) -> int:
        """The end (UTC ms) of the last hour that was folded."""
        return self._first("recent", MINUTE_MS)

    def _first(self, table: str, unit_ms: int) -> int:
        key = self._db.execute(f"SELECT min(key) FROM {table}").fetchone()[0]
        return 1 << 62 if key is None else unit_of(key) * unit_ms

    def of(self, table: str, columns: str, first: int, last: int, ids: Collection[int]) -> Iterator[tuple[int, int, tuple[Any, ...]]]:
        """(unit, series, columns) of the rows of units first to last; in time order for each series."""
        if first > last or not ids:
            return
        bounds = self._db.execute(f"SELECT (SELECT min(key) FROM {table}), (SELECT max(key) FROM {table})").fetchone()
        if bounds[0] is None:
            return
        first, last = max(first, unit_of(bounds[0])), min(last, unit_of(bounds[1]))
        if first > last:
            return
        if len(ids) * _SCAN_FROM > self._series:
            rows = self._db.execute(
                f"SELECT {table}.key, {columns} FROM {table} WHERE key >= ? AND key < ? ORDER BY key",
                (key_of(first, 0), key_of(last + 1, 0)),
            )
            for row in rows:
                if series_of(row[0]) in ids:
                    yield unit_of(row[0]), series_of(row[0]), row[1:]
            return
        query = _BY_SERIES.format(step=1 << SERIES_BITS, columns=f"{table}.key, {columns}", table=table)
        for series in ids:
            for row in self._db.execute(query, (key_of(first, series), key_of(last, series))):
                yield unit_of(row[0]), series, row[1:]

    def axes(self, keys: Collection[int]) -> dict[int, tuple[int, bytes]]:
        """The stamps (count, bytes) by axis key."""
        found: dict[int, tuple[int, bytes]] = {}
        ordered = list(keys)
        for start in range(0, len(ordered), 500):
            part = ordered[start : start + 500]
            marks = ",".join("?" * len(part))
            for key, count, data in self._db.execute(f"SELECT key, n, data FROM axes WHERE key IN ({marks})", part):
                found[key] = (count, data)
        return found

    def unfolded(self) -> Iterator[Observed]:
        """The observations that are in no minute's row yet."""
        meta = dict(self._db.execute("SELECT name, value FROM meta"))
        seq_folded, until = meta.get("folded_seq", 0), meta.get("folded_until", 0)
        rows = self._db.execute("SELECT seq, data FROM ticks WHERE seq > ? OR newest >= ? ORDER BY seq", (seq_folded, until))
        kept = {seq: self._decoded.get(seq) or decode_tick(data) for seq, data in rows}
        self._decoded.clear()
        self._decoded.update(kept)
        for seq, observed in kept.items():
            for one in observed:
                if seq > seq_folded or one.at >= until:
                    yield one

    def ticks(self, after_ms: int, after_seq: int) -> list[tuple[int, bytes]]:
        """The stored ticks (seq, bytes) that are newer than both."""
        return self._db.execute("SELECT seq, data FROM ticks WHERE seq > ? AND newest > ? ORDER BY seq", (after_seq, after_ms)).fetchall()
