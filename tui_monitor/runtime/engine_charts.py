"""Charts over the own history and an engine: an expression that reads series which this monitor has not is evaluated by the engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_monitor.board.values import Chart, ChartLine
from tui_monitor.core.clock import Clock
from tui_monitor.promql.chart_queries import expressions
from tui_monitor.runtime.queries import MOST_LINES, StoreQueries, chart_line, line_name

if TYPE_CHECKING:
    from tui_monitor.config.engine import EngineSettings
    from tui_monitor.runtime.engine_client import EngineClient

READ_AGAIN_S = 60.0
"""Seconds for which the settings are kept: a viewer reads the file for them."""
NAMES_WITHIN = 2.0
Thresholds = Sequence[tuple[float, str]]


class EngineCharts:
    """``settings`` gives the section [engine], None without one; it raises ValueError with a sentence where it cannot be read.

    It may take a while and is called in a thread, at most once in READ_AGAIN_S, and only for an expression that is not the monitor's own.
    """

    def __init__(self, settings: Callable[[], EngineSettings | None], clock: Clock) -> None:
        self._read, self._clock = settings, clock
        self._settings: EngineSettings | None = None
        self._fault = ""
        self._read_at = float("-inf")
        self._client: EngineClient | None = None
        self._lock = asyncio.Lock()

    async def chart(self, queries: StoreQueries, text: str, start: int, end: int, points: int, thresholds: Thresholds) -> Chart:
        """The chart of one expression or several; own series come from the history."""
        parts = [part for _, part in expressions(text)]
        others = await queries.without_own_series(parts)
        if not any(others) or not await self._ready():
            return await queries.chart(text, start, end, points, thresholds)
        own = "; ".join(part for part, other in zip(parts, others, strict=True) if not other)
        chart = await queries.chart(own, start, end, points, thresholds) if own else Chart()
        if chart.error:
            return chart
        asked = [part.strip() for part, other in zip(parts, others, strict=True) if other]
        empty = await queries.empty_chart(text, start, end, thresholds)
        return await self._with_lines(replace(empty, lines=chart.lines), asked, start, end, points)

    async def _with_lines(self, chart: Chart, asked: Sequence[str], start: int, end: int, points: int) -> Chart:
        """The chart with the engine's lines, or with its error."""
        from tui_monitor.runtime.engine_client import EngineFault

        step = max(1000, (end - start) // max(2, points))
        try:
            found = [line for expr in asked for line in await self._lines(expr, start - start % step, end, step)]
        except EngineFault as fault:
            return replace(chart, lines=(), error=str(fault))
        return replace(chart, lines=(*chart.lines, *found)[:MOST_LINES])

    async def _lines(self, expr: str, start: int, end: int, step: int) -> Sequence[ChartLine]:
        from tui_monitor.runtime.engine_client import EngineFault

        if self._client is None:
            raise EngineFault(self._fault)
        series = await self._client.query_range(expr, start, end, step)
        lines = [chart_line(line_name(labels) or expr, times, values, step) for labels, times, values in series]
        return sorted(lines, key=lambda line: line.name)[:MOST_LINES]

    async def names(self, own: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
        """Words for completion, with those of the engine where it has been used and answers soon."""
        from tui_monitor.runtime.engine_client import EngineFault

        if self._client is None:
            return own
        with contextlib.suppress(EngineFault):
            metrics = await self._client.label_values("__name__", NAMES_WITHIN)
            labels = await self._client.label_names(NAMES_WITHIN)
            return {**own, "metrics": _union(own, "metrics", metrics), "labels": _union(own, "labels", labels)}
        return own

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _ready(self) -> bool:
        """Whether there is an engine to ask, or a fault of its settings to tell."""
        async with self._lock:
            if self._clock.monotonic() - self._read_at >= READ_AGAIN_S:
                await self._configure()
                self._read_at = self._clock.monotonic()
        return self._client is not None or bool(self._fault)

    async def _configure(self) -> None:
        try:
            settings, self._fault = await asyncio.to_thread(self._read), ""
            if settings == self._settings and self._client is not None:
                return
            client = None
            if settings is not None:
                from tui_monitor.runtime.engine_client import EngineClient

                client = EngineClient(settings)
        except ValueError as error:
            settings, client, self._fault = None, None, f"the engine cannot be asked from here: {error}"
        await self.close()
        self._settings, self._client = settings, client


def _union(own: Mapping[str, Sequence[str]], kind: str, more: Sequence[str]) -> Sequence[str]:
    return sorted({*own.get(kind, ()), *more} - {"__name__"})
