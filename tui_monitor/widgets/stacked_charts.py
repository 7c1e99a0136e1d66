"""Several charts of the same time below each other."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.core.frozen import frozen
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, title_line
from tui_monitor.widgets.chart_pane import RANGES, ChartAnswer
from tui_monitor.widgets.charts import chart_lines
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.styles import TextStyles

LEAST = 6
"""Lines that a chart needs."""


@frozen
class StackedChart:
    """One chart with its title; ``answer`` None: it is being read."""

    title: str
    answer: ChartAnswer | None = None


class StackedCharts(Pane):
    """Charts, each as high as there is room for; those without room are named."""

    def __init__(self, heading: str, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles)
        self.heading = heading
        self.charts: Sequence[StackedChart] = ()
        self.span = RANGES[1][1]
        self.first = 0
        self._drawn: tuple[object, list[Line]] | None = None

    def show(self, charts: Sequence[StackedChart], span: int) -> None:
        """Show charts of a range (ms)."""
        self.charts, self.span, self._drawn = charts, span, None
        self.rebuild()

    def keys(self) -> Sequence[str]:
        """A key a chart, for moving."""
        return [chart.title for chart in self.charts]

    def move_to(self, index: int) -> None:
        """Show this chart first, where not all fit."""
        self.first = max(0, min(index, len(self.charts) - 1))
        self.cursor, self._drawn = self.first, None
        self.rebuild()

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The head, then the charts."""
        names = "  ".join(f"[{name}]" if span == self.span else name for name, span in RANGES)
        head = title_line(self.heading, width, self.look, focused=self.has_focus, right=names)
        key = (width, height, self.first)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, self._draw(width, height - 1))
        return [head, *self._drawn[1][: height - 1]], -1

    def _draw(self, width: int, height: int) -> list[Line]:
        fits = max(1, min(len(self.charts), height // LEAST))
        first = min(self.first, len(self.charts) - fits)
        shown = self.charts[first : first + fits]
        lines: list[Line] = []
        for number, chart in enumerate(shown):
            room = (height - len(lines)) // (len(shown) - number)
            lines += self._chart(chart, width, room)
        return lines

    def _chart(self, chart: StackedChart, width: int, height: int) -> list[Line]:
        lines = [LineBuilder(width, self.look).gap(1).append(chart.title, "heading").line()]
        if chart.answer is not None:
            answer = chart.answer
            lines += chart_lines(answer.chart, answer.start, answer.end, width, height - 1, self.look)
        return [*lines, *[LineBuilder(width, self.look).line()] * (height - len(lines))][:height]
