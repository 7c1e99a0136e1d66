"""PostgreSQL's statistics: independent groups of figures, database sizes, and their conversion to samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from tui_monitor.core.humanize import length
from tui_monitor.core.values import Inventory, Sample, labels_of
from tui_monitor.sources.net.driver_common import ServerStatistics
from tui_monitor.sources.net.recent_ratio import RecentRatio

_SIZE = "postgres_database_size_bytes"
CONNECTIONS_DEGRADED = 0.9
ENOUGH_BLOCKS = 1000.0

GROUPS: Mapping[str, str] = {
    "server": """
SELECT current_setting('server_version') AS version, current_setting('max_connections')::float8 AS connections_max""",
    "activity": """
SELECT allowed.all_stats,
       (CASE WHEN allowed.all_stats THEN activity.connections
             ELSE (SELECT sum(numbackends) FROM pg_stat_database) END)::float8 AS connections,
       CASE WHEN allowed.all_stats THEN coalesce(activity.longest, 0)::float8 END AS longest,
       (CASE WHEN allowed.all_stats THEN activity.blocked
             ELSE (SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted) END)::float8 AS blocked,
       CASE WHEN allowed.all_stats THEN activity.active END AS sessions_active,
       CASE WHEN allowed.all_stats THEN activity.idle END AS sessions_idle,
       CASE WHEN allowed.all_stats THEN activity.in_transaction END AS sessions_in_transaction,
       CASE WHEN allowed.all_stats THEN activity.aborted END AS sessions_aborted
FROM (SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS all_stats) AS allowed,
     (SELECT count(*) FILTER (WHERE backend_type = 'client backend') AS connections,
             count(*) FILTER (WHERE wait_event_type = 'Lock') AS blocked,
             count(*) FILTER (WHERE backend_type = 'client backend' AND state = 'active')::float8 AS active,
             count(*) FILTER (WHERE backend_type = 'client backend' AND state = 'idle')::float8 AS idle,
             count(*) FILTER (WHERE backend_type = 'client backend' AND state = 'idle in transaction')::float8 AS in_transaction,
             count(*) FILTER (WHERE backend_type = 'client backend' AND state = 'idle in transaction (aborted)')::float8 AS aborted,
             extract(epoch FROM max(clock_timestamp() - xact_start)
                     FILTER (WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())) AS longest
      FROM pg_stat_activity) AS activity""",
    "databases": """
SELECT sum(deadlocks)::float8 AS deadlocks, sum(blks_hit)::float8 AS hit, sum(blks_read)::float8 AS read,
       sum(xact_commit)::float8 AS committed, sum(xact_rollback)::float8 AS rolled_back
FROM pg_stat_database""",
    "role": """
SELECT pg_is_in_recovery() AS standby""",
    "replication lag": """
SELECT (CASE WHEN NOT pg_is_in_recovery() THEN NULL
             WHEN EXISTS (SELECT FROM pg_stat_wal_receiver) AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
             ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END)::float8 AS behind""",
    "standbys": """
SELECT count(*) AS replicas, extract(epoch FROM max(replay_lag))::float8 AS replicas_lag FROM pg_stat_replication""",
}
"""One row each, for PostgreSQL 10 and later; a server that speaks PostgreSQL's protocol may refuse any of them (Amazon Aurora's readers:
"function pg_last_wal_receive_lsn() is currently not supported"). Without pg_read_all_stats (part of pg_monitor) other roles' activity is
hidden: connections then come from pg_stat_database and blocked sessions from pg_locks, which everybody may read."""

_STATES: Mapping[str, str] = {
    "active": "sessions_active",
    "idle": "sessions_idle",
    "idle in transaction": "sessions_in_transaction",
    "idle in transaction (aborted)": "sessions_aborted",
}
"""PostgreSQL's words for the state of a session, and the columns that count them."""


@lru_cache(maxsize=64)
def statement_of(groups: tuple[str, ...]) -> str:
    """One SQL statement for these groups, since one round trip is cheaper than six."""
    return "SELECT * FROM " + ", ".join(f"({GROUPS[group]}\n) AS group_{place}" for place, group in enumerate(groups))


