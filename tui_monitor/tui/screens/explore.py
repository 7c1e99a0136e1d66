"""The explore screen: a PromQL input above its result."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from tui_monitor.board.backend import MetricMetadata
from tui_monitor.promql.query_facts import parts_of
from tui_monitor.promql.suggestions import unknown_metrics
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.chart import ChartScreen
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.widgets.chart_pane import FIRST_RANGE, ChartAnswer, ExpressionError, MetricHelp
from tui_monitor.widgets.completion import CompletionPane, Vocabulary, accepted, offers, selector_before, wanted_label

HINTS = hints("run", ("switch", "complete, chart"), "recall", "save_panel", "cursor", "zoom", "alone", "compare", "table", "back")
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
        look, text_styles = context.look, context.text_styles
        self.completion = CompletionPane(look=look, text_styles=text_styles)
        self.wrong = ExpressionError(look=look, text_styles=text_styles)
        self.metric_help = MetricHelp(look=look, text_styles=text_styles)
        self._known = Vocabulary()
        self._typed = expr

    async def load(self) -> None:
        """Load the words for completion, and what is known of the metrics."""
        names = await self.context.backend.names()
        described = {one.name: one for one in await self.context.backend.metadata()}
        metrics = tuple(described.get(name, MetricMetadata(name)) for name in sorted({*names.get("metrics", ()), *described}))
        self._known = Vocabulary(metrics, tuple(names.get("functions", ())), tuple(names.get("labels", ())))
        self._show_help()

    def compose(self) -> ComposeResult:
        """Head, notice, expression, its error, answer, keys."""
        yield self.head
        yield self.notice
        yield self.input
        yield self.completion
        yield self.wrong
        yield self.metric_help
        yield self.chart
        yield self.footer

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the chosen word, else run the expression."""
        event.stop()
        if self.completion.is_open and self.completion.chosen >= 0:
            self._accept()
            return
        self.completion.show(())
        if event.value.strip():
            self._remember()
            self.evaluate(replace(self.question, expr=event.value.strip()))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what fits the word that is typed."""
        event.stop()
        if event.value != self._typed and self.input.has_focus:
            self._typed = event.value
            self._offer()

    def _offer(self, *, all_of_them: bool = False) -> None:
        before = self.input.value[: self.input.cursor_position]
        self.completion.show(offers(before, self._known, all_of_them=all_of_them))
        label = wanted_label(before)
        if label and label not in self._known.values:
            self.context.start(self._read_values(label, selector_before(before)))

    async def _read_values(self, label: str, metric: str) -> None:
        found = tuple(await self.context.backend.label_values(label, [metric] if metric else []))
        self._known = replace(self._known, values={**self._known.values, label: found})
        if wanted_label(self.input.value[: self.input.cursor_position]) == label:
            self._offer()

    def _accept(self) -> None:
        offer = self.completion.taken()
        if offer is not None:
            place = self.input.cursor_position
            before = accepted(self.input.value[:place], offer)
            self.input.value = self._typed = before + self.input.value[place:]
            self.input.cursor_position = len(before)
        self.completion.show(())
        if offer is not None and offer.kind == "label":
            self._offer()

    def on_completion_pane_chosen(self, event: CompletionPane.Chosen) -> None:
        """A click takes an offer."""
        event.stop()
        self._accept()
        self.input.focus()

    def step_back(self) -> bool:
        """Close the list of words first."""
        if self.completion.is_open:
            self.completion.show(())
            return True
        return super().step_back()

    def on_unmount(self) -> None:
        """Add the typed expression to the recall list on leaving."""
        self._remember()

    def _remember(self) -> None:
        text, known = self.input.value.strip(), self.context.expressions
        if text and text not in (self._first, *known[-1:]):
            known.append(text)
        self._place = len(known)

    def action_recall(self, step: int) -> None:
        """Move in the list of words; without it recall an earlier expression, as in a shell; below the newest open the list."""
        if self.completion.is_open:
            self.completion.move(step)
            return
        place, known = self._place + step, self.context.expressions
        if not self.input.has_focus:
            self.action_alone(step)
        elif 0 <= place < len(known):
            self._place, self.input.value = place, known[place]
            self._typed = self.input.value
            self.input.cursor_position = len(self.input.value)
        elif step > 0:
            self._offer(all_of_them=True)

    def show_answer(self, answer: ChartAnswer) -> None:
        """Underline the error, or draw the answer; an empty one says which metric there is not."""
        self.wrong.show(self.question.expr, answer.chart.error, answer.chart.error_position)
        self._show_help(hidden=bool(answer.chart.error))
        if answer.chart.error:
            self.chart.show(None)
            return
        names = {one.name for one in self._known.metrics}
        missing = unknown_metrics(self.question.expr, names) if names and not answer.chart.lines else []
        self.chart.missing = missing
        super().show_answer(answer)

    def _show_help(self, hidden: bool = False) -> None:
        named = [] if hidden else sorted({name for facts in parts_of(self.question.expr) for name in facts.metrics})
        described = {one.name: one for one in self._known.metrics}
        self.metric_help.show([described[name] for name in named if name in described])

    def action_switch(self) -> None:
        """Take the offered word; without one move the focus between expression and chart."""
        if self.completion.is_open and self.input.has_focus:
            self._accept()
            return
        (self.chart if self.input.has_focus else self.input).focus()
