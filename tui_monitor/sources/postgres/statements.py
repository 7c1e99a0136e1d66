"""What the extension pg_stat_statements knows: how many statements ran, how long they took, and which are the slowest."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from tui_monitor.core.humanize import latency
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.sources.net.excerpt import clean

EVERY = 60.0
AFTER_FAILURE = 600.0
MOST_SLOW = 10
TEXT_LENGTH = 120
EXTENSION = """
SELECT quote_ident(nspname) AS schema, extversion AS version
FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_stat_statements'
"""
_TOTALS = "SELECT sum(calls)::float8 AS calls, sum({time})::float8 / 1000 AS seconds FROM {schema}.pg_stat_statements(false)"
"""Without the texts, which lie in a file."""
_SLOWEST = r"""
SELECT left(query, 1000) AS query, calls::float8 AS calls, {time}::float8 / 1000 / calls AS seconds
FROM {schema}.pg_stat_statements
WHERE calls > 0 AND query ~* '^\s*(/\*.*?\*/\s*|--[^\n]*\n\s*)*(select|insert|update|delete|merge|with|values|table)\M'
ORDER BY 3 DESC LIMIT {most}
"""
"""Of these the extension replaces constants by $1; ALTER ROLE ... PASSWORD and the like it keeps as they were written."""
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})", re.ASCII)


class FailedRead(Protocol):
    """Why there are no rows; ``refused`` where the server answered and would not give them."""

    @property
    def reason(self) -> str: ...  # noqa: D102

    @property
    def refused(self) -> bool: ...  # noqa: D102


Ask = Callable[[str], Awaitable[tuple[Sequence[Any], FailedRead | None]]]


class StatementFigures:
    """Asked once a minute. Counts begin at 0 with the first reading: the extension's sums fall when it forgets statements."""

    def __init__(self) -> None:
        self._due = 0.0
        self._calls, self._seconds = GrowingSum(), GrowingSum()
        self._facts: dict[str, str] = {}

    async def read(self, ask: Ask) -> tuple[tuple[Sample, ...], Mapping[str, str]]:
        """(samples of a new reading, facts of the last one)."""
        now = time.monotonic()
        if now < self._due:
            return (), self._facts
        self._due = now + AFTER_FAILURE
        found, failure = await ask(EXTENSION)
        if failure is not None or not found:
            self._facts = {}
            return (), self._facts
        names = {"schema": found[0]["schema"], "time": _time_column(str(found[0]["version"])), "most": MOST_SLOW}
        totals, failure = await ask(_TOTALS.format(**names))
        if failure is not None or not totals:
            self._facts = {"not told: statements": failure.reason} if failure is not None and failure.refused else {}
            return (), self._facts
        slowest, _ = await ask(_SLOWEST.format(**names))
        self._due = now + EVERY
        self._facts = {f"slow statement {place}": slow_text(row) for place, row in enumerate(slowest, 1)}
        return self._samples(totals[0]), self._facts

    def _samples(self, row: Any) -> tuple[Sample, ...]:
        return (
            Sample(labels_of("postgres_queries_total"), self._calls.add(row["calls"] or 0.0)),
            Sample(labels_of("postgres_query_seconds_total"), self._seconds.add(row["seconds"] or 0.0)),
        )


class GrowingSum:
    """A counter of what a sum grew by; where the sum falls, the growth since the last reading is not known and left out."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._total = 0.0

    def add(self, value: float) -> float:
        """The counter after the sum has become this."""
        if self._last is not None and value > self._last:
            self._total += value - self._last
        self._last = value
        return self._total


def slow_text(row: Any) -> str:
    """ "1.2s on average, 40 times: select ..." """
    return f"{latency(row['seconds'])} on average, {row['calls']:.0f} times: {clean(row['query'], TEXT_LENGTH)}"


def _time_column(version: str) -> str:
    """total_time was renamed in version 1.8 (PostgreSQL 13)."""
    found = _VERSION.match(version)
    return "total_time" if found is not None and tuple(map(int, found.groups())) < (1, 8) else "total_exec_time"
