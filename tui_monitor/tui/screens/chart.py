"""Trend and explore: a chart or a table of PromQL over a range of time. The app evaluates; here is only shown and asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.suggester import Suggester
from textual.widgets import Input

from tui_monitor.board.values import AlertView, Board, Chart, ChartLine
from tui_monitor.core.frozen import frozen
from tui_monitor.widgets.board_panes import HeadBar, NoticeBar
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, note, title_line
from tui_monitor.widgets.charts import chart_lines, table_lines
from tui_monitor.widgets.list_panes import HintBar
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.status_bars import ViewMode
from tui_monitor.widgets.styles import TextStyles

RANGES = (("5m", 300_000), ("1h", 3_600_000), ("24h", 86_400_000), ("7d", 604_800_000))
WEEK = 604_800_000
EXAMPLES = (
    ("cpu_usage_ratio; memory_usage_ratio", "two on one chart"),
    ("probe_duration_seconds", "every check's latency"),
    ("quantile_over_time(0.95, probe_duration_seconds[5m])", "the slow ones"),
    ("avg_over_time(probe_success[1h])", "uptime"),
    ("predict_linear(disk_free_bytes[1h], 4 * 3600)", "disks in four hours"),
)
HINTS = (
    ("left right", "range"), ("c", "last week"), ("+", "another series"), ("v", "table or chart"), ("r", "again"),
    ("Ctrl+S", "keep as panel"), ("Esc", "back"),
)  # fmt: skip
EXPLORE_HINTS = (
    ("Enter", "run"), ("right", "complete"), ("up", "earlier ones"), ("Ctrl+S", "keep as panel"), ("Tab", "to the chart and back"),
    ("left right", "range"), ("c", "last week"), ("v", "table or chart"), ("Esc", "back"),
)  # fmt: skip


@frozen
class Question:
    """What to evaluate: PromQL over a range (ms) that ends at the moment the board shows; ``compare`` asks for last week too."""

    expr: str
    span: int
    compare: bool = False


Ask = Callable[[Question], None]


def begin_of(chart: Chart) -> int:
    """When the chart's first value is (UTC ms); 0: it has none."""
    known = (at for line in chart.lines for at, value in zip(line.times, line.values, strict=True) if math.isfinite(value))
    return min(known, default=0)


class ChartPane(Pane):
    """The answer, as chart or as table."""

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles, id="chart")
        self.heading = "Trend"
        self.question = Question("", RANGES[1][1])
        self.as_table = False
        self.waiting = False
        self._chart: Chart | None = None
        self._before: Sequence[ChartLine] = ()
        self._range = (0, 0)
        self._drawn: tuple[object, list[Line]] | None = None

    def wait(self, question: Question) -> None:
        """A question is under way."""
        self.question, self.waiting = question, True
        self.rebuild()

    def answer(self, chart: Chart | None, before: Sequence[ChartLine], start: int, end: int) -> None:
        """The answer has come; None: there is nothing to draw."""
        self._chart, self._before, self._range, self.waiting = chart, before, (start, end), False
        self._drawn = None
        self.rebuild()

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """What can be asked, while nothing has been."""
        if self.question.expr or self.waiting:
            return ()
        rows = [LineBuilder(width, self.look).line(), note("Type PromQL and press Enter. For example:", width, self.look)]
        return [
            *rows,
            *(LineBuilder(width, self.look).gap(4).append(expr, "text", 58).gap(2).append(told, "dim").line() for expr, told in EXAMPLES),
        ]

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """Head, then the chart, drawn once for each answer and size."""
        names = "  ".join(f"[{name}]" if span == self.question.span else name for name, span in RANGES)
        remark = "asking ..." if self.waiting else self.question.expr
        head = title_line(self.heading, width, self.look, focused=self.has_focus, remark=remark, right=names)
        if self._chart is None:
            return [head, *self.empty(width, height - 1)], -1
        key = (width, height, self.as_table)
        if self._drawn is None or self._drawn[0] != key:
            start, end = self._range
            if self.as_table:
                lines = table_lines(self._chart, end, width, self.look)
            else:
                lines = chart_lines(self._chart, start, end, width, height - 1, self.look, self._before)
            self._drawn = (key, lines)
        return [head, *self._drawn[1][: height - 1]], -1


