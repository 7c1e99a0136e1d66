"""Output of databases and TLS servers: INFO of Redis, rows of PostgreSQL, certificates in DER."""

from __future__ import annotations

import datetime
import ipaddress
import uuid
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.checks.fence import admit_samples
from tui_monitor.sources.net import certificate
from tui_monitor.sources.postgres import rows as postgres_rows
from tui_monitor.sources.redis import statistics as redis_statistics


def _info(text: str) -> bool:
    statistics = redis_statistics.RedisStatistics(0.9, 0)
    for now in (1.0, 2.0):
        found = statistics.read(text, now)
    assert all(not isinstance(value, str) or value == value.strip("\0") for value in found.facts.values())
    return not admit_samples(found.samples)[1] and len(found.samples) > 1


def _rows(table: tuple[list[str], list[list[Any]]]) -> bool:
    columns, cells = table
    samples, wrong = postgres_rows.samples_of_rows("orders", [dict(zip(columns, row, strict=False)) for row in cells])
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


_FIELDS = (
    "used_memory:", "maxmemory:", "keyspace_hits:", "keyspace_misses:", "connected_clients:", "total_commands_processed:", "role:slave",
    "role:master", "master_link_status:up", "master_link_status:down", "master_last_io_seconds_ago:", "slave0:ip=::1,port=1,lag=",
    "db0:keys=1,expires=0", "db²:keys=", "redis_version:7.2", "valkey_version:8", "\r\n", "# Server", ":", ",", "=",
)  # fmt: skip

TARGETS = (
    Target(name="redis-info", kind="text", call=_info, words=_FIELDS, fence=lambda: unfenced(redis_statistics._number)),
    Target(name="postgres-rows", kind="values", call=_rows, strategy=_tables, fence=lambda: unfenced(postgres_rows._number)),
    Target(
        name="certificate",
        kind="bytes",
        call=_certificate,
        words=("20991231235959Z", "991231235959Z"),
        fence=lambda: unfenced(certificate.read_certificate),
    ),
)
