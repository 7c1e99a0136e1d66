"""Pushed log lines in telemetry.db: a stream for each service, one bound for all; the largest service loses its oldest lines first."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from tui_monitor.storage.telemetry.schema import ROW_SIZE

FORMAT = "json"
_STREAM_FORMAT = '{"format": "json"}'


class PushedLineWriter:
    """Works within the caller's transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def append(self, lines: Mapping[str, Sequence[bytes]], at_ms: int, bound: int) -> None:
        """Append blocks of lines by service; a block holds events of JSON, separated by NUL."""
        for service, blocks in lines.items():
            stream = self._stream(service)
            self._db.executemany(
                "INSERT INTO blocks (stream, number, at, path, format, data) VALUES (?, 0, ?, '', ?, ?)",
                [(stream, at_ms, FORMAT, block) for block in blocks],
            )
        if lines:
            self._trim(bound)

    def _stream(self, service: str) -> int:
        row = self._db.execute(
            "INSERT INTO streams (name, service, format) VALUES ('', ?, ?)"
            " ON CONFLICT (name, service) DO UPDATE SET format = excluded.format RETURNING id",
            (service, _STREAM_FORMAT),
        ).fetchall()
        return int(row[0][0])

    def _trim(self, bound: int) -> None:
        sizes: dict[int, int] = dict(
            self._db.execute(
                f"SELECT b.stream, sum(length(b.data) + {ROW_SIZE}) FROM blocks b JOIN streams s ON s.id = b.stream"
                " WHERE s.service != '' GROUP BY b.stream"
            ).fetchall()
        )
        while sum(sizes.values()) > bound:
            largest = max(sizes, key=lambda each: sizes[each])
            excess = sum(sizes.values()) - bound
            sizes[largest] -= self._drop_oldest(largest, max(1, min(excess, sizes[largest] // 2)))
            if sizes[largest] <= 0:
                del sizes[largest]
                self._db.execute("DELETE FROM streams WHERE id = ?", (largest,))

    def _drop_oldest(self, stream: int, size: int) -> int:
        """Delete the oldest blocks of a stream, at least so many bytes; returns how many went."""
        gone, freed = 0, 0
        rows = self._db.execute(f"SELECT id, length(data) + {ROW_SIZE} FROM blocks WHERE stream = ? ORDER BY id", (stream,))
        while freed < size and (row := rows.fetchone()) is not None:
            gone, freed = row[0], freed + row[1]
        rows.close()
        self._db.execute("DELETE FROM blocks WHERE stream = ? AND id <= ?", (stream, gone))
        return freed
