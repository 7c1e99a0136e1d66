"""What PostgreSQL tells about itself: one statement for the statistics, one for the sizes, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tui_monitor.core.units import format_duration
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.sources.net.driver_common import Statistics
from tui_monitor.sources.net.recent_ratio import RecentRatio

CONNECTIONS_DEGRADED = 0.9
ENOUGH_BLOCKS = 1000.0

STATISTICS = """
SELECT current_setting('server_version') AS version,
       current_setting('max_connections')::float8 AS connections_max,
       allowed.all_stats,
       (CASE WHEN allowed.all_stats THEN activity.connections ELSE databases.backends END)::float8 AS connections,
       CASE WHEN allowed.all_stats THEN coalesce(activity.longest, 0)::float8 END AS longest,
       (CASE WHEN allowed.all_stats THEN activity.blocked
             ELSE (SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted) END)::float8 AS blocked,
       databases.deadlocks, databases.hit, databases.read, databases.committed, databases.rolled_back,
       pg_is_in_recovery() AS standby,
       CASE WHEN NOT pg_is_in_recovery() THEN NULL
            WHEN EXISTS (SELECT FROM pg_stat_wal_receiver) AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
            ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8 AS behind,
       replicas.count AS replicas, replicas.lag::float8 AS replicas_lag
FROM (SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS all_stats) AS allowed,
     (SELECT count(*) FILTER (WHERE backend_type = 'client backend') AS connections,
             count(*) FILTER (WHERE wait_event_type = 'Lock') AS blocked,
             extract(epoch FROM max(clock_timestamp() - xact_start)
                     FILTER (WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())) AS longest
      FROM pg_stat_activity) AS activity,
     (SELECT sum(numbackends)::float8 AS backends, sum(deadlocks)::float8 AS deadlocks, sum(blks_hit)::float8 AS hit,
             sum(blks_read)::float8 AS read, sum(xact_commit)::float8 AS committed, sum(xact_rollback)::float8 AS rolled_back
      FROM pg_stat_database) AS databases,
     (SELECT count(*) AS count, extract(epoch FROM max(replay_lag)) AS lag FROM pg_stat_replication) AS replicas
"""
"""For PostgreSQL 10 and later. Without pg_read_all_stats (part of pg_monitor) other roles' activity is hidden:
connections then come from pg_stat_database and blocked sessions from pg_locks, which everybody may read."""

SIZES = """
SELECT datname::text AS database, pg_database_size(oid)::float8 AS bytes FROM pg_database
WHERE datallowconn AND NOT datistemplate
  AND (has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE'))
ORDER BY datname LIMIT 100
"""
"""Looks at every file of every database: once a minute at most."""


def read_statistics(row: Mapping[str, Any], cache_hit: RecentRatio) -> Statistics:
    """What the row of STATISTICS means; ``cache_hit`` remembers the counters between readings."""
    connections, most = row["connections"], row["connections_max"]
    lag = _replication_lag(row)
    values: dict[str, float | None] = {
        "postgres_connections": connections,
        "postgres_connections_max": most,
        "postgres_connections_usage_ratio": connections / most if most else None,
        "postgres_longest_transaction_seconds": _not_negative(row["longest"]),
        "postgres_blocked_sessions": row["blocked"],
        "postgres_deadlocks_total": row["deadlocks"],
        "postgres_cache_hit_ratio": cache_hit.update(row["hit"], row["hit"] + row["read"]),
        "postgres_replication_lag_seconds": lag,
    }
    samples = [Sample(labels_of(name), value) for name, value in values.items() if value is not None]
    for result, column in (("commit", "committed"), ("rollback", "rolled_back")):
        samples.append(Sample(labels_of("postgres_transactions_total", result=result), row[column]))
    used = f"{connections:.0f} of {most:.0f}"
    degraded = f"connections {used}" if connections >= CONNECTIONS_DEGRADED * most else ""
    return Statistics(tuple(samples), _facts(row, used, lag), degraded)


def _facts(row: Mapping[str, Any], used: str, lag: float | None) -> dict[str, str]:
    facts = {"version": row["version"], "connections": used, "replication": _role(row)}
    if row["longest"] is not None:
        facts["longest transaction"] = format_duration(round(_not_negative(row["longest"]) or 0.0, 1))
    if row["blocked"]:
        facts["blocked sessions"] = f"{row['blocked']:.0f}"
    if lag is not None:
        facts["replication lag"] = format_duration(round(lag, 1))
    if not row["all_stats"]:
        facts["not permitted"] = "longest transaction, replication lag of standbys: GRANT pg_monitor to this role"
    return facts


def _role(row: Mapping[str, Any]) -> str:
    if row["standby"]:
        return "standby"
    count = row["replicas"]
    return "primary" if not count else f"primary of {count} standby{'s' if count > 1 else ''}"


def _replication_lag(row: Mapping[str, Any]) -> float | None:
    """Seconds: of a standby how far it is behind, of a primary its slowest standby; None without replication.

    A primary's replay_lag is empty once a standby has caught up and nothing is written: that is no lag.
    """
    if row["standby"]:
        return _not_negative(row["behind"])
    if not row["replicas"] or not row["all_stats"]:
        return None
    return _not_negative(row["replicas_lag"]) or 0.0


def _not_negative(value: float | None) -> float | None:
    return None if value is None else max(0.0, value)


def read_sizes(rows: Iterable[Mapping[str, Any]]) -> tuple[Sample, ...]:
    """One series for each row of SIZES; a database without a size (its directory is gone, or it is being dropped) has none."""
    sized = [row for row in rows if row["bytes"] is not None]
    return tuple(Sample(labels_of("postgres_database_size_bytes", database=row["database"]), row["bytes"]) for row in sized)
