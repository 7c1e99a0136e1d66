"""The SQLite check: the schema is read, the file is measured, and queries become metrics."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from functools import partial

from tui_monitor.core.humanize import size
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.queries import QuerySettings
from tui_monitor.sources.query_rows import NamedCells, samples_of_rows
from tui_monitor.sources.sqlite.errors import ERRORS, is_interrupt, reason_of
from tui_monitor.sources.sqlite.file import FileState, SqliteFile
from tui_monitor.sources.sqlite.settings import SqliteCheck
from tui_monitor.sources.sqlite.thread import ReadThread

PATIENCE = 0.8
"""The share of the time limit that a lock is waited for, so that a locked database is told as such."""


class SqliteProbe:
    """Reading the schema decides and is the duration. One thread for the verdict and, with queries, one more for those."""

    def __init__(self, settings: SqliteCheck) -> None:
        self.stage = ""
        self.queries = settings.queries
        self._patience = PATIENCE * settings.timeout
        self._file = SqliteFile(settings.path)
        self._thread = ReadThread(settings.path)
        self._queried_file = SqliteFile(settings.path)
        self._query_thread = ReadThread(settings.path)
        self._one_query = asyncio.Lock()

    async def probe(self) -> ProbeResult:
        """Raises OwnTrouble where the file cannot be read for want of a right, or is locked."""
        self.stage = "read"
        began = time.monotonic()
        try:
            state = await self._thread.run(partial(self._file.state, self._patience), self._file.interrupt)
        except ERRORS as error:
            return ProbeResult(HealthStatus.UNHEALTHY, reason_of(error, self._file, self._patience))
        took = time.monotonic() - began
        self.stage = ""
        empty = "the file is empty: no table was ever written" if not state.size else ""
        status = HealthStatus.DEGRADED if empty else HealthStatus.HEALTHY
        return ProbeResult(status, empty, took, {"read": took}, _samples(state), _facts(state))

    async def run_query(self, query: QuerySettings) -> tuple[tuple[Sample, ...], str]:
        """(samples, what was wrong or ""): never an exception for what file or SQL do. One at a time."""
        patience = PATIENCE * query.timeout
        work = partial(self._queried_file.read, partial(_answer, query), patience)
        async with self._one_query:
            try:
                async with asyncio.timeout(query.timeout):
                    return await self._query_thread.run(work, self._queried_file.interrupt)
            except TimeoutError:
                return (), _timed_out(query)
            except OwnTrouble as trouble:
                return (), str(trouble)
            except ERRORS as error:
                return (), _words(error, query, self._queried_file, patience)

    async def close(self) -> None:
        """End the threads; the probe may be used again afterwards."""
        self._thread.close()
        self._query_thread.close()


def _timed_out(query: QuerySettings) -> str:
    return f"timed out after {format_duration(query.timeout)} (query)"


def _words(error: Exception, query: QuerySettings, file: SqliteFile, patience: float) -> str:
    if is_interrupt(error):
        return _timed_out(query)
    try:
        return reason_of(error, file, patience)
    except OwnTrouble as trouble:
        return str(trouble)


def _answer(query: QuerySettings, connection: sqlite3.Connection) -> tuple[tuple[Sample, ...], str]:
    """One row at a time is in memory."""
    cursor = connection.execute(query.sql)
    if cursor.description is None:
        return (), "the statement gives no rows"
    columns = [column[0] for column in cursor.description]
    rows: Iterator[NamedCells] = (NamedCells(columns, row) for row in cursor)
    return samples_of_rows(query.metric, rows)


def _samples(state: FileState) -> tuple[Sample, ...]:
    return Sample(labels_of("sqlite_size_bytes"), float(state.size)), Sample(labels_of("sqlite_wal_size_bytes"), float(state.wal_size))


def _facts(state: FileState) -> dict[str, str]:
    facts = {"size": size(state.size), "journal": "WAL" if state.wal else "rollback", "schema": f"{state.objects} entries"}
    return {**facts, "WAL size": size(state.wal_size)} if state.wal_size else facts
