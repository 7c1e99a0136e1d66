"""The reader of one screen by role: asks a Backend for what its panels show, each as often as its values can change.

Only an open screen has a reader, so a screen that nobody looks at costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import tzinfo

from tui_monitor.board.backend import Backend, CommandRefused
from tui_monitor.board.listings import LogLine, LogQuery
from tui_monitor.board.log_pages import LogFilter, LogPageQuery
from tui_monitor.board.screen_answers import bar_values, chart_values, share_values, stat_values, table_values
from tui_monitor.board.screen_rows import board_values, log_values, panel_checks, trace_values
from tui_monitor.board.screen_values import PanelValues, ScreenValues
from tui_monitor.board.screens import ScreenDefinition, ScreenPanel
from tui_monitor.board.strip import Strip, slot_bounds
from tui_monitor.board.values import Board
from tui_monitor.core.catalogue.screen_phrases import screen_phrases
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.core.trace import TraceQuery, TraceSummary
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import Labels
from tui_monitor.promql.chart_queries import plain_selector
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.values import Matrix, Value, Vector

AT_ONCE = 4
"""Queries of one screen that run at the same time."""
QUERY_S = 5.0
"""Seconds after which a query of a panel is given up; its panel says so."""
NEW_MS, NEW_ROWS_MS = 1_000, 3_000
"""How long the newest values, and lines and traces, are kept."""
POINTS, SLOTS = 120, 60
RECENT_MS = 300_000
"""How far back a newest value is looked for, as PromQL does."""
LINES = 100
BOARD_KINDS = ("text", "alerts", "resources", "requests", "containers", "processes")
"""The kinds that the board answers."""
CHECK_KINDS = ("checks", "hosts")


@frozen
class PanelAnswer:
    """What was answered for one panel. ``asked``: the board's moment (UTC ms) of the newest answer, ``ranged`` of that of its lines.

    ``missing``: which metrics of an empty panel nobody has; None: not asked for.
    """

    instants: tuple[Vector, ...] = ()
    ranges: tuple[Matrix, ...] = ()
    logs: Sequence[LogLine] = ()
    traces: Sequence[TraceSummary] = ()
    strips: Mapping[str, Strip] = field(default_factory=dict)
    asked: int = -1
    ranged: int = -1
    start: int = 0
    end: int = 0
    past: bool = False
    error: str = ""
    missing: Sequence[str] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no query has an answer."""
        return not any(self.instants) and not any(self.ranges)


