"""PromQL: compile an expression once, evaluate it at any time over memory, store or a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from promql_parser import parse

from tui_monitor.core.values import METRIC_NAME, Labels
from tui_monitor.promql.compiler import Compiler
from tui_monitor.promql.dialect import Rewritten, rewrite
from tui_monitor.promql.error_positions import parse_error
from tui_monitor.promql.errors import DUPLICATE_LABELS, EvaluationError, PromqlError
from tui_monitor.promql.nodes import Context, Node, RangeNode, ScalarNode, Source, VectorNode
from tui_monitor.promql.queryable import Matcher, Queryable
from tui_monitor.promql.tokens import check_durations, tokenize
from tui_monitor.promql.values import Matrix, Value, Vector

__all__ = ["EvaluationError", "Matrix", "PromqlError", "Query", "Value", "Vector", "compile_expr"]

SUBQUERY_STEP_MS = 60_000
MAX_STEPS = 11_000
MAX_RESULT = 2_000_000
"""Points in the result of one range query: about 150 MiB."""
_MAX_OPERATORS = 300
_OPERATORS = frozenset({"+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless", "atan2"})


class Query:
    """A compiled expression, to be evaluated as often as wanted, by one thread: it remembers which series it selected last.

    ``metrics``: the names that it reads, None when a selector has no exact name. ``longest_window_ms``: how far before the
    time of evaluation it reads (the look-back where no range is given). ``kind``: vector, scalar, matrix or string.
    """

    def __init__(self, text: str, root: Node, sources: tuple[Source, ...], by_query: bool = False) -> None:
        self.text = text
        self._by_query = by_query
        self.root = root
        self.sources = sources
        self.matchers: tuple[tuple[Matcher, ...], ...] = tuple(source.matchers for source in sources)
        self.metrics = _metrics(self.matchers)
        self.longest_window_ms = max((source.window_ms() for source in sources), default=0)

    @property
    def kind(self) -> str:
        """The type of the result: vector, scalar, matrix or string."""
        return self.root.kind

    def instant(
        self, storage: Queryable, at_ms: int, interval_ms: int = SUBQUERY_STEP_MS, *, enough: Callable[[], bool] = lambda: False
    ) -> Value:
        """The result at one time (UTC ms); ``interval_ms`` is the step of subqueries that name none.

        A vector is a list of (labels, value), a scalar a float, a string a str, a range vector a Matrix. Raises EvaluationError, also
        when ``enough``, which is asked at each step of a subquery, ends it.
        """
        root = self._root_for(0, 0)
        return root.result(Context(storage, at_ms, at_ms, interval_ms, enough), at_ms)

    def range(
        self,
        storage: Queryable,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        interval_ms: int = SUBQUERY_STEP_MS,
        enough: Callable[[], bool] = lambda: False,
    ) -> Matrix:
        """The results from start to end, both included, every ``step_ms``: (labels, times, values), sorted by labels.

        Raises EvaluationError, also for an expression that is no instant vector or scalar, for impossible times, and when ``enough``,
        which is asked at each step, ends it.
        """
        root = self.root
        if isinstance(root, VectorNode | ScalarNode):
            _check_times(start_ms, end_ms, step_ms)
            root = cast(VectorNode | ScalarNode, self._root_for(step_ms, end_ms - start_ms))
        else:
            kind = "range vector" if isinstance(root, RangeNode) else root.kind
            raise EvaluationError(f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector', "bad_data")
        ctx = Context(storage, start_ms, end_ms, interval_ms, enough)
        found: dict[Labels, tuple[list[int], list[float]]] = {}
        points = 0
        for at in range(start_ms, end_ms + 1, step_ms):
            ctx.go_on()
            vector = _vector(root, ctx, at)
            points += len(vector)
            if points > MAX_RESULT:
                raise EvaluationError("query processing would load too many samples into memory in query execution")
            for labels, value in vector:
                times, values = found.setdefault(labels, ([], []))
                if times and times[-1] == at:
                    raise EvaluationError(DUPLICATE_LABELS)
                times.append(at)
                values.append(value)
        return Matrix((labels, *found[labels]) for labels in sorted(found))

    def _root_for(self, step_ms: int, range_ms: int) -> Node:
        """The tree with the values of step() and range() in this query. Raises EvaluationError where a duration is none then."""
        if not self._by_query:
            return self.root
        try:
            return _compile(rewrite(self.text, step_ms, range_ms)).root
        except PromqlError as error:
            raise EvaluationError(str(error), "bad_data") from None

    def __repr__(self) -> str:
        return f"Query({self.text!r})"


def _vector(root: VectorNode | ScalarNode, ctx: Context, at: int) -> Vector:
    return root.result(ctx, at) if isinstance(root, VectorNode) else [((), root.result(ctx, at))]


def _check_times(start_ms: int, end_ms: int, step_ms: int) -> None:
    if step_ms <= 0:
        raise EvaluationError("zero or negative query resolution step widths are not accepted. Try a positive integer", "bad_data")
    if end_ms < start_ms:
        raise EvaluationError("end timestamp must not be before start time", "bad_data")
    if (end_ms - start_ms) // step_ms > MAX_STEPS:
        raise EvaluationError(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)", "bad_data"
        )


def _metrics(selectors: tuple[tuple[Matcher, ...], ...]) -> set[str] | None:
    names: set[str] = set()
    for matchers in selectors:
        exact = [matcher.value for matcher in matchers if matcher.name == METRIC_NAME and matcher.op == "="]
        if not exact:
            return None
        names.update(exact)
    return names


def compile_expr(text: str) -> Query:
    """The expression, ready to be evaluated; raises PromqlError where it is wrong or uses what is not supported."""
    try:
        rewritten = rewrite(text)
    except PromqlError as error:
        raise _advised(error) from None
    return _compile(rewritten)


def _compile(expression: Rewritten) -> Query:
    try:
        root, sources = _parsed(expression.text)
    except PromqlError as error:
        raise _advised(expression.original_error(error)) from None
    return Query(expression.original, root, sources, expression.by_query)


def _advised(error: PromqlError) -> PromqlError:
    """The error with the right form of the expression, where it is a usual mistake."""
    from tui_monitor.promql.mistakes import right_form  # loaded late: only faults need it

    meant = right_form(error.text)
    advice = f"; did you mean {meant}?" if meant and "did you mean" not in error.message else ""
    return PromqlError(error.message + advice, error.position, error.part, error.text)


def _parsed(text: str) -> tuple[Node, tuple[Source, ...]]:
    tokens = tokenize(text)
    operators = [token for token in tokens if token.kind in ("op", "word") and token.text.lower() in _OPERATORS]
    if len(operators) > _MAX_OPERATORS:
        extra = operators[_MAX_OPERATORS]
        raise PromqlError(f"more than {_MAX_OPERATORS} operators", extra.position, extra.text, text)
    check_durations(text, tokens)
    try:
        tree = parse(text)
    except ValueError as reason:
        raise parse_error(text, tokens, str(reason)) from None
    except BaseException as reason:
        # a panic of the library is no Exception; it must not end the monitor
        if type(reason).__name__ != "PanicException":
            raise
        raise PromqlError(f"the parser failed: {reason}", None, "", text) from None
    compiler = Compiler(text, tokens)
    return compiler.compile(tree), tuple(compiler.sources)


def walk(node: Node, depth: int = 0) -> Iterator[tuple[Node, int]]:
    """The node and all its parts, each with its depth, in order of the text."""
    yield node, depth
    for child in node.children:
        yield from walk(child, depth + 1)
