"""Queries as metrics: the key `queries` of database kinds and the protocol of their probes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tui_monitor.config.fields import Duration, Interval
from tui_monitor.config.section import Section, key
from tui_monitor.core.values import Sample


class QuerySettings(Section):
    """A read-only SQL query whose rows become samples: the column `value` is the value, the other columns are labels."""

    metric: str = key(doc="the metric's name", pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$", example="orders")
    sql: str = key(doc="one SELECT statement", min_length=1, example="select status, count(*) as value from orders group by status")
    interval: Interval = key(default=60.0, doc="how often it runs", gt=0)
    timeout: Duration = key(default=5.0, doc="a query that takes longer is ended", gt=0)


@runtime_checkable
class HasQueries(Protocol):
    """A probe whose check has queries, each with its own interval."""

    @property
    def queries(self) -> Sequence[QuerySettings]:
        """The queries to run."""
        ...

    async def run_query(self, query: QuerySettings) -> tuple[tuple[Sample, ...], str]:
        """Run a query once: its samples, and the reason of a failure ("" without one)."""
        ...