class ScreenReader:
    """Reads one screen. ``zone`` None: the machine's. ``with_engine``: ask [engine] for series that are not this monitor's.

    With an engine an empty panel also says which of its metrics nobody has: names of private series are not for the page's readers.
    """

    def __init__(
        self, backend: Backend, screen: ScreenDefinition, language: str = "en", zone: tzinfo | None = None, *, with_engine: bool = False
    ) -> None:
        self.screen = screen
        self.backend = backend
        """What it asks; another one with the same series may take its place."""
        self._phrases = screen_phrases(language)
        self._zone = zone
        self._with_engine = with_engine
        self._answers: dict[int, PanelAnswer] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def refresh(self, board: Board) -> None:
        """Ask for what is due at the board's moment; a panel whose question fails says why and costs no other one."""
        due = [number for number, panel in enumerate(self.screen.panels) if self._is_due(number, panel, board)]
        answers = await asyncio.gather(*(self._ask(number, board) for number in due))
        self._answers.update(zip(due, answers, strict=True))

    def _is_due(self, number: int, panel: ScreenPanel, board: Board) -> bool:
        if panel.kind in BOARD_KINDS:
            return False
        known = self._answers.get(number)
        if known is None or known.past or board.past:
            return known is None or (known.past, known.asked) != (board.past, board.at)
        return not 0 <= board.at - known.asked < _kept_ms(panel)

    async def _ask(self, number: int, board: Board) -> PanelAnswer:
        panel, before = self.screen.panels[number], self._answers.get(number, PanelAnswer())
        if before.past or board.past:
            before = PanelAnswer(past=board.past)
        try:
            answer = await self._asked(panel, before, board)
        except (PromqlError, EvaluationError, CommandRefused) as error:
            text = error.message if isinstance(error, PromqlError) else str(error)
            return replace(before, error=clean(text), asked=board.at)
        return replace(answer, error="", asked=board.at)

    async def _asked(self, panel: ScreenPanel, before: PanelAnswer, board: Board) -> PanelAnswer:
        if panel.kind == "logs":
            async with self._gate:
                return replace(before, logs=await self._lines(panel, board))
        if panel.kind == "traces":
            query = TraceQuery(service=_wanted(panel, "service"), limit=LINES, until_us=board.at * 1000 if board.past else 0)
            async with self._gate:
                return replace(before, traces=await self.backend.traces(query))
        if panel.kind in CHECK_KINDS:
            names = [check.name for check in panel_checks(self._base(panel), board)][:LINES]
            async with self._gate:
                return replace(before, strips=await self.backend.strips(names, slot_bounds(board.at, _slot(panel), SLOTS)))
        answer = before
        if panel.kind in ("stat", "chart") and not 0 <= board.at - before.ranged < max(NEW_ROWS_MS, step_of(panel)):
            answer = await self._with_ranges(panel, before, board.at)
        if panel.kind != "chart":
            instants = await asyncio.gather(*(self._instant(expr, board.at) for expr in panel.queries))
            answer = replace(answer, instants=tuple(instants))
        if not answer.is_empty:
            return replace(answer, missing=None)
        return replace(answer, missing=await self._missing(panel)) if self._with_engine and answer.missing is None else answer

    async def _missing(self, panel: ScreenPanel) -> Sequence[str]:
        """A sentence for each metric that nobody has; asked once, until the panel has something to show."""
        from tui_monitor.promql.suggestions import unknown_metrics

        known = frozenset((await self.backend.names()).get("metrics", ()))
        return tuple(sentence for expr in panel.queries for sentence in unknown_metrics(expr, known)) if known else ()

    async def _lines(self, panel: ScreenPanel, board: Board) -> Sequence[LogLine]:
        """The newest lines, in the past those before its moment, oldest first."""
        check, service, level = (_wanted(panel, name) for name in ("check", "service", "level"))
        if not board.past:
            return await self.backend.log_lines(LogQuery(check=check, service=service, level=level, limit=LINES))
        page = await self.backend.log_page(LogPageQuery(LogFilter(check, service, level, until=board.at), limit=LINES))
        return [one.line for one in page.lines]

    async def _with_ranges(self, panel: ScreenPanel, before: PanelAnswer, at: int) -> PanelAnswer:
        """The lines end at a whole step, so that their points stand still."""
        step = step_of(panel)
        end = at - at % step
        start = end - panel.span
        ranges = await asyncio.gather(*(self._range(expr, start, end, step) for expr in panel.queries))
        return replace(before, ranges=tuple(ranges), start=start, end=end, ranged=at)

    async def _instant(self, expr: str, at: int) -> Vector:
        async with self._gate:
            found = _vector(await self.backend.query(expr, at, QUERY_S))
            if found or not self._with_engine:
                return found
            matrix = await self._of_engine(expr, at - RECENT_MS, at)
        return [(labels, values[-1]) for labels, _, values in matrix if values and values[-1] == values[-1]]

    async def _range(self, expr: str, start: int, end: int, step: int) -> Matrix:
        async with self._gate:
            found = await self.backend.query_range(expr, start, end, step, QUERY_S)
            return found if found or not self._with_engine else await self._of_engine(expr, start, end)

    async def _of_engine(self, expr: str, start: int, end: int) -> Matrix:
        """Series that this monitor has not, as a chart of them has them: [engine] answers, where there is one. Raises CommandRefused."""
        chart = await self.backend.chart(expr, start, end, POINTS)
        if chart.error:
            raise CommandRefused(chart.error)
        return Matrix((_labels_of(line.name), list(line.times), list(line.values)) for line in chart.lines)

    # --- values -----------------------------------------------------------------------------------------------------------

    def values(self, board: Board) -> ScreenValues:
        """The screen with what has been answered so far and what the board itself says."""
        return ScreenValues(
            self.screen, board.at, tuple(self._values(number, panel, board) for number, panel in enumerate(self.screen.panels))
        )

    def _base(self, panel: ScreenPanel) -> PanelValues:
        title = panel.title or (panel.queries[0] if panel.queries else self._phrases.kinds.get(panel.kind, panel.kind))
        empty = self._phrases.empty.get(panel.kind, self._phrases.no_data)
        return PanelValues(panel, clean(title), empty=empty, remark=format_duration(panel.span / 1000) if panel.kind == "chart" else "")

    def _values(self, number: int, panel: ScreenPanel, board: Board) -> PanelValues:
        answer, base = self._answers.get(number, PanelAnswer(past=board.past)), self._base(panel)
        if panel.kind in BOARD_KINDS or panel.kind in CHECK_KINDS:
            return board_values(replace(base, error=answer.error), board, answer.strips, self._phrases)
        if answer.asked < 0 or ((answer.past or board.past) and (answer.past, answer.asked) != (board.past, board.at)):
            return replace(base, loading=True)
        base = replace(base, error=answer.error)
        if panel.kind == "logs":
            return log_values(base, answer.logs, board.at, self._zone)
        if panel.kind == "traces":
            return trace_values(base, answer.traces, board.at, self._zone)
        return self._queried(base, answer)

    def _queried(self, base: PanelValues, answer: PanelAnswer) -> PanelValues:
        from tui_monitor.promql.query_facts import unit_of

        panel = base.panel
        units = [panel.unit or unit_of(expr) for expr in panel.queries]
        empty = " ".join(dict.fromkeys(answer.missing or ())) or base.empty
        base = replace(base, unit=units[0] if len({*units}) == 1 else "", start=answer.start, end=answer.end, empty=empty)
        if panel.kind == "stat":
            return stat_values(base, answer.instants, answer.ranges, units)
        if panel.kind == "chart":
            return chart_values(base, answer.ranges, step_of(panel))
        if panel.kind == "bars":
            return bar_values(base, answer.instants, units)
        if panel.kind == "pie":
            return share_values(base, answer.instants, self._phrases)
        return table_values(base, answer.instants, units)


def step_of(panel: ScreenPanel) -> int:
    """Milliseconds between two points of a panel's lines."""
    return max(1000, panel.span // POINTS)


def _slot(panel: ScreenPanel) -> int:
    return max(1000, panel.span // SLOTS)


def _kept_ms(panel: ScreenPanel) -> int:
    """How long an answer is new enough: as long as its values can stay the same."""
    if panel.kind in CHECK_KINDS:
        return min(60_000, max(NEW_ROWS_MS, _slot(panel)))
    if panel.kind == "chart":
        return max(NEW_ROWS_MS, step_of(panel))
    return NEW_ROWS_MS if panel.kind in ("logs", "traces") else NEW_MS


def _wanted(panel: ScreenPanel, name: str) -> str:
    return next((one.value for one in panel.matchers if (one.name, one.op) == (name, "=")), "")


def _labels_of(name: str) -> Labels:
    """The labels of a chart's line, whose name is a selector; () where it is an expression."""
    return tuple(sorted((one.name, one.value) for one in plain_selector(name) or ()))


def _vector(value: Value) -> Vector:
    """An answer as a vector; a scalar is one sample without labels."""
    if isinstance(value, Matrix | str):
        return []
    return [((), value)] if isinstance(value, float) else value
