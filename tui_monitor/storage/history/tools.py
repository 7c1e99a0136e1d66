"""The tools of `tui-monitor store` for a history file: sizes, a full check, compacting."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tui_monitor.storage.history.aggregate import AGGREGATE_SIZES, decode_aggregate, decode_stretches
from tui_monitor.storage.history.codec import BROKEN, CodecFault, decode_ints, decode_values
from tui_monitor.storage.history.columns import decode_minute
from tui_monitor.storage.history.schema import HOUR_MS, MIGRATIONS, MINUTE_MS, key_of, labels_from, unit_of
from tui_monitor.storage.history.ticks import decode_tick
from tui_monitor.storage.sqlite import connect, schema_version, storage_faults

BATCH = 200
MOST_FAULTS = 100
_UNITS = {"recent": MINUTE_MS, "raw": HOUR_MS, "axes": HOUR_MS, "minutes": HOUR_MS, "hours": HOUR_MS}
_DATA = {"recent": "aggregate", "raw": "data", "axes": "data", "minutes": "data", "hours": "aggregate"}


def info(path: Path) -> dict[str, Any]:
    """Sizes in bytes, rows and spans (UTC ms) by table, series, samples kept raw and bytes for each of them.

    Reads all keys: up to a second for a large file. Raises StorageFault.
    """
    with storage_faults(), closing(connect(path, read_only=True)) as db:
        pages, free, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size"))
        tables: dict[str, Any] = {}
        for table, unit_ms in _UNITS.items():
            rows, data = db.execute(f"SELECT count(*), coalesce(sum(length({_DATA[table]})), 0) FROM {table}").fetchone()
            first, last = db.execute(f"SELECT (SELECT min(key) FROM {table}), (SELECT max(key) FROM {table})").fetchone()
            span = {} if first is None else {"from": unit_of(first) * unit_ms, "until": (unit_of(last) + 1) * unit_ms}
            tables[table] = {"rows": rows, "data_bytes": data, **span}
        rows, data, first, last = db.execute(
            "SELECT count(*), coalesce(sum(length(data)), 0), min(newest), max(newest) FROM ticks"
        ).fetchone()
        tables["ticks"] = {"rows": rows, "data_bytes": data} | ({} if first is None else {"from": first, "until": last})
        samples: int = db.execute("SELECT coalesce(sum(n), 0) FROM raw").fetchone()[0]
        raw_bytes = tables["raw"]["data_bytes"] + tables["axes"]["data_bytes"] + 12 * (tables["raw"]["rows"] + tables["axes"]["rows"])
        return {
            "path": str(path),
            "schema": schema_version(db),
            "file_bytes": path.stat().st_size,
            "wal_bytes": _size(path.with_name(path.name + "-wal")),
            "free_bytes": free * size,
            "used_bytes": (pages - free) * size,
            "series": db.execute("SELECT count(*) FROM series").fetchone()[0],
            "annotations": db.execute("SELECT count(*) FROM annotations").fetchone()[0],
            "raw_samples": samples,
            "bytes_per_raw_sample": round(raw_bytes / samples, 3) if samples else None,
            "tables": tables,
        }


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def verify(path: Path) -> list[str]:
    """Verify the whole file: SQLite's full check, then every row's bytes. Returns the faults, [] for a healthy file.

    A 30-day store of 300 series takes half a second, its rows half a minute of Python more: not beside a running monitor. Opens its
    own read-only connection and holds no transaction for longer than the check itself (whose length bounds how much the log grows
    meanwhile). Never raises for what is wrong with the file.
    """
    faults: list[str] = []
    try:
        with closing(connect(path, read_only=True)) as db:
            version = schema_version(db)
            if version != len(MIGRATIONS):
                return [f"schema {version} where this tui-monitor has {len(MIGRATIONS)}"]
            faults.extend(answer for (answer,) in db.execute(f"PRAGMA integrity_check({MOST_FAULTS})").fetchall() if answer != "ok")
            for fault in _row_faults(db):
                faults.append(fault)
                if len(faults) >= MOST_FAULTS:
                    break
    except sqlite3.Error as error:
        faults.append(str(error))
    return faults


def _row_faults(db: sqlite3.Connection) -> Iterator[str]:
    for table, columns in (
        ("axes", "n, data"),
        ("raw", "axis, n, data"),
        ("minutes", "n, data"),
        ("recent", "aggregate, data"),
        ("ticks", "data"),
    ):
        for key, *row in _all_rows(db, table, columns):
            try:
                _decode(db, table, key, row)
            except (CodecFault, *BROKEN) as error:
                yield f"{table} row {key}: {error}"
    sizes = ", ".join(map(str, AGGREGATE_SIZES))
    for (key,) in db.execute(f"SELECT key FROM hours WHERE length(aggregate) NOT IN ({sizes}) LIMIT {MOST_FAULTS}").fetchall():
        yield f"hours row {key}: no aggregate"
    for series, text in db.execute("SELECT id, labels FROM series").fetchall():
        try:
            labels_from(text)
        except (ValueError, AttributeError) as error:
            yield f"series row {series}: {error}"


def _all_rows(db: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    """All rows, a batch to a transaction."""
    last = -(1 << 62)
    while True:
        rows = db.execute(f"SELECT rowid, {columns} FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT {BATCH}", (last,)).fetchall()
        if not rows:
            return
        yield from rows
        last = rows[-1][0]


def _decode(db: sqlite3.Connection, table: str, key: int, row: list[Any]) -> None:
    begin = unit_of(key) * _UNITS.get(table, 1)
    if table == "axes":
        decode_ints(row[1], row[0])
    elif table == "raw":
        decode_values(row[2], row[1])
        axis = db.execute("SELECT n FROM axes WHERE key = ?", (key_of(unit_of(key), row[0]),)).fetchone()
        if axis is None or axis[0] != row[1]:
            raise CodecFault("its stamps are missing")
    elif table == "minutes":
        if len(decode_stretches(row[1], begin)) != row[0]:
            raise CodecFault("minutes are missing")
    elif table == "recent":
        decode_aggregate(row[0], begin)
        decode_minute(row[1], begin, {})
    else:
        decode_tick(row[0])


def compact(path: Path) -> tuple[int, int]:
    """Rewrite the file without free pages. Returns its bytes before and after (with the log).

    A monitor that runs meanwhile buffers its writes in memory. Needs as much free disk as the file has.
    Raises StorageFault (locked, disk full); the file is unchanged then.
    """
    log = path.with_name(path.name + "-wal")
    before = path.stat().st_size + _size(log)
    with storage_faults(), closing(connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, path.stat().st_size + _size(log)
