"""The nodes of a compiled expression: made once, evaluated at any time over any storage."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Labels, is_stale
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.queryable import DEFAULT_LOOKBACK_MS, Matcher, Queryable, Series
from tui_monitor.promql.values import Matrix, Value, Vector, drop_name

MAX_POINTS = 5_000_000
"""How many inner evaluations all subqueries of one query may take together."""

Window = tuple[Labels, Sequence[int], Sequence[float]]
"""One series' samples in a window, staleness markers taken out; at least one sample."""


class Context:
    """The context of one run of a query: its storage, its outer times (for @ start() and end()) and its selected series.

    Times are UTC milliseconds. ``step`` is what a subquery without a step of its own uses. ``enough`` is asked while it runs:
    true ends it.
    """

    __slots__ = ("end", "enough", "generation", "memo", "outputs", "points", "selected", "start", "step", "storage")

    def __init__(self, storage: Queryable, start: int, end: int, step: int, enough: Callable[[], bool] = lambda: False) -> None:
        self.storage = storage
        self.start = start
        self.end = end
        self.step = step
        self.enough = enough
        self.generation: int | None = getattr(storage, "generation", None)
        self.selected: dict[Source, list[Series]] = {}
        self.outputs: dict[object, dict[Labels, Labels]] = {}
        self.memo: dict[object, dict[int, Vector]] = {}
        self.points = 0

    def go_on(self) -> None:
        """Raises EvaluationError where the run has taken long enough."""
        if self.enough():
            raise EvaluationError("query timed out in expression evaluation", "timeout")


class Node(ABC):
    """A part of an expression. ``text`` is its spelling, ``children`` are its parts in order of the text.

    ``function_name``: the function or aggregation that it is a call of, ``operator``: the binary operator that it is; "" for anything else.
    """

    kind = "none"
    function_name = ""
    operator = ""

    def __init__(self, text: str, children: Sequence[Node] = ()) -> None:
        self.text = text
        self.children = tuple(children)

    @abstractmethod
    def result(self, ctx: Context, at: int) -> Value:
        """The value at a time, of the node's own kind."""


class VectorNode(Node):
    """A part whose value is an instant vector."""

    kind = "vector"

    @abstractmethod
    def result(self, ctx: Context, at: int) -> Vector:
        """Label sets and values at the time."""


class ScalarNode(Node):
    """A part whose value is one number."""

    kind = "scalar"

    @abstractmethod
    def result(self, ctx: Context, at: int) -> float:
        """The number at the time."""


class Number(ScalarNode):
    """A literal number."""

    def __init__(self, text: str, value: float) -> None:
        super().__init__(text)
        self.value = value

    def result(self, ctx: Context, at: int) -> float:
        """The number."""
        return self.value


class StringLiteral(Node):
    """A literal string."""

    kind = "string"

    def __init__(self, text: str, value: str) -> None:
        super().__init__(text)
        self.value = value

    def result(self, ctx: Context, at: int) -> str:
        """The string."""
        return self.value


@frozen
class Shift:
    """The time shift of a selector or subquery: ``anchor`` is eval, start, end or fixed (then ``at_ms``), less the offset."""

    anchor: str = "eval"
    at_ms: int = 0
    offset_ms: int = 0

    def apply(self, ctx: Context, at: int) -> int:
        """The moment, in milliseconds."""
        if self.anchor == "eval":
            return at - self.offset_ms
        base = ctx.start if self.anchor == "start" else ctx.end if self.anchor == "end" else self.at_ms
        return base - self.offset_ms


@dataclass(slots=True, eq=False)
class Source:
    """A selection of samples: matchers, the moment, and how far back from it (``span_ms``, None: the series' own look-back).

    ``enclosing`` are the subqueries around it, outermost first, each with its shift and range.
    """

    matchers: tuple[Matcher, ...]
    shift: Shift
    span_ms: int | None
    enclosing: tuple[tuple[Shift, int], ...] = ()

    def reach(self, ctx: Context) -> tuple[int, int]:
        """The times (after, until] that this run of the query may need."""
        low, high = ctx.start, ctx.end
        for shift, span in self.enclosing:
            low, high = shift.apply(ctx, low) - span, shift.apply(ctx, high)
        span = self.span_ms if self.span_ms is not None else getattr(ctx.storage, "max_lookback_ms", DEFAULT_LOOKBACK_MS)
        return self.shift.apply(ctx, low) - span, self.shift.apply(ctx, high)

    def window_ms(self) -> int:
        """How far before the time of evaluation samples may be needed; an absolute @ counts as a hundred years."""
        shifts = [self.shift, *(shift for shift, _ in self.enclosing)]
        if any(shift.anchor == "fixed" for shift in shifts):
            return 3_155_760_000_000
        spans = sum(span for _, span in self.enclosing)
        return max(0, spans + sum(shift.offset_ms for shift in shifts) + (self.span_ms or DEFAULT_LOOKBACK_MS))


