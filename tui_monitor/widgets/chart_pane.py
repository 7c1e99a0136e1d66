"""The pane that draws a PromQL result as chart or table, and the widget that underlines an expression's error."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui_monitor.board.backend import MetricMetadata
from tui_monitor.board.values import Chart, ChartLine
from tui_monitor.core.frozen import frozen
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, note, title_line
from tui_monitor.widgets.charts import chart_lines, table_lines
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.styles import TextStyles

RANGES = (("5m", 300_000), ("1h", 3_600_000), ("24h", 86_400_000), ("7d", 604_800_000))
"""Name and length (ms) of the ranges that a chart can have."""
FIRST_RANGE = RANGES[1][1]
EXAMPLES = (
    ("cpu_usage_ratio; memory_usage_ratio", "two on one chart"),
    ("probe_duration_seconds", "every check's latency"),
    ("quantile_over_time(0.95, probe_duration_seconds[5m])", "the slow ones"),
    ("avg_over_time(probe_success[1h])", "uptime"),
    ("predict_linear(disk_free_bytes[1h], 4 * 3600)", "disks in four hours"),
)


@frozen
class ChartQuestion:
    """What to evaluate: PromQL over a range (ms) that ends at the moment the board shows; ``compare`` adds last week."""

    expr: str
    span: int
    compare: bool = False


@frozen
class ChartAnswer:
    """A chart from ``start`` to ``end`` (UTC ms); ``before`` are last week's lines, moved to this week's times."""

    chart: Chart
    start: int
    end: int
    before: tuple[ChartLine, ...] = ()

    @property
    def begins(self) -> int:
        """Time of the first value (UTC ms); 0 without values."""
        known = (at for line in self.chart.lines for at, value in zip(line.times, line.values, strict=True) if math.isfinite(value))
        return min(known, default=0)


class ChartPane(Pane):
    """A query's result, as chart or as table."""

    def __init__(self, heading: str, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles, id="chart")
        self.heading = heading
        self.answer: ChartAnswer | None = None
        self._question = ChartQuestion("", FIRST_RANGE)
        self._as_table = False
        self._waiting = False
        self._drawn: tuple[object, list[Line]] | None = None

    def wait(self, question: ChartQuestion) -> None:
        """Mark a query as running; the previous result stays visible."""
        self._question, self._waiting = question, True
        self.rebuild()

    def show(self, answer: ChartAnswer | None) -> None:
        """Draw a result; None: nothing to draw."""
        self.answer, self._waiting, self._drawn = answer, False, None
        self.rebuild()

    def toggle_table(self) -> None:
        """Switch between chart and table."""
        self._as_table = not self._as_table
        self.rebuild()

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """Example expressions, before the first query."""
        if self._question.expr or self._waiting:
            return ()
        rows = [LineBuilder(width, self.look).line(), note("Type PromQL and press Enter. For example:", width, self.look)]
        return [
            *rows,
            *(LineBuilder(width, self.look).gap(4).append(expr, "text", 58).gap(2).append(told, "dim").line() for expr, told in EXAMPLES),
        ]

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """Head, then the chart, drawn once per result and size."""
        names = "  ".join(f"[{name}]" if span == self._question.span else name for name, span in RANGES)
        remark = "asking ..." if self._waiting else self._question.expr
        head = title_line(self.heading, width, self.look, focused=self.has_focus, remark=remark, right=names)
        if self.answer is None:
            return [head, *self.empty(width, height - 1)], -1
        key = (width, height, self._as_table)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, self._draw(self.answer, width, height - 1))
        return [head, *self._drawn[1][: height - 1]], -1

    def _draw(self, answer: ChartAnswer, width: int, height: int) -> list[Line]:
        if self._as_table:
            return table_lines(answer.chart, answer.end, width, self.look)
        return chart_lines(answer.chart, answer.start, answer.end, width, height, self.look, answer.before)


class ExpressionError(Pane, can_focus=False):
    """The expression with its error underlined and explained; hidden without an error."""

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles, id="wrong", classes="-hidden")
        self.expr, self.message, self.position = "", "", 0

    def show(self, expr: str, message: str, position: int | None) -> None:
        """Show an error at a position (None: at the end), or hide where the message is empty."""
        self.expr, self.message, self.position = expr, message, len(expr) if position is None else position
        self.set_class(not message, "-hidden")
        self.rebuild()

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The expression, then the reason."""
        end = self.position + 1
        while end < len(self.expr) and (self.expr[end].isalnum() or self.expr[end] in "_:"):
            end += 1
        row = LineBuilder(width, self.look).append("> ", "faint").append(self.expr[: self.position], "dim")
        row.append(self.expr[self.position : end] or " ", "wrong").append(self.expr[end:], "dim")
        return [row.line(), LineBuilder(width, self.look).append("  ").append(self.message, "critical").line()], -1


class MetricHelp(Pane, can_focus=False):
    """What targets say of the metrics of an expression (HELP and TYPE), a line each; hidden where they say nothing."""

    MOST = 2

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles, id="metric-help", classes="-hidden")
        self.lines: list[tuple[str, str]] = []

    def show(self, metrics: Sequence[MetricMetadata]) -> None:
        """Show those that have a help text."""
        self.lines = [(f"{one.name} ({one.type})", one.help) for one in metrics if one.help][: self.MOST]
        self.set_class(not self.lines, "-hidden")
        self.styles.height = len(self.lines)
        self.rebuild()

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The metric and its type, then its help."""
        return [LineBuilder(width, self.look).append(f"  {head}: ", "dim").append(text, "faint").line() for head, text in self.lines], -1
