"""The keys of a PostgreSQL check."""

from __future__ import annotations

from typing import Annotated

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, secret_address
from tui_monitor.config.section import key
from tui_monitor.core.secret import Secret
from tui_monitor.sources.queries import QuerySettings
from tui_monitor.sources.target import address_target

PORT = 5432
PostgresAddress = Annotated[Secret, secret_address("postgresql", "postgres")]
METRICS = (
    "postgres_connections", "postgres_connections_max", "postgres_connections_usage_ratio", "postgres_longest_transaction_seconds",
    "postgres_blocked_sessions", "postgres_deadlocks_total", "postgres_transactions_total", "postgres_cache_hit_ratio",
    "postgres_replication_lag_seconds", "postgres_database_size_bytes", "postgres_sessions", "postgres_queries_total",
    "postgres_query_seconds_total", "pgbouncer_clients", "pgbouncer_servers",
)  # fmt: skip
"""The names of its series, beside those of every check."""


class PostgresCheck(CheckSettings):
    """A PostgreSQL server."""

    dsn: PostgresAddress = key(
        doc="postgresql://user:password@host:port/database; a secret",
        example="postgresql://monitor@127.0.0.1:5432/postgres",
    )
    degraded_above: Duration | None = key(default=0.5, doc="a slower SELECT 1 is degraded")
    unhealthy_above: Duration | None = key(default=1.0, doc="a slower SELECT 1 is unhealthy")
    queries: list[QuerySettings] = key(default=[], doc="SQL queries that become metrics: [[checks.queries]]")


def target(check: PostgresCheck) -> tuple[str, bool]:
    """host:port/database."""
    return address_target(check.dsn.reveal(), "postgres", PORT)