MOST_DATABASES = 100
SIZES = f"""
SELECT datname::text AS database, pg_database_size(oid)::float8 AS bytes FROM pg_database
WHERE datallowconn AND NOT datistemplate
  AND (has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE'))
ORDER BY datname LIMIT {MOST_DATABASES}
"""
"""Looks at every file of every database: once a minute at most."""


def read_statistics(row: Mapping[str, Any], cache_hit: RecentRatio) -> ServerStatistics:
    """Samples and facts of the groups' columns; ``cache_hit`` stores the counters between calls."""
    get = row.get
    connections, most = get("connections"), get("connections_max")
    lag = _replication_lag(row)
    hit, missed = get("hit"), get("read")
    values: dict[str, float | None] = {
        "postgres_connections": connections,
        "postgres_connections_max": most,
        "postgres_connections_usage_ratio": connections / most if connections is not None and most else None,
        "postgres_longest_transaction_seconds": _not_negative(get("longest")),
        "postgres_blocked_sessions": get("blocked"),
        "postgres_deadlocks_total": get("deadlocks"),
        "postgres_cache_hit_ratio": None if hit is None or missed is None else cache_hit.update(hit, hit + missed),
        "postgres_replication_lag_seconds": lag,
    }
    samples = [Sample(labels_of(name), value) for name, value in values.items() if value is not None]
    for result, column in (("commit", "committed"), ("rollback", "rolled_back")):
        if (count := get(column)) is not None:
            samples.append(Sample(labels_of("postgres_transactions_total", result=result), count))
    samples += [
        Sample(labels_of("postgres_sessions", state=state), float(n)) for state, name in _STATES.items() if (n := get(name)) is not None
    ]
    used = "" if connections is None else f"{connections:.0f} of {most:.0f}" if most else f"{connections:.0f}"
    degraded = f"connections {used}" if connections is not None and most and connections >= CONNECTIONS_DEGRADED * most else ""
    return ServerStatistics(tuple(samples), _facts(row, used, lag), degraded)


def _facts(row: Mapping[str, Any], used: str, lag: float | None) -> dict[str, str]:
    longest, blocked = _not_negative(row.get("longest")), row.get("blocked")
    facts = {
        "version": row.get("version") or "",
        "connections": used,
        "replication": _role(row),
        "longest transaction": "" if longest is None else length(longest),
        "blocked sessions": f"{blocked:.0f}" if blocked else "",
        "replication lag": "" if lag is None else length(lag),
    }
    if row.get("all_stats") is False:
        facts["not permitted"] = "longest transaction, replication lag of standbys: GRANT pg_monitor to this role"
    return {name: text for name, text in facts.items() if text}


def _role(row: Mapping[str, Any]) -> str:
    if row.get("standby") is None:
        return ""
    if row["standby"]:
        return "standby"
    count = row.get("replicas")
    return "primary" if not count else f"primary of {count} standby{'s' if count > 1 else ''}"


def _replication_lag(row: Mapping[str, Any]) -> float | None:
    """Replication lag in seconds: a standby's own, or a primary's slowest standby's; None without replication.

    A primary's replay_lag is NULL once a standby has caught up and nothing is written: that is no lag.
    """
    if row.get("standby"):
        return _not_negative(row.get("behind"))
    if not row.get("replicas") or not row.get("all_stats"):
        return None
    return _not_negative(row.get("replicas_lag")) or 0.0


def _not_negative(value: float | None) -> float | None:
    return None if value is None else max(0.0, value)


class NamedRow(Protocol):
    """A row with columns by name."""

    def __getitem__(self, name: str, /) -> Any: ...


def read_sizes(rows: Iterable[NamedRow]) -> tuple[tuple[Sample, ...], Inventory]:
    """One sample per row of SIZES, and the inventory of databases.

    A database without a size (its directory is missing, or it is being dropped) has no sample.
    """
    sizes = {row["database"]: row["bytes"] for row in rows}
    samples = tuple(Sample(labels_of(_SIZE, database=name), size) for name, size in sizes.items() if size is not None)
    return samples, Inventory((_SIZE,), "database", frozenset(sizes))
