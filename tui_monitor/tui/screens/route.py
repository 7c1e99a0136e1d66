"""The screen of one route: its requests per second and its latencies over time."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.base import LogFocus
from tui_monitor.tui.screens.chart import POINTS
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.chart_pane import RANGES, ChartAnswer
from tui_monitor.widgets.request_lines import RouteRow, latency_expr, rate_expr
from tui_monitor.widgets.stacked_charts import StackedChart, StackedCharts


class RouteScreen(PaneScreen):
    """Charts of one route, read again each minute; left and right change the range."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("route")
    HINTS: ClassVar[Hints] = hints("range", "trend", "explore", "logs", "back")
    RELOAD_EVERY: ClassVar[int] = 60

    def __init__(self, context: ScreenContext, route: RouteRow) -> None:
        heading = f"{route.table.check}  {route.name}"
        self.charts = StackedCharts(heading, look=context.look, text_styles=context.text_styles)
        super().__init__(context, self.charts)
        self._route = route
        self._span = RANGES[1][1]

    async def load(self) -> None:
        """Read the charts of the range that ends at the moment shown."""
        span, end = self._span, self.context.view.past_at or self.context.now()
        found = []
        for title, expr in (("requests per second", rate_expr(self._route)), ("latency: p50, p95, p99", latency_expr(self._route))):
            if expr:
                chart = await self.context.backend.chart(expr, end - span, end, POINTS)
                found.append(StackedChart(title, ChartAnswer(chart, end - span, end)))
        if span == self._span:
            self.charts.show(found, span)

    def action_range(self, step: int) -> None:
        """Change to a longer or shorter range."""
        spans = [span for _, span in RANGES]
        self._span = spans[max(0, min(len(spans) - 1, spans.index(self._span) + step))]
        self.context.start(self.load())

    @property
    def expr(self) -> str:
        """The latencies, else the rate."""
        return latency_expr(self._route) or rate_expr(self._route)

    def log_focus(self) -> LogFocus:
        """The lines of the check."""
        return LogFocus((self._route.table.check,))
