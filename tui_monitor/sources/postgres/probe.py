"""The PostgreSQL check: SELECT 1 over a kept connection, the server's own statistics, and queries that become metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Inventory, Sample
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.driver_common import ServerStatistics
from tui_monitor.sources.net.kept_probe import DriverErrors, KeptProbe
from tui_monitor.sources.net.recent_ratio import RecentRatio
from tui_monitor.sources.postgres.connection import (
    PostgresConnection,
    connection_errors,
    is_broken,
    is_refusal,
    own_reason,
    postgres_address,
    read,
    reason_of,
)
from tui_monitor.sources.postgres.dsn import problems_of
from tui_monitor.sources.postgres.pgbouncer import PgBouncerProbe, is_console
from tui_monitor.sources.postgres.settings import PostgresCheck
from tui_monitor.sources.postgres.statements import StatementFigures
from tui_monitor.sources.postgres.statistics import ENOUGH_BLOCKS, GROUPS, MOST_DATABASES, SIZES, read_sizes, read_statistics, statement_of
from tui_monitor.sources.queries import QuerySettings
from tui_monitor.sources.query_rows import MOST_ROWS, samples_of_rows

if TYPE_CHECKING:
    from asyncpg import Record

SIZES_EVERY = 60.0
SIZES_AFTER_FAILURE = 600.0
REFUSED_FOR = 600.0
"""Seconds until a group of figures that the server has refused is asked for again."""
BUDGET = 0.4
"""The share of the time left that a reading of figures may take."""
GRACE = 0.5
ERRORS = DriverErrors(connection_errors, is_broken, own_reason, reason_of)


@frozen
class QueryFailure:
    """Reason for missing rows; ``refused`` where the server answered with a refusal."""

    reason: str
    refused: bool


class PostgresProbe(KeptProbe):
    """Probe of a server: SELECT 1 decides. Queries use a second connection, so that slow ones do not delay the verdict.

    The constructor raises ValueError naming the key of an address with an unknown parameter.
    """

    def __init__(self, settings: PostgresCheck) -> None:
        dsn = settings.dsn.reveal()
        if problem := problems_of(dsn):
            raise ValueError(f"dsn: {problem}")
        self._main = PostgresConnection(dsn, settings.timeout)
        super().__init__(self._main, ERRORS, postgres_address(dsn), settings.timeout)
        self.queries = settings.queries
        self._for_queries = PostgresConnection(dsn, settings.timeout)
        self._one_query = asyncio.Lock()
        self._cache_hit = RecentRatio(ENOUGH_BLOCKS)
        self._refused: dict[str, tuple[float, str]] = {}
        self._sizes_due = 0.0
        self._statements = StatementFigures()

    async def ask(self) -> None:
        """Run SELECT 1."""
        await (await self._main.get()).execute("SELECT 1")

    async def statistics(self, began: float) -> ServerStatistics:
        """The server's statistics, and less often the sizes of its databases."""
        self.stage = "statistics"
        row, refused = await self._groups(began)
        known = read_statistics(row, self._cache_hit)
        sizes, databases = await self._read_sizes(began)
        statements, slowest = await self._read_statements(began)
        facts = {**known.facts, **refused, **slowest}
        return ServerStatistics(known.samples + sizes + statements, facts, known.degraded, databases)

    async def _groups(self, began: float) -> tuple[dict[str, Any], dict[str, str]]:
        """(columns of all permitted groups, facts with the reasons for the others).

        One query reads all groups; after a refusal each group is queried alone, and refused ones again after REFUSED_FOR.
        """
        now = time.monotonic()
        self._refused = {group: known for group, known in self._refused.items() if now - known[0] < REFUSED_FOR}
        groups = [group for group in GROUPS if group not in self._refused]
        found, failure = await self._columns(groups, began)
        if failure is not None and failure.refused:
            found, failure = await self._each_group(groups, began)
        texts = {f"not told: {group}": text for group, (_, text) in self._refused.items()}
        return found, texts if failure is None else {**texts, "statistics": failure.reason}

    async def _each_group(self, groups: list[str], began: float) -> tuple[dict[str, Any], QueryFailure | None]:
        found: dict[str, Any] = {}
        for group in groups:
            columns, failure = await self._columns([group], began)
            found |= columns
            if failure is not None and not failure.refused:
                return found, failure
            if failure is not None:
                self._refused[group] = (time.monotonic(), failure.reason)
        return found, None

    async def _columns(self, groups: list[str], began: float) -> tuple[dict[str, Any], QueryFailure | None]:
        rows, failure = await self._read(statement_of(tuple(groups)), began) if groups else ([], None)
        return dict(rows[0]) if rows else {}, failure

    async def _read_sizes(self, began: float) -> tuple[tuple[Sample, ...], tuple[Inventory, ...]]:
        now = time.monotonic()
        if now < self._sizes_due or not self._main.is_open:
            return (), ()
        self.stage = "database sizes"
        rows, failure = await self._read(SIZES, began)
        self._sizes_due = now + (SIZES_AFTER_FAILURE if failure else SIZES_EVERY)
        if failure:
            return (), ()
        samples, databases = read_sizes(rows)
        return samples, () if len(rows) == MOST_DATABASES else (databases,)

    async def _read_statements(self, began: float) -> tuple[tuple[Sample, ...], Mapping[str, str]]:
        if not self._main.is_open:
            return (), {}
        self.stage = "statements"
        return await self._statements.read(lambda sql: self._read(sql, began))

    async def _read(self, sql: str, began: float) -> tuple[list[Record], QueryFailure | None]:
        """(rows, reason for missing rows); limited to a part of the time left, so that it cannot turn a verdict into a timeout."""
        budget = self._budget(began, BUDGET)
        connection = await self._main.get()
        try:
            async with asyncio.timeout(budget * (1 + GRACE)):
                return await read(connection, sql, budget), None
        except connection_errors() as error:
            ended = isinstance(error, TimeoutError) or is_broken(error)
            if ended:
                self._main.drop()
            return [], QueryFailure(reason_of(error, self._address, self.stage, budget), not ended and is_refusal(error))

    async def run_query(self, query: QuerySettings) -> tuple[tuple[Sample, ...], str]:
        """(samples, fault or ""); faults of database, network or SQL are never exceptions. One query runs at a time."""
        async with self._one_query:
            stage, limit = "connect", self._timeout
            try:
                async with asyncio.timeout(limit):
                    connection = await self._for_queries.get()
                stage, limit = "query", query.timeout
                async with asyncio.timeout(limit + GRACE):
                    rows = await read(connection, query.sql, limit, MOST_ROWS + 1)
            except OwnTrouble as trouble:
                return (), str(trouble)
            except connection_errors() as error:
                if isinstance(error, TimeoutError) or is_broken(error):
                    self._for_queries.drop()
                return (), own_reason(error, self._address) or reason_of(error, self._address, stage, limit)
            except BaseException:  # cancelled
                self._for_queries.drop()
                raise
            return samples_of_rows(query.metric, rows)

    async def close(self) -> None:
        """Close both connections; the probe can be used again afterwards."""
        await self._main.close()
        await self._for_queries.close()


def build(settings: PostgresCheck) -> KeptProbe:
    """Construct the probe and import the driver; the database name `pgbouncer` selects the probe of PgBouncer's console."""
    import asyncpg  # noqa: F401

    return PgBouncerProbe(settings) if is_console(settings.dsn.reveal()) else PostgresProbe(settings)
