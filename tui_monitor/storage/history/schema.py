"""The tables of history.db, their keys, and the retention of each resolution."""

from __future__ import annotations

import json

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Labels
from tui_monitor.storage.sqlite import Migration

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
SERIES_BITS = 24
MOST_SERIES = (1 << SERIES_BITS) - 1

# Rows are keyed (time, series) in one integer: rows written together are adjacent, and old rows are one range at the front.
MIGRATIONS: tuple[Migration, ...] = (
    """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE series (id INTEGER PRIMARY KEY, labels TEXT NOT NULL, lookback INTEGER NOT NULL, last_seen INTEGER NOT NULL);
CREATE TABLE ticks (seq INTEGER PRIMARY KEY, newest INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE recent (key INTEGER PRIMARY KEY, aggregate BLOB NOT NULL, histogram BLOB, data BLOB NOT NULL);
CREATE TABLE raw (key INTEGER PRIMARY KEY, axis INTEGER NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE axes (key INTEGER PRIMARY KEY, n INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE minutes (key INTEGER PRIMARY KEY, n INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE hours (key INTEGER PRIMARY KEY, aggregate BLOB NOT NULL, histogram BLOB);
CREATE TABLE facts (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE annotations (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, text TEXT NOT NULL, author TEXT NOT NULL);
CREATE INDEX annotations_at ON annotations (at);
""",
    "CREATE TABLE saved (source TEXT PRIMARY KEY, at INTEGER NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;\n",
)
READABLE_FROM = 1
"""The oldest schema that a reader understands: a file that no leader has opened since the program was renewed."""


@frozen
class Retention:
    """Seconds for which each resolution is kept, and the size limit of the file (bytes; None: no limit)."""

    raw: float = 86_400.0
    minutes: float = 30 * 86_400.0
    hours: float = 2 * 31_536_000.0
    max_bytes: int | None = None


def key_of(unit: int, series: int) -> int:
    """The key of a row: the number of the minute or hour since 1970 before the series' id (or the axis' number)."""
    return unit << SERIES_BITS | series


def unit_of(key: int) -> int:
    """The minute or hour of a key."""
    return key >> SERIES_BITS


def series_of(key: int) -> int:
    """The series' id (or the axis' number) of a key."""
    return key & MOST_SERIES


def labels_text(labels: Labels) -> str:
    """The canonical JSON text of a label set: ``{"name":"value",...}`` sorted by name."""
    return json.dumps(dict(labels), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def labels_from(text: str) -> Labels:
    """The label set of its canonical text."""
    return tuple(json.loads(text).items())
