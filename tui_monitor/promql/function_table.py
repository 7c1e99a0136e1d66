"""The table of PromQL functions: arguments, kind, help and implementation of each.

The compiler, completion, the advice for unknown names, units (query_facts) and the lists in docs/promql.md come from here. A function
of our own begins with ``tui_``; it is made known to the parser from its arguments, as any other is by the library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import cast

from promql_parser import Function, ValueType, register_extra_functions

from tui_monitor.core.frozen import frozen
from tui_monitor.promql import calendar, calls, extensions, numbers, ranges
from tui_monitor.promql.histograms import HistogramFraction, HistogramQuantile
from tui_monitor.promql.nodes import Node, Number, RangeNode, RangeSelector, ScalarNode, Selector, StringLiteral, VectorNode
from tui_monitor.promql.ranges import RangeFunction

Builder = Callable[[str, Sequence[Node]], Node]
"""From the call's spelling and its arguments, which the parser has checked, to the node; ValueError says what an argument lacks."""


@frozen
class PromqlFunction:
    """One function. ``arguments`` are "name type", with " = default" where it may be left out; the types are the parser's.

    ``kind`` is the heading in the docs. ``unit`` says what becomes of the argument's unit: same (and the values are those of the
    argument's series), amount (the same unit, another quantity), bounds (the unit of the buckets' bounds), per_second, duration, ratio,
    timestamp or "" (none).
    """

    name: str
    kind: str
    arguments: tuple[str, ...]
    help: str
    build: Builder
    unit: str = ""

    @property
    def signature(self) -> str:
        """The call as the docs write it: rate(v range-vector)."""
        return f"{self.name}({', '.join(self.arguments)})"


_VECTOR, _RANGE = "v instant-vector", "v range-vector"


def _windows(
    name: str,
    function: RangeFunction,
    said: str,
    unit: str = "",
    *parameter: str,
    first: bool = True,
    kind: str = "windows",
    keeps: bool = False,
) -> PromqlFunction:
    """A function over each series' samples in a range; a parameter stands before it, or behind it unless ``first``."""

    def build(text: str, arguments: Sequence[Node]) -> Node:
        window = next(argument for argument in arguments if isinstance(argument, RangeNode))
        return calls.RangeCall(text, arguments, name, function, window, keeps_name=keeps)

    return PromqlFunction(name, kind, (*parameter, _RANGE) if first else (_RANGE, *parameter), said, build, unit)


def _values(name: str, function: Callable[[float], float], said: str, unit: str = "") -> PromqlFunction:
    """A function of each element's value: outside its domain NaN, on overflow an infinity."""
    return PromqlFunction(name, "values", (_VECTOR,), said, lambda text, given: calls.Mapped(text, _vector(given[0]), function), unit)


def _calendar(name: str, said: str) -> PromqlFunction:
    function = calendar.CALENDAR[name]

    def build(text: str, arguments: Sequence[Node]) -> Node:
        if not arguments:
            return calls.VectorOf(text, calls.Time("time()"), function)
        return calls.Mapped(text, _vector(arguments[0]), function)

    return PromqlFunction(name, "time", ("v instant-vector = vector(time())",), said, build)


def _vector(node: Node) -> VectorNode:
    if isinstance(node, VectorNode):
        return node
    raise ValueError(f"expected an instant vector, got {node.kind} {node.text}")


def _scalar(node: Node) -> ScalarNode:
    if isinstance(node, ScalarNode):
        return node
    raise ValueError(f"expected a scalar, got {node.kind} {node.text}")


def _words(arguments: Sequence[Node]) -> list[str]:
    return [argument.value if isinstance(argument, StringLiteral) else "" for argument in arguments]


def _label_replace(text: str, given: Sequence[Node]) -> Node:
    target, replacement, source, regex = _words(given[1:])
    if not target:
        raise ValueError("invalid destination label name in label_replace(): ''")
    return calls.LabelReplace(text, given, _vector(given[0]), (target, replacement, source, regex))


def _label_join(text: str, given: Sequence[Node]) -> Node:
    words = _words(given[1:])
    if not words[0]:
        raise ValueError("invalid destination label name in label_join(): ''")
    if not all(words[2:]):
        raise ValueError("invalid source label name in label_join(): ''")
    return calls.LabelJoin(text, given, _vector(given[0]), words)


def _clamp(text: str, given: Sequence[Node]) -> Node:
    return calls.Clamp(text, given, _vector(given[0]), _scalar(given[1]), _scalar(given[2]))


def _absent(text: str, given: Sequence[Node]) -> Node:
    vector = _vector(given[0])
    return calls.Absent(text, vector, calls.absent_labels(vector.source.matchers if isinstance(vector, Selector) else ()))


