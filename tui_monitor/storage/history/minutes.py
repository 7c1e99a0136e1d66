"""Folding of samples into one row per series and minute, once the minute is over."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from tui_monitor.core.distribution import histogram_of
from tui_monitor.storage.history.aggregate import aggregate, encode_aggregate
from tui_monitor.storage.history.codec import CodecFault
from tui_monitor.storage.history.columns import Columns, decode_minute, encode_minute
from tui_monitor.storage.history.histogram import encode_histogram
from tui_monitor.storage.history.pending import MinuteRow
from tui_monitor.storage.history.schema import MINUTE_MS, key_of, series_of, unit_of
from tui_monitor.storage.history.ticks import Observed, decode_tick

GRACE_MS = 5_000
FUTURE_MS = 60_000


class MinuteFold:
    """The samples not folded yet, and the progress of folding.

    An observation is folded when its tick's seq is at most ``folded_seq`` and its stamp is before ``folded_until``; readers use
    the same rule. ``folded_until`` never goes back: if the clock does, late samples are folded into the minute that they belong to.
    ``distributed`` are the ids of series that keep distributions; at most ``most`` samples are held, further ones are ``dropped``.
    """

    def __init__(self, db: sqlite3.Connection, folded_seq: int, folded_until: int, distributed: set[int], most: int) -> None:
        self._db = db
        self._most = most
        self._held: dict[int, Columns] = {}
        self._samples = 0
        self._newest = 0
        self._last_cut: int | None = None
        self.folded_seq = folded_seq
        self.folded_until = folded_until
        self.distributed = distributed
        self.dropped = 0

    def recover(self) -> None:
        """Load the observations that an ended process wrote but did not fold."""
        rows = self._db.execute(
            "SELECT seq, data FROM ticks WHERE seq > ? OR newest >= ? ORDER BY seq", (self.folded_seq, self.folded_until)
        ).fetchall()
        for seq, data in rows:
            try:
                observed = decode_tick(data)
            except CodecFault:  # a damaged row costs its second
                continue
            for one in observed:
                if seq > self.folded_seq or one.at >= self.folded_until:
                    self.hold(one)

    def hold(self, observed: Observed) -> None:
        """Hold samples until their minute is over."""
        if self._samples + len(observed.ids) > self._most:
            self.dropped += len(observed.ids)
            return
        at = observed.at
        self._samples += len(observed.ids)
        self._newest = max(self._newest, at)
        for series, value in zip(observed.ids, observed.values, strict=True):
            columns = self._held.get(series)
            if columns is None:
                columns = self._held[series] = Columns()
            columns.append(at, value)

    def clock_set_back(self, now_ms: int, delta_ms: int) -> None:
        """Shift the held samples that are stamped after ``now_ms``."""
        for columns in self._held.values():
            columns.move_after(now_ms, delta_ms)
        self._newest = min(self._newest, now_ms)

    def due(self, now_ms: int) -> bool:
        """Whether a minute has ended since the last fold, with a few seconds of grace for late samples."""
        return self._cut(now_ms) != self._last_cut

    @staticmethod
    def _cut(now_ms: int) -> int:
        return (now_ms - GRACE_MS) // MINUTE_MS * MINUTE_MS

    def fold(self, now_ms: int, seq: int, waiting: Mapping[int, MinuteRow]) -> dict[int, MinuteRow]:
        """The rows of all minutes that are over; ``seq`` is the newest tick, ``waiting`` rows folded but not written yet.

        Raises sqlite3.DatabaseError where rows that exist already cannot be read; all samples are still held then.
        """
        until = max(self.folded_until, self._cut(now_ms))
        if self._newest > now_ms + FUTURE_MS:  # the clock went back: samples stamped ahead would wait for ever
            until = max(until, self._newest + 1)
        taken: dict[int, Columns] = {}
        kept: dict[int, Columns] = {}
        for series, columns in self._held.items():
            columns.sort()
            for minute, part in columns.between(0, until).by_unit(MINUTE_MS):
                taken[key_of(minute, series)] = part
            rest = columns.between(until, 1 << 62)
            if len(rest):
                kept[series] = rest
        self._merge_existing(taken, waiting)
        axes: dict[bytes, bytes] = {}
        rows = {key: self._row(key, columns, axes) for key, columns in taken.items()}
        self._held = kept
        self._samples = sum(map(len, kept.values()))
        self._newest = max((columns.times[-1] for columns in kept.values()), default=0)
        self._last_cut = self._cut(now_ms)
        self.folded_seq, self.folded_until = seq, until
        return rows

    def _merge_existing(self, taken: dict[int, Columns], waiting: Mapping[int, MinuteRow]) -> None:
        for minute in {unit_of(key) for key in taken}:
            span = (key_of(minute, 0), key_of(minute + 1, 0))
            stored = dict(self._db.execute("SELECT key, data FROM recent WHERE key >= ? AND key < ?", span))
            stored.update((key, row.data) for key, row in waiting.items() if span[0] <= key < span[1])
            for key in stored.keys() & taken.keys():
                try:
                    before = decode_minute(stored[key], minute * MINUTE_MS, {})
                except CodecFault:
                    continue
                before.extend(taken[key].times, taken[key].values)
                before.sort()
                taken[key] = before

    def _row(self, key: int, columns: Columns, axes: dict[bytes, bytes]) -> MinuteRow:
        begin = unit_of(key) * MINUTE_MS
        distribution = histogram_of(columns.values) if series_of(key) in self.distributed else None
        return MinuteRow(
            encode_aggregate(aggregate(columns.times, columns.values), begin),
            encode_histogram(distribution) if distribution else None,
            encode_minute(columns, begin, axes),
            len(columns),
        )
