"""The check of PgBouncer: the DSN of its console (database `pgbouncer`) gives clients and servers of each pool."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from tui_monitor.core.humanize import length
from tui_monitor.core.values import Inventory, Sample, labels_of
from tui_monitor.sources.net.driver_common import ServerStatistics
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.kept_probe import DriverErrors, KeptProbe
from tui_monitor.sources.postgres import connection as postgres
from tui_monitor.sources.postgres.console import BadConsoleAnswer, ConsoleConnection, ConsoleRefusal, Row
from tui_monitor.sources.postgres.settings import PostgresCheck

CONSOLE = "pgbouncer"
"""The console's database, and the user of its own pool."""
MOST_POOLS = 500
BUDGET = 0.6
LONG_WAIT = 1.0
"""Seconds that a client may wait for a server connection before the pool is degraded."""
_SERIES = {"cl_": "pgbouncer_clients", "sv_": "pgbouncer_servers"}
_NAME_LENGTH = 60


def is_console(dsn: str) -> bool:
    """Whether an address leads to PgBouncer's console instead of a database."""
    parts = urlsplit(dsn)
    return parts.path.strip("/") == CONSOLE or f"dbname={CONSOLE}" in parts.query.split("&")


def _kinds() -> tuple[type[Exception], ...]:
    return *postgres.connection_errors(), ConsoleRefusal, BadConsoleAnswer


def _is_broken(error: Exception) -> bool:
    return not isinstance(error, ConsoleRefusal) and (isinstance(error, BadConsoleAnswer) or postgres.is_broken(error))


def _reason_of(error: Exception, address: str, stage: str, timeout: float) -> str:
    if isinstance(error, ConsoleRefusal):
        return str(error)
    if isinstance(error, BadConsoleAnswer):
        return f"the answer is not PgBouncer's ({address})"
    return postgres.reason_of(error, address, stage, timeout)


ERRORS = DriverErrors(_kinds, _is_broken, postgres.own_reason, _reason_of)


class PgBouncerProbe(KeptProbe):
    """SHOW VERSION decides; SHOW POOLS says the rest. Its user needs a place in `stats_users` or `admin_users`."""

    def __init__(self, settings: PostgresCheck) -> None:
        if settings.queries:
            raise ValueError("queries: the console of PgBouncer (database pgbouncer) answers no SQL; take them out, or name a database")
        dsn = settings.dsn.reveal()
        self._console = ConsoleConnection(dsn, settings.timeout)
        super().__init__(self._console, ERRORS, postgres.postgres_address(dsn), settings.timeout)
        self._version = ""

    async def ask(self) -> None:
        """SHOW VERSION."""
        rows = await self._console.ask("SHOW VERSION")
        self._version = " ".join(rows[0].values()) if rows else ""

    async def statistics(self, began: float) -> ServerStatistics:
        """SHOW POOLS, within a part of the time that is left."""
        self.stage = "statistics"
        budget = self._budget(began, BUDGET)
        try:
            async with asyncio.timeout(budget):
                return read_pools(await self._console.ask("SHOW POOLS"), self._version)
        except _kinds() as error:
            if isinstance(error, TimeoutError) or _is_broken(error):
                await self._console.cut()
            return ServerStatistics((), {"statistics": _reason_of(error, self._address, self.stage, budget)}, "")

    async def close(self) -> None:
        """Give back the connection; the probe may be used again afterwards."""
        await self._console.cut()


def read_pools(rows: Iterable[Row], version: str) -> ServerStatistics:
    """A series for each state of clients and servers in each pool ("database/user"); degraded where clients wait for long."""
    pools = {_pool(row): row for row in rows if row.get("database") != CONSOLE}
    known = dict(list(pools.items())[:MOST_POOLS])
    samples = [sample for pool, row in known.items() for sample in _samples(pool, row)]
    waits = [(_seconds(row), pool, row) for pool, row in known.items() if _number(row.get("cl_waiting"))]
    degraded = ""
    if waits and max(waits, key=lambda wait: wait[0])[0] >= LONG_WAIT:
        wait, pool, row = max(waits, key=lambda found: found[0])
        degraded = f"{row['cl_waiting']} clients wait for a connection of the pool {pool}, for {length(wait)} now"
    facts = {"version": clean(version, _NAME_LENGTH), "pools": f"{len(pools)}"}
    told = Inventory(tuple(_SERIES.values()), "pool", frozenset(known))
    return ServerStatistics(tuple(samples), facts, degraded, (told,) if len(known) == len(pools) else ())


def _pool(row: Mapping[str, str]) -> str:
    return clean(f"{row.get('database', '')}/{row.get('user', '')}", _NAME_LENGTH)


def _samples(pool: str, row: Row) -> Iterable[Sample]:
    for column, cell in row.items():
        name, number = _SERIES.get(column[:3]), _number(cell)
        if name is not None and number is not None:
            yield Sample(labels_of(name, pool=pool, state=clean(column[3:], _NAME_LENGTH)), number)


def _seconds(row: Row) -> float:
    """How long the first client of the queue has waited."""
    return (_number(row.get("maxwait")) or 0.0) + (_number(row.get("maxwait_us")) or 0.0) / 1e6


def _number(cell: str | None) -> float | None:
    return float(cell) if cell is not None and re.fullmatch(r"[0-9]{1,15}", cell) else None