def _absent_over_time(text: str, given: Sequence[Node]) -> Node:
    window = cast(RangeNode, given[0])
    return calls.AbsentOverTime(text, window, calls.absent_labels(window.source.matchers if isinstance(window, RangeSelector) else ()))


def _round(text: str, given: Sequence[Node]) -> Node:
    return calls.Round(text, given, _vector(given[0]), _scalar(given[1]) if len(given) > 1 else None)


def _own(name: str, arguments: tuple[str, ...], function: RangeFunction, unit: str, said: str) -> PromqlFunction:
    return _windows(name, function, said, unit, *arguments, first=False, kind="own")


_ENTRIES = (
    # rates and changes of counters and gauges
    _windows("rate", ranges.rate, "growth of a counter per second", "per_second"),
    _windows("irate", ranges.irate, "growth of a counter per second between the last two samples", "per_second"),
    _windows("increase", ranges.increase, "growth of a counter", "amount"),
    _windows("delta", ranges.delta, "change of a gauge", "amount"),
    _windows("idelta", ranges.idelta, "change of a gauge between the last two samples", "amount"),
    _windows("deriv", ranges.deriv, "slope of a gauge per second, by least squares", "per_second"),
    _windows("predict_linear", ranges.predict_linear, "where that line stands in t seconds", "amount", "t scalar", first=False),
    _windows("changes", ranges.changes, "how often the value changed"),
    _windows("resets", ranges.resets, "how often a counter began anew"),
    _windows("avg_over_time", lambda _, values, __: numbers.average(values), "average of the samples", "same"),
    _windows("min_over_time", lambda _, values, __: ranges.minimum_of(values), "smallest sample", "same"),
    _windows("max_over_time", lambda _, values, __: ranges.maximum_of(values), "largest sample", "same"),
    _windows("sum_over_time", lambda _, values, __: numbers.compensated_sum(values), "sum of the samples", "amount"),
    _windows("count_over_time", lambda _, values, __: float(len(values)), "how many samples there are"),
    _windows(
        "quantile_over_time",
        lambda _, values, bounds: numbers.quantile(bounds.parameter, values),
        "quantile of the samples",
        "same",
        "q scalar",
    ),
    _windows("stddev_over_time", ranges.deviation, "standard deviation of the samples", "amount"),
    _windows("stdvar_over_time", ranges.variance, "variance of the samples"),
    _windows("last_over_time", lambda _, values, __: values[-1], "newest sample", "same", keeps=True),
    _windows("first_over_time", lambda _, values, __: values[0], "oldest sample", "same", keeps=True),
    _windows("present_over_time", lambda *_: 1.0, "1 where there is a sample"),
    PromqlFunction("absent_over_time", "windows", (_RANGE,), "1 where no series has a sample", _absent_over_time),
    # of each value
    _values("abs", abs, "without its sign", "same"),
    _values("ceil", numbers.ceil, "up to the next whole number", "same"),
    _values("floor", numbers.floor, "down to the next whole number", "same"),
    PromqlFunction("round", "values", (_VECTOR, "nearest scalar = 1"), "to the nearest multiple, ties up", _round, "same"),
    PromqlFunction("clamp", "values", (_VECTOR, "min scalar", "max scalar"), "kept between two bounds", _clamp, "same"),
    PromqlFunction(
        "clamp_min",
        "values",
        (_VECTOR, "min scalar"),
        "at least the bound",
        lambda text, given: calls.Clamp(text, given, _vector(given[0]), _scalar(given[1]), None),
        "same",
    ),
    PromqlFunction(
        "clamp_max",
        "values",
        (_VECTOR, "max scalar"),
        "at most the bound",
        lambda text, given: calls.Clamp(text, given, _vector(given[0]), None, _scalar(given[1])),
        "same",
    ),
    _values("sgn", numbers.sign, "1, 0 or -1"),
    _values("sqrt", numbers.sqrt, "square root"),
    _values("exp", numbers.exp, "e to the power of the value"),
    _values("ln", numbers.ln, "natural logarithm"),
    _values("log2", numbers.log2, "binary logarithm"),
    _values("log10", numbers.log10, "decimal logarithm"),
    _values("deg", lambda value: value * 180 / math.pi, "radians in degrees"),
    _values("rad", lambda value: value * math.pi / 180, "degrees in radians"),
    _values("sin", numbers.total(math.sin), "sine"),
    _values("cos", numbers.total(math.cos), "cosine"),
    _values("tan", numbers.total(math.tan), "tangent"),
    _values("asin", numbers.total(math.asin), "arc sine"),
    _values("acos", numbers.total(math.acos), "arc cosine"),
    _values("atan", math.atan, "arc tangent"),
    _values("sinh", numbers.total(math.sinh), "hyperbolic sine"),
    _values("cosh", numbers.cosh, "hyperbolic cosine"),
    _values("tanh", math.tanh, "hyperbolic tangent"),
    _values("asinh", math.asinh, "inverse hyperbolic sine"),
    _values("acosh", numbers.total(math.acosh), "inverse hyperbolic cosine"),
    _values("atanh", numbers.atanh, "inverse hyperbolic tangent"),
    # histograms
    PromqlFunction(
        "histogram_quantile",
        "histograms",
        ("q scalar", "b instant-vector"),
        "quantile of a classic histogram",
        lambda text, given: HistogramQuantile(text, given, _scalar(given[0]), _vector(given[1])),
        "bounds",
    ),
    PromqlFunction(
        "histogram_fraction",
        "histograms",
        ("low scalar", "high scalar", "b instant-vector"),
        "share of a classic histogram between two values",
        lambda text, given: HistogramFraction(text, given, _scalar(given[0]), _scalar(given[1]), _vector(given[2])),
        "ratio",
    ),
    # labels, order, kinds
    PromqlFunction(
        "label_replace",
        "vectors",
        (_VECTOR, "dst string", "replacement string", "src string", "regex string"),
        "sets a label where a regular expression matches",
        _label_replace,
        "amount",
    ),
    PromqlFunction(
        "label_join",
        "vectors",
        (_VECTOR, "dst string", "separator string", "src string..."),
        "joins labels into one",
        _label_join,
        "amount",
    ),
    PromqlFunction(
        "sort",
        "vectors",
        (_VECTOR,),
        "by value, the smallest first",
        lambda text, given: calls.Sort(text, _vector(given[0]), False),
        "same",
    ),
    PromqlFunction(
        "sort_desc",
        "vectors",
        (_VECTOR,),
        "by value, the largest first",
        lambda text, given: calls.Sort(text, _vector(given[0]), True),
        "same",
    ),
    PromqlFunction("absent", "vectors", (_VECTOR,), "1 where there is no element", _absent),
    PromqlFunction(
        "scalar",
        "vectors",
        (_VECTOR,),
        "the only element's value, else NaN",
        lambda text, given: calls.ScalarOf(text, _vector(given[0])),
        "same",
    ),
    PromqlFunction(
        "vector", "vectors", ("s scalar",), "an element without labels", lambda text, given: calls.VectorOf(text, _scalar(given[0])), "same"
    ),
    # time
    PromqlFunction("time", "time", (), "the time of evaluation in seconds since 1970", lambda text, _: calls.Time(text)),
    PromqlFunction(
        "timestamp",
        "time",
        (_VECTOR,),
        "when the sample was taken",
        lambda text, given: calls.Timestamp(text, _vector(given[0])),
        "timestamp",
    ),
    PromqlFunction("pi", "values", (), "3.14159...", lambda text, _: Number(text, math.pi)),
    _calendar("year", "year in UTC"),
    _calendar("month", "1 to 12"),
    _calendar("day_of_month", "1 to 31"),
    _calendar("day_of_week", "0, Sunday, to 6"),
    _calendar("day_of_year", "1 to 366"),
    _calendar("days_in_month", "28 to 31"),
    _calendar("hour", "0 to 23"),
    _calendar("minute", "0 to 59"),
    # our own
    _own("tui_time_to_zero", (), extensions.time_to_zero, "duration", "seconds until a gauge reaches 0 at its trend"),
    _own("tui_usual", ("period scalar = 1d",), extensions.usual, "same", "what is usual at this time of the period"),
    _own("tui_usual_ratio", ("period scalar = 1d",), extensions.usual_ratio, "ratio", "the present value divided by the usual one"),
    _own("tui_usual_score", ("period scalar = 1d",), extensions.usual_score, "", "distance from the usual value in usual spreads"),
)

FUNCTIONS = {entry.name: entry for entry in _ENTRIES}
"""By name, in the order of the docs."""
KINDS = {
    "windows": "Over the samples of a range",
    "values": "Of each value",
    "histograms": "Classic histograms",
    "vectors": "Labels, order and kinds",
    "time": "Time, in UTC",
    "own": "Our own",
}
"""Heading by kind."""

_TYPES = {"range-vector": ValueType.Matrix, "instant-vector": ValueType.Vector, "scalar": ValueType.Scalar, "string": ValueType.String}


def _known_to_the_parser(entry: PromqlFunction) -> Function:
    types = [_TYPES[argument.split()[1]] for argument in entry.arguments]
    return Function(entry.name, types, ValueType.Vector, sum(" = " in argument for argument in entry.arguments))


register_extra_functions([_known_to_the_parser(entry) for entry in _ENTRIES if entry.kind == "own"])
