"""Reader of commands that print metrics as Prometheus text 0.0.4 or OpenMetrics 1.0."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from tui_monitor.promql.exposition import Exposition, Page, ScrapeRules
from tui_monitor.promql.exposition_page import PageLimits
from tui_monitor.sources.command.outputs import MAX_SERIES, CommandReading


class CommandPageReader:
    """Reader of one command's pages; ``labels`` are the check's, a page's own labels of these names become ``exported_x``."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._exposition = Exposition(ScrapeRules(labels=labels, limits=PageLimits(samples=MAX_SERIES)))

    async def read(self, output: bytes) -> CommandReading:
        """Read a page in steps that yield to the event loop; an invalid page gives no series."""
        openmetrics = output.rstrip().endswith(b"# EOF")
        steps = self._exposition.read([output], "openmetrics" if openmetrics else "text", time.time_ns() // 1_000_000)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                return _reading(done.value)
            await asyncio.sleep(0)


def _reading(page: Page) -> CommandReading:
    return CommandReading(samples=page.samples, fault=f"the output is not a page of metrics: {page.fault}" if page.fault else "")
