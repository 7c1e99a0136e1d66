"""Output of databases and TLS servers: INFO of Redis, rows, packets of MySQL, files of SQLite, certificates in DER."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import tempfile
import uuid
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.fences import replaced, unfenced
from fuzz.target import Target
from tui_monitor.checks.fence import admit_samples
from tui_monitor.sources import query_rows
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.mysql import connection as mysql_connection
from tui_monitor.sources.mysql.dsn import parse_dsn
from tui_monitor.sources.mysql.errors import connection_errors, reason_of
from tui_monitor.sources.mysql.statistics import read_statistics
from tui_monitor.sources.net import certificate
from tui_monitor.sources.queries import QuerySettings
from tui_monitor.sources.redis import statistics as redis_statistics
from tui_monitor.sources.sqlite import errors as sqlite_errors
from tui_monitor.sources.sqlite import probe as sqlite_probe
from tui_monitor.sources.sqlite.file import SqliteFile


def _info(text: str) -> bool:
    statistics = redis_statistics.RedisStatistics(0.9, 0)
    for now in (1.0, 2.0):
        found = statistics.read(text, now)
    assert all(not isinstance(value, str) or value == value.strip("\0") for value in found.facts.values())
    return not admit_samples(found.samples)[1] and len(found.samples) > 1


def _rows(table: tuple[list[str], list[list[Any]]]) -> bool:
    columns, cells = table
    samples, wrong = query_rows.samples_of_rows("orders", [dict(zip(columns, row, strict=False)) for row in cells])
    refused = admit_samples(samples)[1]
    assert not refused, refused
    return not wrong


def _tables() -> SearchStrategy[Any]:
    names = st.sampled_from(["value", "a-b", "a b", "a_b", "check", "__name__", "?column?", "", "9", "상태"]) | st.text(max_size=6)
    fixed = [
        datetime.datetime.max, datetime.datetime.min, 10**400, Decimal("1e999"), Decimal("sNaN"), ipaddress.ip_network("::/0"), "\ud800",
        uuid.UUID(int=0), range(3),
    ]  # fmt: skip
    times = st.datetimes() | st.datetimes(timezones=st.timezones()) | st.dates() | st.times() | st.timedeltas()
    numbers = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals()
    others = st.text(max_size=8) | st.binary(max_size=8) | st.sampled_from(fixed) | st.lists(st.integers(), max_size=3)
    values = numbers | times | others | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
    columns = st.lists(names, min_size=1, max_size=4, unique=True).map(lambda found: found if "value" in found else ["value", *found])
    return st.tuples(columns, st.lists(st.lists(values, min_size=5, max_size=5), max_size=4))


def _certificate(der: bytes) -> bool:
    return certificate.read_certificate(der) is not None


class _NoWriter:
    """The sending side of a connection whose other side hears nothing."""

    transport = property(lambda self: self)

    def write(self, data: bytes) -> None:
        """Drop it."""

    def abort(self) -> None:
        """Nothing is open."""


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


async def _session(data: bytes) -> bool:
    """Greeting, login, one answer and what it means, of a server that says these bytes and hangs up."""
    from tui_monitor.sources.mysql.driver import GuardedConnection

    connection = GuardedConnection(parse_dsn("mysql://me:hush@h/x"), None, "fuzz", lambda: None)
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    connection._reader, connection._writer, connection._next_seq_id = reader, _NoWriter(), 0
    try:
        with mysql_connection._understanding():
            await connection._get_server_information()
            await connection._request_authentication()
            table = await connection.table("SELECT 1", 10)
    except connection_errors() as error:
        assert reason_of(error, "h:3306", "query", 1.0).isprintable()
        return False
    except OwnTrouble:
        return False
    finally:
        connection.close()
    known = read_statistics(table.rows, table.dicts())
    samples, _ = query_rows.samples_of_rows("m", (query_rows.NamedCells(table.columns, row) for row in table.rows))
    return not admit_samples([*known.samples, *samples])[1]


def _mysql(data: bytes) -> bool:
    return bool(_loop().run_until_complete(_session(data)))


def _sqlite(data: bytes) -> bool:
    query = QuerySettings(metric="m", sql="select *, 1 as value from orders")
    with tempfile.NamedTemporaryFile() as place:
        place.write(data)
        place.flush()
        file = SqliteFile(place.name)
        try:
            state, (samples, _) = file.state(1.0), file.read(lambda opened: sqlite_probe._answer(query, opened), 1.0)
        except sqlite_errors.ERRORS as error:
            return not sqlite_probe._words(error, query, file, 1.0).isprintable()
    return not admit_samples(samples)[1] and bool(sqlite_probe._facts(state))


_FIELDS = (
    "used_memory:", "maxmemory:", "keyspace_hits:", "keyspace_misses:", "connected_clients:", "total_commands_processed:", "role:slave",
    "role:master", "master_link_status:up", "master_link_status:down", "master_last_io_seconds_ago:", "slave0:ip=::1,port=1,lag=",
    "db0:keys=1,expires=0", "db²:keys=", "redis_version:7.2", "valkey_version:8", "\r\n", "# Server", ":", ",", "=",
)  # fmt: skip

TARGETS = (
    Target(name="redis-info", kind="text", call=_info, words=_FIELDS, fence=lambda: unfenced(redis_statistics._number)),
    Target(name="postgres-rows", kind="values", call=_rows, strategy=_tables, fence=lambda: unfenced(query_rows._number)),
    Target(
        name="mysql-answer",
        kind="bytes",
        call=_mysql,
        words=("caching_sha2_password", "mysql_native_password", "mysql_clear_password", "client_ed25519", "5.5.5-10.11-MariaDB"),
        fence=lambda: unfenced(mysql_connection._understanding),
    ),
    Target(name="sqlite-file", kind="bytes", call=_sqlite, longest=16_384, fence=lambda: replaced(sqlite_errors, "ERRORS", (OSError,))),
    Target(
        name="certificate",
        kind="bytes",
        call=_certificate,
        words=("20991231235959Z", "991231235959Z"),
        fence=lambda: unfenced(certificate.read_certificate),
    ),
)
