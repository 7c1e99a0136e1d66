"""Folding of an hour's minute rows into one row per series and resolution, a few series at each commit.

The rows are prepared in memory and written in one transaction: before it readers see the minutes, after it the hour.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from tui_monitor.core.distribution import Histogram, add
from tui_monitor.storage.history.aggregate import (
    MinuteStretch,
    combine,
    decode_aggregate,
    decode_stretches,
    encode_aggregate,
    encode_stretches,
)
from tui_monitor.storage.history.codec import CodecFault, decode_ints, decode_values, encode_ints, encode_values
from tui_monitor.storage.history.columns import Columns, decode_minute
from tui_monitor.storage.history.histogram import decode_histogram, encode_histogram
from tui_monitor.storage.history.schema import HOUR_MS, MINUTE_MS, key_of, series_of, unit_of

SERIES_AT_ONCE = 4
COMMITS = 1800
"""The most commits over which an hour is spread; with many series each commit folds more, so that hours never pile up."""
GRACE_MS = 20_000


class _Hour(NamedTuple):
    """All rows of one series and hour, ready to be written."""

    axis: bytes
    samples: int
    raw: bytes
    minutes: bytes
    minute_count: int
    aggregate: bytes
    histogram: bytes | None
    last_seen: int


class HourFold:
    """The folding of hours, one after another, by the writer, which calls ``touch`` for each minute row that it writes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._hour: int | None = None
        self._waiting: list[int] = []
        self._ready: dict[int, _Hour] = {}
        self._at_once = SERIES_AT_ONCE
        oldest = db.execute("SELECT min(key) FROM recent").fetchone()[0]
        self._oldest: int | None = None if oldest is None else unit_of(oldest) // 60

    def touch(self, key: int) -> None:
        """Record that a minute row was written; its series and hour are prepared again."""
        hour = unit_of(key) // 60
        if self._oldest is None or hour < self._oldest:
            self._oldest = hour
        if hour == self._hour and series_of(key) not in self._waiting:
            self._ready.pop(series_of(key), None)
            self._waiting.append(series_of(key))

    def forget_from(self, hour: int) -> None:
        """Discard the preparation of this and later hours, whose rows were deleted as the clock was set back."""
        if self._hour is not None and self._hour >= hour:
            self._hour, self._waiting, self._ready = None, [], {}

    def step(self, now_ms: int) -> None:
        """Do the next small piece of work, if any. Raises sqlite3.DatabaseError; the caller may retry."""
        if self._hour is None:
            if self._oldest is None or (self._oldest + 1) * HOUR_MS + MINUTE_MS + GRACE_MS > now_ms:
                return
            self._begin(self._oldest)
        for _ in range(min(self._at_once, len(self._waiting))):
            series = self._waiting[-1]
            if (row := self._prepare(series)) is not None:
                self._ready[series] = row
            self._waiting.pop()
        if not self._waiting:
            self._write()

    def _begin(self, hour: int) -> None:
        rows = self._db.execute("SELECT key FROM recent WHERE key >= ? AND key < ?", self._span(hour))
        self._waiting = sorted({series_of(key) for (key,) in rows}, reverse=True)
        self._ready = {}
        self._at_once = max(SERIES_AT_ONCE, -(-len(self._waiting) // COMMITS))
        self._hour = hour

    @staticmethod
    def _span(hour: int) -> tuple[int, int]:
        return key_of(hour * 60, 0), key_of((hour + 1) * 60, 0)

    def _prepare(self, series: int) -> _Hour | None:
        assert self._hour is not None
        begin = self._hour * HOUR_MS
        samples = Columns()
        minutes: dict[int, MinuteStretch] = {}
        try:
            self._load_folded(series, samples, minutes)
        except CodecFault:  # a damaged row is replaced by the readable part
            samples, minutes = Columns(), {}
        for key, part, distribution, data in self._minute_rows(series):
            minute_begin, number = unit_of(key) * MINUTE_MS, unit_of(key) % 60
            try:
                minute = decode_minute(data, minute_begin, {})
                stretch = MinuteStretch(number, decode_aggregate(part, minute_begin), distribution or b"")
            except CodecFault:  # a damaged row costs its minute, not the hour
                continue
            samples.extend(minute.times, minute.values)
            minutes[number] = _merged(minutes[number], stretch) if number in minutes else stretch
        if not minutes:
            return None
        samples.sort()
        stretches = [minutes[number] for number in sorted(minutes)]
        whole = combine(stretch.aggregate for stretch in stretches)
        distributions: Histogram = {}
        for stretch in stretches:
            add(distributions, readable(stretch.histogram))
        return _Hour(
            encode_ints([at - begin for at in samples.times]),
            len(samples),
            encode_values(samples.values),
            encode_stretches(stretches, begin),
            len(stretches),
            encode_aggregate(whole, begin),
            encode_histogram(distributions) if distributions else None,
            whole.last_at,
        )

    def _minute_rows(self, series: int) -> Iterator[tuple[int, bytes, bytes | None, bytes]]:
        assert self._hour is not None
        for number in range(60):
            key = key_of(self._hour * 60 + number, series)
            yield from self._db.execute("SELECT key, aggregate, histogram, data FROM recent WHERE key = ?", (key,)).fetchall()

    def _load_folded(self, series: int, samples: Columns, minutes: dict[int, MinuteStretch]) -> None:
        """Load the hour's existing rows, where samples came after folding (the clock was set back)."""
        assert self._hour is not None
        begin = self._hour * HOUR_MS
        key = key_of(self._hour, series)
        for axis, data, count in self._db.execute(
            "SELECT axes.data, raw.data, raw.n FROM raw JOIN axes ON axes.key = ? | raw.axis WHERE raw.key = ?",
            (key_of(self._hour, 0), key),
        ).fetchall():
            samples.extend(array("q", [begin + offset for offset in decode_ints(axis, count)]), decode_values(data, count))
        for (data,) in self._db.execute("SELECT data FROM minutes WHERE key = ?", (key,)).fetchall():
            minutes.update((stretch.number, stretch) for stretch in decode_stretches(data, begin))

    def _write(self) -> None:
        assert self._hour is not None
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._write_rows(self._hour)
            self._db.execute("DELETE FROM recent WHERE key >= ? AND key < ?", self._span(self._hour))
            oldest = self._db.execute("SELECT min(key) FROM recent").fetchone()[0]
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._hour, self._ready = None, {}
        self._oldest = None if oldest is None else unit_of(oldest) // 60

    def _write_rows(self, hour: int) -> None:
        span = (key_of(hour, 0), key_of(hour + 1, 0))
        used = self._db.execute("SELECT max(key) FROM axes WHERE key >= ? AND key < ?", span).fetchone()[0]
        number = 0 if used is None else series_of(used) + 1
        axes: dict[bytes, int] = {}
        for series, row in sorted(self._ready.items()):
            if row.axis not in axes:
                axes[row.axis] = number
                self._db.execute("INSERT INTO axes VALUES (?, ?, ?)", (key_of(hour, number), row.samples, row.axis))
                number += 1
            key = key_of(hour, series)
            self._db.execute("INSERT OR REPLACE INTO raw VALUES (?, ?, ?, ?)", (key, axes[row.axis], row.samples, row.raw))
            self._db.execute("INSERT OR REPLACE INTO minutes VALUES (?, ?, ?)", (key, row.minute_count, row.minutes))
            self._db.execute("INSERT OR REPLACE INTO hours VALUES (?, ?, ?)", (key, row.aggregate, row.histogram))
            self._db.execute("UPDATE series SET last_seen = ? WHERE id = ? AND last_seen < ?", (row.last_seen, series, row.last_seen))


def readable(distribution: bytes) -> Histogram:
    """The distribution, an empty one where its bytes are broken."""
    try:
        return decode_histogram(distribution)
    except CodecFault:
        return {}


def _merged(one: MinuteStretch, two: MinuteStretch) -> MinuteStretch:
    total = readable(one.histogram)
    add(total, readable(two.histogram))
    return MinuteStretch(one.number, combine((one.aggregate, two.aggregate)), encode_histogram(total) if total else b"")
