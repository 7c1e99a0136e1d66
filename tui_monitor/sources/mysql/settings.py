"""The keys of a MySQL check."""

from __future__ import annotations

from typing import Annotated

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, secret_address
from tui_monitor.config.section import key
from tui_monitor.core.secret import Secret
from tui_monitor.sources.queries import QuerySettings
from tui_monitor.sources.target import address_target

PORT = 3306
MysqlAddress = Annotated[Secret, secret_address("mysql", "mariadb")]
METRICS = (
    "mysql_connections", "mysql_connections_max", "mysql_connections_usage_ratio", "mysql_threads_running", "mysql_queries_total",
    "mysql_slow_queries_total", "mysql_replication_lag_seconds",
)  # fmt: skip
"""The names of its series, beside those of every check."""


class MysqlCheck(CheckSettings):
    """A MySQL or MariaDB server."""

    dsn: MysqlAddress = key(
        doc="mysql://user:password@host:port/database, or mariadb://; a secret",
        example="mysql://monitor@127.0.0.1:3306/mysql",
    )
    degraded_above: Duration | None = key(default=0.5, doc="a slower SELECT 1 is degraded")
    unhealthy_above: Duration | None = key(default=1.0, doc="a slower SELECT 1 is unhealthy")
    queries: list[QuerySettings] = key(default=[], doc="SQL queries that become metrics: [[checks.queries]]")


def target(check: MysqlCheck) -> tuple[str, bool]:
    """host:port/database."""
    return address_target(check.dsn.reveal(), "mysql", PORT)
