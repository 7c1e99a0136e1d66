"""The base class of screens with a chart: queries the backend and draws the result."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui_monitor.board.values import AlertView, Board, ChartLine
from tui_monitor.core.commands import SavePanel
from tui_monitor.tui.keymap import bindings
from tui_monitor.tui.screen_table import screen_named
from tui_monitor.tui.screens.base import DashboardScreen
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.widgets.board_bars import HeadBar, NoticeBar
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.chart_pane import FIRST_RANGE, RANGES, ChartAnswer, ChartPane, ChartQuestion
from tui_monitor.widgets.list_panes import HintBar
from tui_monitor.widgets.status_bars import ViewMode

POINTS = 300
"""At how many moments an expression is evaluated: as many as a wide terminal has dots."""
WEEK_MS = 604_800_000


class ChartScreen(DashboardScreen):
    """One chart under the head bar; ``alert`` is the alert that keys act on, as of the chart's opening."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("chart")
    AUTO_FOCUS = "ChartPane"

    def __init__(
        self, context: ScreenContext, heading: str, hints: Hints, expr: str, *, span: int = FIRST_RANGE, alert: AlertView | None = None
    ) -> None:
        super().__init__(context)
        look, text_styles = context.look, context.text_styles
        self.question = ChartQuestion(expr, span)
        self.chart = ChartPane(heading, look=look, text_styles=text_styles)
        self.head = HeadBar(context.shown, look=look, text_styles=text_styles, id="head")
        self.notice = NoticeBar(context.shown, look=look, text_styles=text_styles, id="notice")
        self.footer = HintBar(hints, look=look, text_styles=text_styles)
        self._alert = alert
        self._past_at: int | None = None
        self._is_first_answer = True

    def compose(self) -> ComposeResult:
        """Head, notice, chart, keys."""
        yield self.head
        yield self.notice
        yield self.chart
        yield self.footer

    def on_mount(self) -> None:
        """Send the first query."""
        self.action_again()

    def show(self, board: Board, view: ViewMode) -> None:
        """Update the bars; the chart is queried again only when another moment of the past is shown."""
        self.head.show(board, view)
        self.notice.show(board, view)
        if self._past_at not in (None, view.past_at):
            self.action_again()
        self._past_at = view.past_at

    @property
    def expr(self) -> str:
        """The expression drawn."""
        return self.question.expr

    def chosen_alert(self) -> AlertView | None:
        """The alert whose trend this is; None without one."""
        return self._alert

    def evaluate(self, question: ChartQuestion) -> None:
        """Evaluate a question; the result of an earlier one still running is dropped."""
        self.question = question
        self.chart.wait(question)
        self.context.start(self._evaluate(question))

    async def _evaluate(self, question: ChartQuestion) -> None:
        """Evaluate over a range that ends at the moment shown, or earlier."""
        backend, end = self.context.backend, self._newest() if question.end is None else question.end
        start = end - question.span
        chart = await backend.chart(question.expr, start, end, POINTS)
        before: tuple[ChartLine, ...] = ()
        if question.compare and not chart.error:
            past = await backend.chart(question.expr, start - WEEK_MS, end - WEEK_MS, POINTS)
            before = tuple(replace(line, times=tuple(at + WEEK_MS for at in line.times)) for line in past.lines)
        if question == self.question:
            self.show_answer(ChartAnswer(chart, start, end, before))

    def _newest(self) -> int:
        return self.context.view.past_at or self.context.now()

    def show_answer(self, answer: ChartAnswer) -> None:
        """Draw the answer. On opening, a history shorter than the range is queried again with the shortest range."""
        is_first, self._is_first_answer = self._is_first_answer, False
        shortest = RANGES[0][1]
        if is_first and answer.begins > answer.end - shortest:
            self.evaluate(replace(self.question, span=shortest))
        else:
            self.chart.show(answer)

    def action_again(self) -> None:
        """Evaluate the same question again."""
        if self.question.expr:
            self.evaluate(self.question)

    def action_zoom(self, step: int) -> None:
        """Change to a shorter or longer range, around the cursor where there is one."""
        spans = [span for _, span in RANGES]
        here = min(range(len(spans)), key=lambda place: abs(spans[place] - self.question.span))
        span = spans[max(0, min(len(spans) - 1, here + step))]
        cursor = self.chart.focus_on.cursor
        self._look_until(span, self.question.end if cursor is None else cursor + span // 2)

    def action_cursor(self, step: int) -> None:
        """Move the cursor; beyond the left edge the range moves back in time, beyond the right one forth."""
        if beyond := self.chart.move_cursor(step):
            end = self.question.end or self._newest()
            self._look_until(self.question.span, end + beyond * self.question.span // 2)

    def _look_until(self, span: int, end: int | None) -> None:
        newest = self._newest()
        if self.question.expr:
            self.evaluate(replace(self.question, span=span, end=None if end is None or end >= newest else end))

    def action_alone(self, step: int) -> None:
        """Show the next or previous series of the legend alone."""
        self.chart.move_alone(step)

    def step_back(self) -> bool:
        """Show all series again; then take the cursor away; then the newest range; else leave."""
        focus = self.chart.focus_on
        if focus.alone is not None:
            self.chart.look_at(replace(focus, alone=None))
        elif focus.cursor is not None:
            self.chart.look_at(replace(focus, cursor=None))
        elif self.question.end is not None:
            self._look_until(self.question.span, None)
        else:
            return super().step_back()
        return True

    def action_compare(self) -> None:
        """Switch the comparison with last week on or off."""
        if self.question.expr:
            self.evaluate(replace(self.question, compare=not self.question.compare))

    def action_table(self) -> None:
        """Switch between table and chart."""
        self.chart.toggle_table()

    def action_add_series(self) -> None:
        """Ask for PromQL to draw as a further series."""

        def answered(text: str) -> None:
            if text.strip():
                self.evaluate(replace(self.question, expr=f"{self.question.expr}; {text.strip()}"))

        self.context.prompt("Another series", answered, placeholder="memory_usage_ratio", hint="Enter draws   Esc cancel")

    def action_save_panel(self) -> None:
        """Ask for a name and save the query with its range as a panel."""
        question = self.question
        if question.expr and self.context.may_act():
            self.context.prompt(
                "Save as panel", lambda text: self.context.start(self._save(SavePanel(text.strip(), question.expr, question.span))),
                placeholder="a name", hint="Enter saves   Esc cancel",
            )  # fmt: skip

    async def _save(self, panel: SavePanel) -> None:
        await self.context.send(panel, f": key {screen_named('panels').key} shows it")
