"""Rows that wait to be written, bounded in memory, for the time of a full disk or a blocking reader."""

from __future__ import annotations

import sqlite3
from collections import deque
from typing import NamedTuple


class MinuteRow(NamedTuple):
    """A row of the table ``recent``: one minute of one series, made of ``samples`` samples."""

    aggregate: bytes
    histogram: bytes | None
    data: bytes
    samples: int

    @property
    def size(self) -> int:
        """The approximate size in memory."""
        return len(self.aggregate) + len(self.histogram or b"") + len(self.data) + 200


class _Tick(NamedTuple):
    seq: int
    newest: int
    data: bytes


class Pending:
    """The rows of the next transaction. Beyond ``limit`` bytes the oldest are dropped: first ticks (minutes contain them), then minutes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ticks: deque[_Tick] = deque()
        self._watermark: tuple[int, int] | None = None
        self.recent: dict[int, MinuteRow] = {}
        self.series: dict[int, tuple[str, int]] = {}
        self.board: tuple[int, bytes] | None = None
        self.saved: dict[str, tuple[int, bytes]] = {}
        self.size = 0
        self.dropped = 0
        self.newest = 0

    def __bool__(self) -> bool:
        return bool(self._ticks or self.recent or self.series or self.board or self.saved)

    def add_tick(self, seq: int, newest: int, data: bytes) -> None:
        """Add the observations of one commit."""
        self._ticks.append(_Tick(seq, newest, data))
        self.size += len(data) + 200
        self.newest = max(self.newest, newest)

    def add_minutes(self, rows: dict[int, MinuteRow], folded_seq: int, folded_until: int) -> None:
        """Add folded minutes and the progress of folding."""
        for key, row in rows.items():
            before = self.recent.get(key)
            self.recent[key] = row
            self.size += row.size - (before.size if before else 0)
        self._watermark = (folded_seq, folded_until)

    def forget_ahead(self, now_ms: int, first_key: int) -> None:
        """Drop rows that are ahead of a clock that was set back: ticks after ``now_ms``, minutes from ``first_key`` on."""
        self._ticks = deque(tick for tick in self._ticks if tick.newest <= now_ms)
        self.recent = {key: row for key, row in self.recent.items() if key < first_key}
        self.size = sum(len(tick.data) + 200 for tick in self._ticks) + sum(row.size for row in self.recent.values())
        self.newest = min(self.newest, now_ms)

    def trim(self) -> None:
        """Drop the oldest rows beyond the limit."""
        while self.size > self._limit and self._ticks:
            self.size -= len(self._ticks.popleft().data) + 200
        for key in sorted(self.recent) if self.size > self._limit else ():
            row = self.recent.pop(key)
            self.size -= row.size
            self.dropped += row.samples
            if self.size <= self._limit:
                break

    def write(self, db: sqlite3.Connection, now_ms: int) -> None:
        """Insert all rows in the open transaction; call ``clear`` once it is committed."""
        db.executemany(
            "INSERT INTO series VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET lookback = excluded.lookback",
            [(series, text, lookback, now_ms) for series, (text, lookback) in self.series.items()],
        )
        db.executemany("INSERT INTO ticks VALUES (?, ?, ?)", self._ticks)
        db.executemany(
            "INSERT OR REPLACE INTO recent VALUES (?, ?, ?, ?)",
            [(key, row.aggregate, row.histogram, row.data) for key, row in sorted(self.recent.items())],
        )
        if self._watermark:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", zip(("folded_seq", "folded_until"), self._watermark, strict=True))
        if self.board:
            db.execute("INSERT OR REPLACE INTO facts VALUES (1, ?, ?)", self.board)
        for source, (at, data) in self.saved.items():
            if data:
                db.execute("INSERT OR REPLACE INTO saved VALUES (?, ?, ?)", (source, at, data))
            else:
                db.execute("DELETE FROM saved WHERE source = ?", (source,))

    def clear(self) -> None:
        """Forget the rows, which were committed."""
        self._ticks.clear()
        self.recent.clear()
        self.series.clear()
        self.saved.clear()
        self._watermark = self.board = None
        self.size = 0
