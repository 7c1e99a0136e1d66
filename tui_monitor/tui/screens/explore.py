"""The explore screen: a PromQL input above its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from tui_monitor.board.backend import MetricMetadata
from tui_monitor.promql.query_facts import parts_of
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.chart import ChartScreen
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.widgets.chart_pane import FIRST_RANGE, ChartAnswer, ExpressionError, MetricHelp

HINTS = hints("run", "complete", "recall", "save_panel", "switch", "cursor", "zoom", "alone", "compare", "table", "back")
PLACEHOLDER = "PromQL, for example rate(network_receive_bytes_total[5m])"


class ExploreScreen(ChartScreen):
    """Evaluation of any PromQL; starts with an expression (selected, so that typing replaces it) and a range."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = bindings("explore")

    def __init__(self, context: ScreenContext, expr: str, span: int = FIRST_RANGE) -> None:
        super().__init__(context, "Explore", HINTS, expr, span=span)
        self._first = expr
        self._place = len(context.expressions)
        self.input = Input(expr, PLACEHOLDER)
        self.input.cursor_blink = False
        self.wrong = ExpressionError(look=context.look, text_styles=context.text_styles)
        self.metric_help = MetricHelp(look=context.look, text_styles=context.text_styles)
        self._described: dict[str, MetricMetadata] = {}

    async def load(self) -> None:
        """Load the words for completion, and what is known of the metrics."""
        names = await self.context.backend.names()
        self.input.suggester = WordSuggester([word for kind in ("metrics", "functions", "labels") for word in names.get(kind, ())])
        self._described = {one.name: one for one in await self.context.backend.metadata()}
        self._show_help()

    def compose(self) -> ComposeResult:
        """Head, notice, expression, its error, answer, keys."""
        yield self.head
        yield self.notice
        yield self.input
        yield self.wrong
        yield self.metric_help
        yield self.chart
        yield self.footer

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run the expression."""
        event.stop()
        if event.value.strip():
            self._remember()
            self.evaluate(replace(self.question, expr=event.value.strip()))

    def on_unmount(self) -> None:
        """Add the typed expression to the recall list on leaving."""
        self._remember()

    def _remember(self) -> None:
        text, known = self.input.value.strip(), self.context.expressions
        if text and text not in (self._first, *known[-1:]):
            known.append(text)
        self._place = len(known)

    def action_recall(self, step: int) -> None:
        """Recall an earlier expression, as in a shell."""
        place, known = self._place + step, self.context.expressions
        if not self.input.has_focus:
            self.action_alone(step)
        elif 0 <= place < len(known):
            self._place, self.input.value = place, known[place]
            self.input.cursor_position = len(self.input.value)

    def show_answer(self, answer: ChartAnswer) -> None:
        """Underline the error, or draw the answer."""
        self.wrong.show(self.question.expr, answer.chart.error, answer.chart.error_position)
        self._show_help(hidden=bool(answer.chart.error))
        if answer.chart.error:
            self.chart.show(None)
        else:
            super().show_answer(answer)

    def _show_help(self, hidden: bool = False) -> None:
        named = [] if hidden else sorted({name for facts in parts_of(self.question.expr) for name in facts.metrics})
        self.metric_help.show([self._described[name] for name in named if name in self._described])

    def action_switch(self) -> None:
        """Move the focus between expression and chart."""
        (self.chart if self.input.has_focus else self.input).focus()


class WordSuggester(Suggester):
    """Suggester that completes the last word with a metric, label or function."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.words = sorted(words)

    async def get_suggestion(self, value: str) -> str | None:
        """The whole value with its last word completed."""
        return completed(value, self.words)


def completed(value: str, words: Sequence[str]) -> str | None:
    """The value with its last word completed by the first match; None without one."""
    start = len(value)
    while start and (value[start - 1].isalnum() or value[start - 1] in "_:"):
        start -= 1
    word = value[start:]
    if not word:
        return None
    return next((value[:start] + known for known in words if known.startswith(word) and known != word), None)