class ChartScreen(Screen[None]):
    """One chart under the head bar."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "range(-1)", "Shorter range", show=False),
        Binding("right,l", "range(1)", "Longer range", show=False),
        Binding("c", "compare", "Compare with last week", show=False),
        Binding("v", "table", "Table or chart", show=False),
        Binding("r", "again", "Ask again", show=False),
        Binding("plus", "more", "Another series", show=False),
        Binding("ctrl+s", "keep", "Keep as panel", show=False, priority=True),
    ]
    AUTO_FOCUS = "ChartPane"

    def __init__(
        self,
        expr: str,
        board: Board,
        ask: Ask,
        *,
        look: RenderStyle,
        text_styles: TextStyles,
        title: str = "Trend",
        hints: Sequence[tuple[str, str]] = HINTS,
        alert: AlertView | None = None,
    ) -> None:
        super().__init__()
        self.chart = ChartPane(look=look, text_styles=text_styles)
        self.chart.heading = title
        self.question = Question(expr, RANGES[1][1])
        self.head = HeadBar(board, look=look, text_styles=text_styles, id="head")
        self.notice = NoticeBar(board, look=look, text_styles=text_styles, id="notice")
        self._past_at: int | None = None
        self._opening = True
        self._alert = alert
        self.hints = HintBar(hints, look=look, text_styles=text_styles)
        self._ask = ask

    def compose(self) -> ComposeResult:
        """Head, notice, chart, keys."""
        yield self.head
        yield self.notice
        yield self.chart
        yield self.hints

    def on_mount(self) -> None:
        """Ask at once."""
        if self.question.expr:
            self.ask(self.question)

    def show(self, board: Board, view: ViewMode) -> None:
        """A new board moves only the head: charts are asked for, not pushed; another moment of the past is another question."""
        self.head.show(board, view)
        self.notice.show(board, view)
        if self._past_at not in (None, view.past_at):
            self.action_again()
        self._past_at = view.past_at

    def chosen_alert(self) -> AlertView | None:
        """The alert whose trend this is, as it was when the chart was opened; None: the chart is about no alert."""
        return self._alert

    def ask(self, question: Question) -> None:
        """Ask the app to evaluate."""
        self.question = question
        self.chart.wait(question)
        self._ask(question)

    def answer(self, question: Question, chart: Chart, before: Sequence[ChartLine], start: int, end: int) -> None:
        """Show the answer, unless something else has been asked since; a history that has only just begun in the shortest range."""
        if question != self.question:
            return
        opening, self._opening = self._opening, False
        if opening and begin_of(chart) > end - RANGES[0][1]:
            self.ask(Question(question.expr, RANGES[0][1], question.compare))
        else:
            self.chart.answer(chart, before, start, end)

    def action_range(self, step: int) -> None:
        """A longer or a shorter range."""
        spans = [span for _, span in RANGES]
        index = max(0, min(len(spans) - 1, spans.index(self.question.span) + step))
        if self.question.expr:
            self.ask(Question(self.question.expr, spans[index], self.question.compare))

    def action_compare(self) -> None:
        """With the same time last week, or without."""
        if self.question.expr:
            self.ask(Question(self.question.expr, self.question.span, not self.question.compare))

    def action_table(self) -> None:
        """As table, as chart."""
        self.chart.as_table = not self.chart.as_table
        self.chart.rebuild()

    @property
    def expr(self) -> str:
        """What is drawn: explore begins with it."""
        return self.question.expr

    async def action_more(self) -> None:
        """Another expression on the same chart."""
        await self.app.run_action("another_series")

    async def action_keep(self) -> None:
        """Keep what is asked as a panel."""
        await self.app.run_action("keep")

    def action_again(self) -> None:
        """The same question now."""
        if self.question.expr:
            self.ask(self.question)


class Words(Suggester):
    """Completes the word under the cursor's end with a metric, label or function."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.words = sorted(words)

    async def get_suggestion(self, value: str) -> str | None:
        """The whole value with its last word completed."""
        return completed(value, self.words)


def completed(value: str, words: Sequence[str]) -> str | None:
    """The value with its last word completed by the first that begins so; None where none does."""
    start = len(value)
    while start and (value[start - 1].isalnum() or value[start - 1] in "_:"):
        start -= 1
    word = value[start:]
    if not word:
        return None
    return next((value[:start] + known for known in words if known.startswith(word) and known != word), None)


class WrongLine(Pane, can_focus=False):
    """The expression with what is wrong underlined, and why; hidden while nothing is wrong."""

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles, id="wrong", classes="-hidden")
        self.expr, self.message, self.position = "", "", 0

    def tell(self, expr: str, message: str, position: int | None) -> None:
        """Show or hide."""
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


class ExploreScreen(ChartScreen):
    """A line of PromQL over its answer."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "switch", "To the chart and back", show=False, priority=True),
        Binding("up", "recall(-1)", "The expression before", show=False),
        Binding("down", "recall(1)", "The expression after", show=False),
    ]

    def __init__(
        self, expr: str, board: Board, ask: Ask, words: Sequence[str], typed: list[str], *, look: RenderStyle, text_styles: TextStyles
    ) -> None:
        super().__init__(expr, board, ask, look=look, text_styles=text_styles, title="Explore", hints=EXPLORE_HINTS)
        self._typed, self._place, self._first = typed, len(typed), expr
        # what it begins with is selected, so that typing replaces it
        self.input = Input(expr, "PromQL, for example rate(network_receive_bytes_total[5m])", suggester=Words(words))
        self.input.cursor_blink = False
        self.wrong = WrongLine(look=look, text_styles=text_styles)

    def compose(self) -> ComposeResult:
        """Head, notice, expression, what is wrong with it, answer, keys."""
        yield self.head
        yield self.notice
        yield self.input
        yield self.wrong
        yield self.chart
        yield self.hints

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run the expression."""
        event.stop()
        if event.value.strip():
            self._remember()
            self.ask(Question(event.value.strip(), self.question.span, self.question.compare))

    def on_unmount(self) -> None:
        """Who leaves loses nothing that was typed."""
        self._remember()

    def _remember(self) -> None:
        text = self.input.value.strip()
        if text and text not in (self._first, *self._typed[-1:]):
            self._typed.append(text)
        self._place = len(self._typed)

    def action_recall(self, step: int) -> None:
        """What was typed before, as in a shell."""
        place = self._place + step
        if self.input.has_focus and 0 <= place < len(self._typed):
            self._place, self.input.value = place, self._typed[place]
            self.input.cursor_position = len(self.input.value)

    def answer(self, question: Question, chart: Chart, before: Sequence[ChartLine], start: int, end: int) -> None:
        """Underline what is wrong, or show the answer."""
        if question != self.question:
            return
        self.wrong.tell(question.expr, chart.error, chart.error_position)
        if chart.error:
            self.chart.answer(None, before, start, end)
        else:
            super().answer(question, chart, before, start, end)

    def action_switch(self) -> None:
        """From the expression to the chart and back."""
        (self.chart if self.input.has_focus else self.input).focus()
