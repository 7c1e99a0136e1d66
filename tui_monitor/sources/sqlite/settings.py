"""The keys of an SQLite check."""

from __future__ import annotations

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, FilePath
from tui_monitor.config.section import key
from tui_monitor.sources.queries import QuerySettings

METRICS = ("sqlite_size_bytes", "sqlite_wal_size_bytes")
"""The names of its series, beside those of every check."""


class SqliteCheck(CheckSettings):
    """An SQLite database."""

    path: FilePath = key(doc="the database's file", example="/var/lib/shop/shop.db")
    degraded_above: Duration | None = key(default=0.5, doc="a slower look at the schema is degraded")
    unhealthy_above: Duration | None = key(default=1.0, doc="a slower look at the schema is unhealthy")
    queries: list[QuerySettings] = key(default=[], doc="SQL queries that become metrics: [[checks.queries]]")


def target(check: SqliteCheck) -> tuple[str, bool]:
    """The file's path."""
    return check.path, True
