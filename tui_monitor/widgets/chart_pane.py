"""The pane that draws a PromQL result as chart or table, and the widget that underlines an expression's error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import events

from tui_monitor.board.backend import MetricMetadata
from tui_monitor.board.values import Chart, ChartLine
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, note, text_of, title_line
from tui_monitor.widgets.chart_legend import ChartFocus, first_value_at, ranked, shown_from
from tui_monitor.widgets.charts import chart_lines, table_lines
from tui_monitor.widgets.heat_map import heat_lines, is_heat_map
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.styles import TextStyles

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
RANGES = (
    ("5m", 300_000), ("15m", 900_000), ("1h", HOUR_MS), ("6h", 6 * HOUR_MS), ("24h", DAY_MS), ("7d", 7 * DAY_MS), ("30d", 30 * DAY_MS),
)  # fmt: skip
"""Name and length (ms) of the ranges that a chart can have."""
FIRST_RANGE = HOUR_MS
EXAMPLES = (
    ("cpu_usage_ratio; memory_usage_ratio", "two on one chart"),
    ("probe_duration_seconds", "every check's latency"),
    ("quantile_over_time(0.95, probe_duration_seconds[5m])", "the slow ones"),
    ("avg_over_time(probe_success[1h])", "uptime"),
    ("predict_linear(disk_free_bytes[1h], 4 * 3600)", "disks in four hours"),
)


@frozen
class ChartQuestion:
    """What to evaluate: PromQL over a range (ms) that ends at ``end`` (UTC ms; None: the moment the board shows).

    ``compare`` adds last week.
    """

    expr: str
    span: int
    compare: bool = False
    end: int | None = None


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
        return first_value_at(self.chart.lines)

    @property
    def shown_from(self) -> int:
        """The left edge: the begin of the range, or of the data where most of the range has none."""
        return shown_from(self.chart.lines, self.start, self.end)


class ChartPane(Pane):
    """A query's result, as chart or as table."""

    def __init__(self, heading: str, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles, id="chart")
        self.heading = heading
        self.answer: ChartAnswer | None = None
        self.focus_on = ChartFocus()
        self.missing: Sequence[str] = ()
        """Why there is nothing to draw, where it is known."""
        self._question = ChartQuestion("", FIRST_RANGE)
        self._as_table = False
        self._waiting = False
        self._drawn: tuple[object, list[Line]] | None = None

    def wait(self, question: ChartQuestion) -> None:
        """Mark a query as running; the previous result stays visible."""
        if question.expr != self._question.expr:
            self.focus_on = ChartFocus()
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

    def look_at(self, focus: ChartFocus) -> None:
        """Move the cursor, or show one series alone."""
        self.focus_on = focus
        self.rebuild()

    def move_cursor(self, step: int) -> int:
        """Move the cursor by columns; -1 or 1 where it stands at that edge already, else 0."""
        if self.answer is None:
            return 0
        start, end = self.answer.shown_from, self.answer.end
        apart = max(1000, (end - start) // max(20, self.size.width - 8))
        before = self.focus_on.cursor if self.focus_on.cursor is not None else end + (apart if step < 0 else 0)
        at = max(start, min(end, before + step * apart))
        self.look_at(replace(self.focus_on, cursor=at))
        return step if at == before else 0

    def move_alone(self, step: int) -> None:
        """Show the next or previous series of the legend alone; before the first: all."""
        count = len(self.answer.chart.lines) if self.answer is not None else 0
        place = -1 if self.focus_on.alone is None else self.focus_on.alone
        place = max(-1, min(count - 1, place + step))
        if count > 1:
            self.look_at(replace(self.focus_on, alone=None if place < 0 else place))

    def on_click(self, event: events.Click) -> None:
        """A click on a series of the legend shows it alone, one on the chart moves the cursor there."""
        answer = self.answer
        if answer is None or event.y < 1 or self._as_table:
            return
        names = [line.name or "value" for line in ranked(answer.chart)]
        text = text_of(self._lines[event.y : event.y + 1])
        found = next((place for place, name in enumerate(names) if len(names) > 1 and f" {name} " in text), None)
        if found is not None:
            self.look_at(replace(self.focus_on, alone=None if self.focus_on.alone == found else found))
            return
        left = next((at for at, character in enumerate(text) if character in self.look.glyphs.ticks), 0)
        share = (event.x - left) / max(1, self.size.width - left - 1)
        start = answer.shown_from
        self.look_at(replace(self.focus_on, cursor=round(start + min(1.0, max(0.0, share)) * (answer.end - start))))

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
        """Head, then the chart, drawn once for each result, size and cursor."""
        remark = "asking ..." if self._waiting else self._question.expr
        head = title_line(self.heading, width, self.look, focused=self.has_focus, remark=remark, right=self._range_text(width))
        if self.answer is None:
            return [head, *self.empty(width, height - 1)], -1
        key = (width, height, self._as_table, self.focus_on)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, self._draw(self.answer, width, height - 1))
        return [head, *self._drawn[1][: height - 1]], -1

    def _range_text(self, width: int) -> str:
        """The ranges, the present one in brackets; for a range that ends earlier, when."""
        span = self._question.span
        if width < 80:
            text = next((f"[{name}]" for name, length in RANGES if length == span), "")
        else:
            text = "  ".join(f"[{name}]" if length == span else name for name, length in RANGES)
        end = self._question.end
        return text if end is None else f"until {f.stamp(end, self.answer.end if self.answer else end, self.look.zone)}  {text}"

    def _draw(self, answer: ChartAnswer, width: int, height: int) -> list[Line]:
        if self.missing and not answer.chart.lines:
            return [LineBuilder(width, self.look).line(), *(note(text, width, self.look, "warning") for text in self.missing)]
        if self._as_table:
            return table_lines(answer.chart, answer.end, width, self.look)
        if is_heat_map(answer.chart) and self.focus_on.alone is None:
            return heat_lines(answer.chart, answer.shown_from, answer.end, width, height, self.look)
        return chart_lines(
            answer.chart, answer.shown_from, answer.end, width, height, self.look, answer.before, self.focus_on
        )  # fmt: skip


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
