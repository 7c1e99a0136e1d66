"""What MySQL and MariaDB say of themselves, and what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tui_monitor.core.humanize import exact_span, length
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.sources.net.driver_common import ServerStatistics
from tui_monitor.sources.net.excerpt import clean

CONNECTIONS_DEGRADED = 0.9
FACT_LENGTH = 80
VARIABLES = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('max_connections', 'version', 'read_only')"
STATUS = (
    "SHOW GLOBAL STATUS WHERE Variable_name IN "
    "('Threads_connected', 'Threads_running', 'Questions', 'Slow_queries', 'Uptime', 'Max_used_connections')"
)
"""Both need no privilege; one row for each, in columns Variable_name and Value."""
MARIADB_REPLICA = "SHOW ALL SLAVES STATUS"
NEW_REPLICA, OLD_REPLICA = "SHOW REPLICA STATUS", "SHOW SLAVE STATUS"
"""One row for each source; REPLICA since MySQL 8.0.22 (SLAVE is gone in 8.4). Needs REPLICATION CLIENT, or SLAVE MONITOR of MariaDB."""
_SERIES: Mapping[str, str] = {
    "Threads_connected": "mysql_connections",
    "max_connections": "mysql_connections_max",
    "Threads_running": "mysql_threads_running",
    "Questions": "mysql_queries_total",
    "Slow_queries": "mysql_slow_queries_total",
}
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.ASCII)


def replica_statement(version: str, mariadb: bool) -> str:
    """How this server is asked for its replication."""
    if mariadb:
        return MARIADB_REPLICA
    found = _VERSION.search(version)
    return NEW_REPLICA if found is None or tuple(map(int, found.groups())) >= (8, 0, 22) else OLD_REPLICA


def number_of(value: object) -> float | None:
    """The number of a cell; None where it is none, or negative."""
    if isinstance(value, int | float) and 0 <= value < 2**63:
        return float(value)
    text = value if isinstance(value, str) else ""
    return float(text) if re.fullmatch(r"[0-9]{1,19}", text) else None


def read_statistics(named: Sequence[tuple[Any, ...]], sources: Sequence[Mapping[str, Any]] | None, not_told: str = "") -> ServerStatistics:
    """The meaning of the rows of STATUS and VARIABLES, and of a row for each replication source (None: not told, and why)."""
    values = {str(row[0]): row[1] for row in named if len(row) == 2}
    known = {series: number for name, series in _SERIES.items() if (number := number_of(values.get(name))) is not None}
    used, most = known.get("mysql_connections"), known.get("mysql_connections_max")
    if used is not None and most:
        known["mysql_connections_usage_ratio"] = used / most
    text = "" if used is None else f"{used:.0f} of {most:.0f}" if most else f"{used:.0f}"
    degraded = f"connections {text}" if used is not None and most and used >= CONNECTIONS_DEGRADED * most else ""
    lag, stopped = _replication(sources or ())
    if lag is not None:
        known["mysql_replication_lag_seconds"] = lag
    facts = {
        "version": _text(values.get("version")),
        "connections": text,
        "uptime": _uptime(number_of(values.get("Uptime"))),
        "read only": "yes" if str(values.get("read_only")).upper() in ("ON", "1") else "",
        "replication": "" if not sources else "replica of " + ", ".join(_host(source) for source in sources[:4]),
        "replication lag": "" if lag is None else length(lag),
        "not told": not_told,
    }
    samples = tuple(Sample(labels_of(name), value) for name, value in known.items())
    return ServerStatistics(samples, {name: fact for name, fact in facts.items() if fact}, stopped or degraded)


def _replication(sources: Sequence[Mapping[str, Any]]) -> tuple[float | None, str]:
    """(seconds that the slowest source's changes are behind, None where no source runs; why replication stands still)."""
    lags, stopped = [], ""
    for source in sources:
        lag = number_of(_first(source, "Seconds_Behind_Source", "Seconds_Behind_Master"))
        if lag is not None:
            lags.append(lag)
        else:
            said = _text(source.get("Last_SQL_Error")) or _text(source.get("Last_IO_Error"))
            stopped = stopped or f"replication does not run: {said or 'it was stopped (START REPLICA)'}"
    return max(lags, default=None), stopped


def _first(row: Mapping[str, Any], *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _host(source: Mapping[str, Any]) -> str:
    return _text(_first(source, "Source_Host", "Master_Host")) or "?"


def _uptime(seconds: float | None) -> str:
    return "" if seconds is None else exact_span(seconds)


def _text(value: object) -> str:
    return "" if value is None else clean(str(value), FACT_LENGTH)
