"""The screen of one trace: a waterfall of its spans; Enter shows the attributes of one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.core import humanize
from tui_monitor.core.sanitize import clean
from tui_monitor.core.trace import Span, span_tree
from tui_monitor.promql.values import selection
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.base import LogFocus
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.cell_line import Hints, Line, LineBuilder, RenderStyle, data_style
from tui_monitor.widgets.list_panes import ListPane, ListRow
from tui_monitor.widgets.trace_lines import SpanRow, attributes_line, axis_line, span_facts, span_line, span_rows, us

NAME_WIDTH = 26


class WaterfallPane(ListPane):
    """The spans of a trace; the attributes of the selected one stand at the foot."""

    def __init__(self, context: ScreenContext) -> None:
        super().__init__("Trace", "This trace has no spans.", look=context.look, text_styles=context.text_styles)
        self.spans: Sequence[SpanRow] = ()

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """Attributes of the selected span, as many as fit below all spans."""
        row = next((one for one in self.spans if one.span.span_id == self.selection), None)
        if row is None or height < 8:
            return ()
        rule = LineBuilder(width, self.look).append(self.look.glyphs.rule * width, "faint").line()
        room = min(height // 3, height - len(self.spans) - 4)
        if room < 3:
            return [rule, attributes_line(row.span, width, self.look)]
        facts = span_facts(row.span, row.begin)[:room]
        return [rule, *(fact_line(name, text, style, width, self.look) for name, text, style in facts)]


class TraceScreen(ListScreen):
    """One trace; ``ident`` is its id or the beginning of it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("trace")
    HINTS: ClassVar[Hints] = hints(("open", "attributes"), ("filter", "search"), "logs", "next_failed", ("copy", "copy its id"), "back")

    def __init__(self, context: ScreenContext, ident: str) -> None:
        self.waterfall = WaterfallPane(context)
        super().__init__(context, self.waterfall)
        self._ident = ident

    async def load(self) -> None:
        """Read the spans."""
        spans = await self.context.backend.trace(self._ident)
        self._ident = spans[0].trace_id if spans else self._ident
        rows = span_rows(span_tree(spans))
        self.waterfall.spans = rows
        length = rows[0].length if rows else 0
        self.rows.fill(
            [ListRow(row.span.span_id, search_text(row.span), partial(_span, row)) for row in rows],
            self._remark(rows), columns=lambda width, look: [axis_line(length, width, look)],
        )  # fmt: skip

    def _remark(self, rows: Sequence[SpanRow]) -> str:
        if not rows:
            return self._ident
        failed = sum(1 for row in rows if row.span.status == "error")
        began = humanize.stamp(rows[0].begin // 1000, self.context.now(), self.context.look.zone, seconds=True)
        parts = [us(rows[0].length), began, f"{len(rows)} spans", f"{failed} failed" if failed else "", self._ident[:16]]
        return "   ".join(part for part in parts if part)

    def open_row(self, key: str) -> None:
        """Show everything that is known of a span."""
        row = next((one for one in self.waterfall.spans if one.span.span_id == key), None)
        if row is not None:
            self.context.start(self.context.open(SpanScreen(self.context, row)))

    def action_next_failed(self, step: int) -> None:
        """Select the next or previous failed span."""
        failed = [row.span.span_id for row in self.waterfall.spans if row.span.status == "error"]
        if not failed:
            return self.context.inform("No span of this trace has failed.")
        here = failed.index(self.rows.selection) if self.rows.selection in failed else -1 if step > 0 else 0
        self.rows.select(failed[(here + step) % len(failed)])
        return None

    def action_copy(self) -> None:
        """Copy the trace's id."""
        self.context.copy(self._ident)

    def log_focus(self) -> LogFocus:
        """The lines with this trace's id."""
        return LogFocus(text=self._ident)

    @property
    def expr(self) -> str:
        """The 95th percentile of the selected operation's duration."""
        row = next((one for one in self.waterfall.spans if one.span.span_id == self.rows.selection), None)
        return duration_of(row.span) if row else ""


class SpanScreen(ListScreen):
    """What is known of one span, a row each."""

    TITLE_TEXT = "Span"
    HINTS: ClassVar[Hints] = hints("filter", "trend", "logs", "back")

    def __init__(self, context: ScreenContext, row: SpanRow) -> None:
        super().__init__(context)
        self._span = row.span
        rows = [
            ListRow(f"{index}", f"{name} {text}", partial(_fact, name, text, style), text if len(text) > 40 else "")
            for index, (name, text, style) in enumerate(span_facts(row.span, row.begin))
        ]
        self.rows.fill(rows, f"{row.span.service}  {clean(row.span.operation)}  {us(row.span.duration_us)}")

    def log_focus(self) -> LogFocus:
        """The lines with the trace's id."""
        return LogFocus(text=self._span.trace_id)

    @property
    def expr(self) -> str:
        """The 95th percentile of the operation's duration."""
        return duration_of(self._span)


def duration_of(span: Span) -> str:
    """PromQL of the 95th percentile of an operation's duration."""
    buckets = selection("span_duration_seconds_bucket", service=span.service, operation=span.operation)
    return f"histogram_quantile(0.95, sum by (le) (rate({buckets}[5m])))"


def search_text(span: Span) -> str:
    """The text that a search in the waterfall looks at."""
    return " ".join([span.service, span.operation, span.message, *(f"{name}={text}" for name, text in span.attributes.items())])


def fact_line(name: str, text: str, style: str, width: int, look: RenderStyle) -> Line:
    """A name and its text, which is not translated, in one line."""
    row = LineBuilder(width, data_style(look)).gap(2)
    row.append(name, "dim", min(NAME_WIDTH, width // 3)).gap(2)
    return row.append(" ".join(clean(text, newlines=True).split()), style).line()


def _span(row: SpanRow, width: int, look: RenderStyle, selected: bool) -> Line:
    return span_line(row, width, look)


def _fact(name: str, text: str, style: str, width: int, look: RenderStyle, selected: bool) -> Line:
    return fact_line(name, text, style, width, look)
