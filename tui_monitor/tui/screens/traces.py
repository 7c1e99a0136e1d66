"""The screen of traces: those that applications have pushed, or their operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.values import Board
from tui_monitor.core.trace import OperationSummary, TraceSummary
from tui_monitor.promql.values import selection
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.base import LogFocus
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.tui.screens.prompt import ask_until_valid
from tui_monitor.widgets.advice_pane import AdvicePane
from tui_monitor.widgets.cell_line import Hints, Line, RenderStyle
from tui_monitor.widgets.list_panes import ListRow
from tui_monitor.widgets.log_texts import NO_MATCHING_TRACES, NO_TRACES
from tui_monitor.widgets.trace_filter import EXAMPLE, ORDERS, TraceChoice, parse_trace_choice
from tui_monitor.widgets.trace_lines import operation_heads, operation_line, trace_heads, trace_line

WINDOWS = (0, 900_000, 3_600_000, 86_400_000)


class TracesScreen(ListScreen):
    """Traces by time, duration or failure; `b` lists operations instead. Enter opens a trace, or the slowest of an operation."""

    TITLE_TEXT = "Traces"
    BINDINGS: ClassVar[list[BindingType]] = bindings("traces")
    HINTS: ClassVar[Hints] = hints(
        ("open", "spans"), "order", "log_filter", ("log_source", "service"), "log_window", "by_operation", ("filter", "search"), "logs",
        "back",
    )  # fmt: skip
    RELOAD_EVERY: ClassVar[int] = 3

    def __init__(self, context: ScreenContext, choice: TraceChoice | None = None) -> None:
        super().__init__(context, AdvicePane(self.TITLE_TEXT, look=context.look, text_styles=context.text_styles))
        self.choice = choice or TraceChoice()
        self._by_operation = False
        self._past_at = context.view.past_at
        self._operations: dict[str, OperationSummary] = {}

    async def load(self) -> None:
        """Read the traces of the moment shown, and all operations for the names of services."""
        choice, now, by_operation = self.choice, self.context.now(), self._by_operation
        query = choice.query(now, self._past_at)
        found = await self.context.backend.span_operations(query.since_us, query.until_us)
        traces = [] if by_operation else await self.context.backend.traces(query)
        if (choice, by_operation) == (self.choice, self._by_operation):
            self._operations = {f"{one.service}\n{one.operation}": one for one in found}
            self._show_operations() if by_operation else self._show_traces(traces, now)

    def _show_traces(self, traces: Sequence[TraceSummary], now: int) -> None:
        longest = max((one.duration_us for one in traces), default=1)
        rows = [
            ListRow(one.trace_id, f"{one.service} {one.operation} {one.trace_id}", partial(_trace, one, longest, now)) for one in traces
        ]
        failed = sum(1 for one in traces if one.errors)
        words = [f"{len(rows)}{'+' * (len(rows) >= 500)} traces, {failed} failed, {self.choice.order} first", self.choice.words()]
        self._fill(rows, words, trace_heads)

    def _show_operations(self) -> None:
        shown = [one for one in self._operations.values() if self.choice.service in ("", one.service)]
        longest = max((one.mean_us for one in shown), default=1)
        rows = [
            ListRow(f"{one.service}\n{one.operation}", f"{one.service} {one.operation}", partial(_operation, one, longest)) for one in shown
        ]
        self._fill(rows, [f"{len(rows)} operations, slowest first"], operation_heads)

    def _fill(self, rows: Sequence[ListRow], words: Sequence[str], columns: object) -> None:
        if self.choice.service:
            words = [f"service {self.choice.service}", *words]
        assert isinstance(self.rows, AdvicePane)
        self.rows.advice = NO_MATCHING_TRACES if self._operations or self.choice.is_narrowed else NO_TRACES
        self.rows.fill(rows, "   ".join(part for part in words if part), columns=columns)  # type: ignore[arg-type]

    def show_board(self, board: Board) -> None:
        """Another moment of the past has other traces."""
        if self.context.view.past_at != self._past_at:
            self._past_at = self.context.view.past_at
            self.context.start(self.load())

    # --- choosing -----------------------------------------------------------------------------------------------------

    def choose(self, choice: TraceChoice) -> None:
        """List other traces."""
        self.choice = choice
        self.context.start(self.load())

    def action_order(self) -> None:
        """Change to the next sort order."""
        self.choose(replace(self.choice, order=ORDERS[(ORDERS.index(self.choice.order) + 1) % len(ORDERS)]))

    def action_filter_lines(self) -> None:
        """Ask for a filter."""
        order = self.choice.order
        ask_until_valid(
            self.context, "Traces with", lambda text: parse_trace_choice(text, order), self.choose,
            value=self.choice.line(), placeholder=EXAMPLE, hint="Enter filters   Esc cancel",
        )  # fmt: skip

    def action_source(self, step: int) -> None:
        """Show the traces of the next or previous service, or of all."""
        names = ["", *sorted({one.service for one in self._operations.values()})]
        here = names.index(self.choice.service) if self.choice.service in names else 0
        self.choose(replace(self.choice, service=names[(here + step) % len(names)]))

    def action_window(self) -> None:
        """Show the next window of time."""
        index = WINDOWS.index(self.choice.last) if self.choice.last in WINDOWS else 0
        self.choose(replace(self.choice, last=WINDOWS[(index + 1) % len(WINDOWS)]))

    def action_by_operation(self) -> None:
        """List operations, or traces again."""
        self._by_operation = not self._by_operation
        self.context.start(self.load())

    def step_back(self) -> bool:
        """Clear the search, else the filter, else go back to the traces, else leave."""
        if super().step_back():
            return True
        if self._by_operation:
            self.action_by_operation()
        elif self.choice.is_narrowed or self.choice.service:
            self.choose(TraceChoice(order=self.choice.order))
        else:
            return False
        return True

    # --- what a row leads to ------------------------------------------------------------------------------------------

    def open_row(self, key: str) -> None:
        """Open a trace, or list the slowest traces of an operation."""
        chosen = self._operations.get(key) if self._by_operation else None
        if chosen is not None:
            self._by_operation = False
            return self.choose(replace(self.choice, service=chosen.service, operation=chosen.operation, order="slowest"))
        from tui_monitor.tui.screens.trace import TraceScreen

        self.context.start(self.context.open(TraceScreen(self.context, key)))
        return None

    @property
    def expr(self) -> str:
        """The 95th percentile of the spans' durations, by operation."""
        labels = {"service": self.choice.service} if self.choice.service else {}
        buckets = selection("span_duration_seconds_bucket", **labels)
        return f"histogram_quantile(0.95, sum by (le, operation) (rate({buckets}[5m])))"

    def log_focus(self) -> LogFocus:
        """The lines of the selected trace, else of the service."""
        if self.rows.selection and not self._by_operation:
            return LogFocus(text=self.rows.selection)
        return LogFocus((self.choice.service,)) if self.choice.service else LogFocus()


def _trace(trace: TraceSummary, longest: int, now: int, width: int, look: RenderStyle, selected: bool) -> Line:
    return trace_line(trace, longest, now, width, look)


def _operation(one: OperationSummary, longest: int, width: int, look: RenderStyle, selected: bool) -> Line:
    return operation_line(one, longest, width, look)