class _Selecting:
    """The series of one source, kept as long as the storage's generation says that they are the same."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._storage: Queryable | None = None
        self._generation = -1
        self._series: list[Series] = []

    def series(self, ctx: Context) -> list[Series]:
        """The same list object as long as nothing changed."""
        if ctx.generation is not None:
            if self._generation != ctx.generation or self._storage is not ctx.storage:
                self._series = list(ctx.storage.select(self.source.matchers, *self.source.reach(ctx)))
                self._storage, self._generation = ctx.storage, ctx.generation
            return self._series
        found = ctx.selected.get(self.source)
        if found is None:
            found = ctx.selected[self.source] = list(ctx.storage.select(self.source.matchers, *self.source.reach(ctx)))
        return found


class Selector(VectorNode):
    """An instant selector: the newest sample of each series, if it is no older than the look-back and no end marker."""

    def __init__(self, text: str, source: Source) -> None:
        super().__init__(text)
        self.source = source
        self._selecting = _Selecting(source)

    def result(self, ctx: Context, at: int) -> Vector:
        """The samples that are current at the shifted time."""
        moment = self.source.shift.apply(ctx, at)
        vector: Vector = []
        for series in self._selecting.series(ctx):
            newest = series.latest(moment)
            if newest is None or newest[0] <= moment - series.lookback_ms:
                continue
            value = newest[1]
            if value == value or not is_stale(value):
                vector.append((series.labels, value))
        return vector

    def timestamps(self, ctx: Context, at: int) -> Vector:
        """The times of the current samples in seconds, in place of their values; names dropped."""
        moment = self.source.shift.apply(ctx, at)
        vector: Vector = []
        for series in self._selecting.series(ctx):
            newest = series.latest(moment)
            if newest is None or newest[0] <= moment - series.lookback_ms or is_stale(newest[1]):
                continue
            vector.append((drop_name(series.labels), newest[0] / 1000))
        return vector


class RangeNode(Node):
    """A part whose value is a range vector: windows of samples that end at the shifted time, the left end open."""

    kind = "matrix"

    def __init__(self, text: str, children: Sequence[Node], shift: Shift, range_ms: int) -> None:
        super().__init__(text, children)
        self.shift = shift
        self.range_ms = range_ms

    @abstractmethod
    def windows(self, ctx: Context, at: int) -> list[Window]:
        """Each series that has samples in the window."""

    def result(self, ctx: Context, at: int) -> Value:
        """The windows as a matrix."""
        return Matrix((labels, list(times), list(values)) for labels, times, values in self.windows(ctx, at))


class RangeSelector(RangeNode):
    """metric[5m]: the raw samples of a window."""

    def __init__(self, text: str, source: Source) -> None:
        super().__init__(text, (), source.shift, source.span_ms or 0)
        self.source = source
        self._selecting = _Selecting(source)

    def series(self, ctx: Context) -> list[Series]:
        """The series selected, the same list object as long as nothing changed."""
        return self._selecting.series(ctx)

    def windows(self, ctx: Context, at: int) -> list[Window]:
        """Each series that has samples in the window."""
        until = self.shift.apply(ctx, at)
        after = until - self.range_ms
        windows: list[Window] = []
        for series in self._selecting.series(ctx):
            times, values = series.window(after, until)
            if times:
                times, values = live(times, values)
                if times:
                    windows.append((series.labels, times, values))
        return windows


def live(times: Sequence[int], values: Sequence[float]) -> tuple[Sequence[int], Sequence[float]]:
    """The samples without staleness markers. The sum, computed in C, tells first whether there can be any."""
    total = sum(values)
    if total == total:
        return times, values
    kept = [index for index, value in enumerate(values) if value == value or not is_stale(value)]
    if len(kept) == len(values):
        return times, values
    return [times[index] for index in kept], [values[index] for index in kept]


class Subquery(RangeNode):
    """expr[1h:5m]: the expression at each multiple of the step within the window."""

    def __init__(self, text: str, inner: VectorNode, shift: Shift, range_ms: int, step_ms: int) -> None:
        super().__init__(text, (inner,), shift, range_ms)
        self.inner = inner
        self.step_ms = step_ms

    def windows(self, ctx: Context, at: int) -> list[Window]:
        """The inner results by series; what one window computed serves the next."""
        until = self.shift.apply(ctx, at)
        step = self.step_ms or ctx.step
        after = until - self.range_ms
        first = (after // step + 1) * step
        known = ctx.memo.setdefault(self, {})
        self._allow(ctx, (until - first) // step + 1)
        found: dict[Labels, tuple[list[int], list[float]]] = {}
        for moment in range(first, until + 1, step):
            vector = known.get(moment)
            if vector is None:
                ctx.go_on()
                vector = known[moment] = self.inner.result(ctx, moment)
                ctx.points += 1 + len(vector)
            for labels, value in vector:
                series = found.get(labels)
                if series is None:
                    series = found[labels] = ([], [])
                series[0].append(moment)
                series[1].append(value)
        return [(labels, times, values) for labels, (times, values) in found.items()]

    def _allow(self, ctx: Context, points: int) -> None:
        if points > MAX_POINTS or ctx.points > 10 * MAX_POINTS:
            raise EvaluationError("query processing would load too many samples into memory in query execution")
