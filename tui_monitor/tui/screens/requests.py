"""The screen of requests: the routes of applications with rate, errors and latencies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.values import Board
from tui_monitor.core.humanize import span_words
from tui_monitor.core.trace import OperationSummary
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.base import LogFocus
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.advice_pane import AdvicePane
from tui_monitor.widgets.cell_line import Hints, Line, RenderStyle
from tui_monitor.widgets.list_panes import ListRow
from tui_monitor.widgets.log_texts import NO_REQUESTS
from tui_monitor.widgets.request_lines import ORDERS, RouteRow, latency_expr, rate_expr, request_heads, request_line, route_rows
from tui_monitor.widgets.trace_filter import TraceChoice


class RequestsScreen(ListScreen):
    """The request tables of the board; Enter shows a route's history, `T` its traces."""

    TITLE_TEXT = "Requests"
    BINDINGS: ClassVar[list[BindingType]] = bindings("requests")
    HINTS: ClassVar[Hints] = hints(("open", "history"), "order", "route_traces", "request_source", "logs", "filter", "screens", "back")

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context, AdvicePane(self.TITLE_TEXT, look=context.look, text_styles=context.text_styles))
        self._order = 0
        self._check = ""
        self._known: dict[str, RouteRow] = {}

    async def load(self) -> None:
        """The board has the tables."""
        self.show_board(self.context.shown)

    def show_board(self, board: Board) -> None:
        """Show the board's tables in the chosen order."""
        order = list(ORDERS)[self._order]
        shown = route_rows(board.requests, order, self._check)
        self._known = {one.key: one for one in shown}
        named = len(board.requests) > 1 and not self._check
        rows = [ListRow(one.key, f"{one.table.check} {one.name}", partial(_row, one, named)) for one in shown]
        window = max((one.table.window for one in shown), default=0.0)
        words = [f"check {self._check}" if self._check else "", f"of the last {span_words(window)}" if window else "", f"by {order}"]
        assert isinstance(self.rows, AdvicePane)
        self.rows.advice = (
            ("The requests of the past are not stored: charts of a route (Enter, live) go back.",) if board.past else NO_REQUESTS
        )
        self.rows.fill(rows, ", ".join(word for word in words if word), columns=partial(request_heads, order, named))

    def action_order(self) -> None:
        """Change to the next sort order."""
        self._order = (self._order + 1) % len(ORDERS)
        self.show_board(self.context.shown)

    def action_source(self, step: int) -> None:
        """Show the next or previous application, or all."""
        names = ["", *(table.check for table in self.context.shown.requests)]
        here = names.index(self._check) if self._check in names else 0
        self._check = names[(here + step) % len(names)]
        self.show_board(self.context.shown)

    # --- what a row leads to ------------------------------------------------------------------------------------------

    @property
    def _chosen(self) -> RouteRow | None:
        return self._known.get(self.rows.selection)

    def open_row(self, key: str) -> None:
        """Show the route's history."""
        if self._chosen is not None:
            from tui_monitor.tui.screens.route import RouteScreen

            self.context.start(self.context.open(RouteScreen(self.context, self._chosen)))

    def action_route_traces(self) -> None:
        """List the slowest traces of the route, all where none is selected."""
        if self._chosen is not None:
            self.context.start(self._open_traces(self._chosen))
        else:
            self.context.open_screen("traces")

    async def _open_traces(self, one: RouteRow) -> None:
        operations = await self.context.backend.span_operations(0, self.context.view.past_at * 1000)
        found = operation_of(one, operations)
        if found is None and not one.is_whole:
            names = " or ".join(f'"{name}"' for name in dict.fromkeys((one.name, one.row.route)))
            nothing = "No traces are kept. Traces (T) says how they come here."
            self.context.inform(f"No trace has an operation {names}." if operations else nothing)
            return
        from tui_monitor.tui.screens.traces import TracesScreen

        choice = TraceChoice(found.service, found.operation, order="slowest") if found else TraceChoice(order="slowest")
        await self.context.open(TracesScreen(self.context, choice))

    @property
    def expr(self) -> str:
        """The latencies of the selected route, else its rate."""
        return (latency_expr(self._chosen) or rate_expr(self._chosen)) if self._chosen is not None else ""

    def log_focus(self) -> LogFocus:
        """The lines of the route's check."""
        return LogFocus((self._chosen.table.check,)) if self._chosen is not None else LogFocus()


def operation_of(one: RouteRow, operations: Sequence[OperationSummary]) -> OperationSummary | None:
    """The operation of a route's spans: "GET /orders", else "/orders"; of several services the one named as the check, else the busiest."""
    wanted = (one.name, one.row.route)
    found = [each for each in operations if each.operation in wanted and each.operation]
    found.sort(key=lambda each: (each.service != one.table.check, wanted.index(each.operation), -each.traces))
    return found[0] if found else None


def _row(one: RouteRow, named: bool, width: int, look: RenderStyle, selected: bool) -> Line:
    return request_line(one, named, width, look)
