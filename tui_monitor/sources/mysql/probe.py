"""The MySQL check: SELECT 1 over a kept connection, the server's own figures, and queries that become metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tui_monitor.core.values import Sample
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.mysql.connection import MysqlConnection
from tui_monitor.sources.mysql.dsn import MysqlDsn, parse_dsn
from tui_monitor.sources.mysql.errors import ERRORS, connection_errors, is_broken, is_refusal, own_reason, reason_of
from tui_monitor.sources.mysql.settings import MysqlCheck
from tui_monitor.sources.mysql.statement import problem_of
from tui_monitor.sources.mysql.statistics import STATUS, VARIABLES, read_statistics, replica_statement
from tui_monitor.sources.net.driver_common import ServerStatistics
from tui_monitor.sources.net.kept_probe import KeptProbe
from tui_monitor.sources.queries import QuerySettings
from tui_monitor.sources.query_rows import MOST_ROWS, NamedCells, samples_of_rows

BUDGET = 0.4
"""The share of the time left that the server's figures may take."""
GRACE = 0.5
REFUSED_FOR = 600.0
"""Seconds until figures that the server has refused are asked for again."""


class MysqlProbe(KeptProbe):
    """SELECT 1 decides. One connection for the verdict and, with queries, one more that no slow query shares with it.

    Raises ValueError naming the key where the address has a parameter that is not understood, or a query does not only read.
    """

    def __init__(self, settings: MysqlCheck) -> None:
        dsn = _parsed(settings)
        self._main = MysqlConnection(dsn, settings.timeout, self._reached)
        super().__init__(self._main, ERRORS, dsn.address, settings.timeout)
        self.queries = settings.queries
        self._query_stage = ""
        self._for_queries = MysqlConnection(dsn, settings.timeout, self._query_reached)
        self._one_query = asyncio.Lock()
        self._refused: tuple[float, str] | None = None

    def _reached(self, stage: str) -> None:
        self.stage = stage

    def _query_reached(self, stage: str) -> None:
        self._query_stage = stage

    async def ask(self) -> None:
        """SELECT 1."""
        await self._main.ask("SELECT 1")

    async def statistics(self, began: float) -> ServerStatistics:
        """The server's figures within a part of the time that is left; what it refuses is asked for again later."""
        budget = self._budget(began, BUDGET)
        try:
            async with asyncio.timeout(budget):
                named = [row for sql in (STATUS, VARIABLES) for row in (await self._main.ask(sql)).rows]
                sources, refused = await self._replication()
        except connection_errors() as error:
            if isinstance(error, TimeoutError) or is_broken(error):
                await self._main.cut()
            return ServerStatistics((), {"statistics": reason_of(error, self._address, "statistics", budget)}, "")
        return read_statistics(named, sources, refused)

    async def _replication(self) -> tuple[Sequence[Mapping[str, Any]] | None, str]:
        """(a row for each source; why it is not told)."""
        now = time.monotonic()
        if self._refused is not None and now - self._refused[0] < REFUSED_FOR:
            return None, self._refused[1]
        try:
            answer = await self._main.ask(replica_statement(self._main.version, self._main.is_mariadb))
        except connection_errors() as error:
            if not is_refusal(error):
                raise
            grant = "SLAVE MONITOR" if self._main.is_mariadb else "REPLICATION CLIENT"
            self._refused = (now, f"replication lag: GRANT {grant} ON *.* to this account")
            return None, self._refused[1]
        self._refused = None
        return answer.dicts(), ""

    async def run_query(self, query: QuerySettings) -> tuple[tuple[Sample, ...], str]:
        """(samples, what was wrong or ""): never an exception for what database, network or SQL do. One at a time."""
        async with self._one_query:
            limit = self._timeout
            try:
                async with asyncio.timeout(limit):
                    await self._for_queries.open()
                    await self._for_queries.limit(query.timeout)
                limit = query.timeout
                async with asyncio.timeout(limit + GRACE):
                    table = await self._for_queries.ask(query.sql, MOST_ROWS + 1)
            except OwnTrouble as trouble:
                return (), str(trouble)
            except connection_errors() as error:
                if isinstance(error, TimeoutError) or is_broken(error):
                    await self._for_queries.cut()
                return (), own_reason(error, self._address) or reason_of(error, self._address, self._query_stage, limit)
            except BaseException:  # cancelled
                await self._for_queries.cut()
                raise
            if not table.columns:
                return (), "the statement gives no rows"
            return samples_of_rows(query.metric, (NamedCells(table.columns, row) for row in table.rows))

    async def close(self) -> None:
        """Give back both connections; the probe may be used again afterwards."""
        await self._main.close()
        await self._for_queries.close()


def _parsed(settings: MysqlCheck) -> MysqlDsn:
    for query in settings.queries:
        if problem := problem_of(query.sql):
            raise ValueError(f'queries: "{query.metric}": {problem}')
    try:
        return parse_dsn(settings.dsn.reveal())
    except ValueError as error:
        raise ValueError(f"dsn: {error}") from None


def build(settings: MysqlCheck) -> MysqlProbe:
    """The probe, with the driver loaded."""
    import tui_monitor.sources.mysql.driver  # noqa: F401

    return MysqlProbe(settings)
