"""The tables of telemetry.db: log lines, a ring of blocks for each stream, and traces. The file may be deleted at any time."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen
from tui_monitor.storage.sqlite import Migration

MIGRATIONS: tuple[Migration, ...] = (
    """
CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL, service TEXT NOT NULL, format TEXT NOT NULL, UNIQUE (name, service));
CREATE TABLE blocks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, path TEXT NOT NULL,
    format TEXT NOT NULL, data BLOB NOT NULL);
CREATE INDEX blocks_of_stream ON blocks (stream, id);
""",
    """
CREATE TABLE traces (
    id INTEGER PRIMARY KEY AUTOINCREMENT, trace TEXT NOT NULL UNIQUE, service TEXT NOT NULL, operation TEXT NOT NULL,
    rooted INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL, spans INTEGER NOT NULL, errors INTEGER NOT NULL,
    keep INTEGER NOT NULL, size INTEGER NOT NULL);
CREATE INDEX traces_by_keep ON traces (keep, id);
CREATE INDEX traces_by_start ON traces (start_us);
CREATE TABLE trace_operations (
    trace INTEGER NOT NULL, service TEXT NOT NULL, operation TEXT NOT NULL, duration_us INTEGER NOT NULL, errors INTEGER NOT NULL,
    PRIMARY KEY (trace, service, operation)) WITHOUT ROWID;
CREATE INDEX operations_by_duration ON trace_operations (service, operation, duration_us);
CREATE TABLE trace_blocks (id INTEGER PRIMARY KEY, trace INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX blocks_of_trace ON trace_blocks (trace);
""",
)
ROW_SIZE = 200
"""Bytes that count for a block in addition to its data."""


@frozen
class LogStream:
    """The source of lines: a check's name, or the service that sends them; ``format`` is the JSON text of its parser."""

    name: str
    service: str
    format: str


@frozen
class StoredBlock:
    """Events of one file that arrived together at ``at`` (UTC ms), unchanged; ``format`` names the parser that matched.

    ``number`` counts the blocks of its stream as the source does, so that blocks which a restart reads again can be deleted.
    """

    number: int
    at: int
    path: str
    format: str
    data: bytes


@frozen
class FoundBlock:
    """A stored block with its place in the order of arrival and its stream."""

    id: int
    stream: LogStream
    block: StoredBlock
