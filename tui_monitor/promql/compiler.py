"""From the parsing library's tree to nodes that can be evaluated; what is not supported is refused here, with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import promql_parser as lib

from tui_monitor.core.values import METRIC_NAME
from tui_monitor.platform.regex import RegexError, check_regex
from tui_monitor.promql import calls
from tui_monitor.promql.aggregations import AGGREGATIONS, Aggregation, CountValues, Grouping, Quantile, TopK
from tui_monitor.promql.binary import (
    SET_OPERATORS,
    Matching,
    Negated,
    NegatedScalar,
    ScalarBinary,
    SetOperation,
    VectorBinary,
    VectorScalar,
)
from tui_monitor.promql.calendar import CALENDAR
from tui_monitor.promql.extensions import EXTENSIONS
from tui_monitor.promql.functions import MAPPED, REFUSED
from tui_monitor.promql.histograms import HistogramFraction, HistogramQuantile
from tui_monitor.promql.nodes import (
    Node,
    Number,
    RangeNode,
    RangeSelector,
    ScalarNode,
    Selector,
    Shift,
    Source,
    Subquery,
    Text,
    VectorNode,
)
from tui_monitor.promql.queryable import Matcher
from tui_monitor.promql.ranges import RANGE_FUNCTIONS
from tui_monitor.promql.tokens import Cursor, Token, at_times

_OF_RANGES = {**RANGE_FUNCTIONS, **EXTENSIONS}
_MILLISECOND = timedelta(milliseconds=1)
_FAR_MS = 2**53
# the library's enumerations cannot be hashed: their names are the keys
_OPS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_CARDS = {"OneToOne": "one-to-one", "ManyToOne": "many-to-one", "OneToMany": "one-to-many", "ManyToMany": "many-to-many"}


def _spelling(node: Any) -> str:
    """The part as one line."""
    lines = [line.strip() for line in node.prettify().split("\n")]
    return re.sub(r"([(\[]) | (?=[)\]])", r"\1", " ".join(lines)) if len(lines) > 1 else lines[0]


def _name(member: Any) -> str:
    """The name of a member of one of the library's enumerations."""
    return str(member).rpartition(".")[2]


def _milliseconds(duration: timedelta | None) -> int:
    return duration // _MILLISECOND if duration is not None else 0


class Compiler:
    """One pass over one tree; ``sources`` are its selectors in order."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.sources: list[Source] = []
        self._cursor = Cursor(text, tokens)
        self._at_times = iter(at_times(tokens))

    def compile(self, tree: Any) -> Node:
        """The node for a tree of the library; raises PromqlError."""
        while isinstance(tree, lib.ParenExpr):
            tree = tree.expr
        if isinstance(tree, lib.NumberLiteral):
            return Number(str(tree), tree.val)
        if isinstance(tree, lib.StringLiteral):
            return Text(str(tree), tree.val)
        if isinstance(tree, lib.VectorSelector):
            return Selector(_spelling(tree), self._source(tree, None))
        if isinstance(tree, lib.MatrixSelector):
            return RangeSelector(_spelling(tree), self._source(tree.vector_selector, _milliseconds(tree.range)))
        if isinstance(tree, lib.UnaryExpr):
            inner = self.compile(tree.expr)
            if isinstance(inner, ScalarNode):
                return NegatedScalar(_spelling(tree), inner)
            return Negated(_spelling(tree), self._vector(inner))
        if isinstance(tree, lib.BinaryExpr):
            return self._binary(tree)
        if isinstance(tree, lib.AggregateExpr):
            return self._aggregate(tree)
        if isinstance(tree, lib.SubqueryExpr):
            return self._subquery(tree)
        return self._call(tree)

    def _vector(self, node: Node) -> VectorNode:
        if isinstance(node, VectorNode):
            return node
        raise self._cursor.error(f"expected an instant vector, got {node.kind} {node.text}", None)

    def _scalar(self, node: Node) -> ScalarNode:
        if isinstance(node, ScalarNode):
            return node
        raise self._cursor.error(f"expected a scalar, got {node.kind} {node.text}", None)

    # selectors

    def _shift(self, tree: Any) -> Shift:
        offset = _milliseconds(tree.offset)
        if tree.at is None:
            return Shift(offset_ms=offset)
        seconds = next(self._at_times, None)
        if tree.at.type == lib.AtModifierType.Start:
            return Shift("start", 0, offset)
        if tree.at.type == lib.AtModifierType.End:
            return Shift("end", 0, offset)
        return Shift("fixed", max(-_FAR_MS, min(_FAR_MS, math.floor((seconds or 0.0) * 1000 + 0.5))), offset)

    def _source(self, tree: Any, range_ms: int | None) -> Source:
        place = self._cursor.find(*([tree.name.lower()] if tree.name else []), "{")
        if tree.matchers.or_matchers:
            raise self._cursor.error("'or' between matchers is not PromQL of Prometheus and not supported", place)
        matchers = [Matcher(METRIC_NAME, "=", tree.name)] if tree.name else []
        for matcher in tree.matchers.matchers:
            matchers.append(Matcher(matcher.name, _OPS[_name(matcher.op)], matcher.value))
            if matchers[-1].op in ("=~", "!~"):
                try:
                    check_regex(matcher.value)
                except RegexError as reason:
                    raise self._cursor.error(str(reason), place) from None
        source = Source(tuple(matchers), self._shift(tree), range_ms)
        self.sources.append(source)
        return source

    def _subquery(self, tree: Any) -> Subquery:
        first = len(self.sources)
        inner = self._vector(self.compile(tree.expr))
        # offset and @ of the subquery are written after the inner selectors, which must know them too
        shift = self._shift(tree)
        range_ms = _milliseconds(tree.range)
        for source in self.sources[first:]:
            source.enclosing = ((shift, range_ms), *source.enclosing)
        return Subquery(_spelling(tree), inner, shift, range_ms, _milliseconds(tree.step))

    # operators

    def _binary(self, tree: Any) -> Node:
        op = str(tree.op)
        left = self.compile(tree.lhs)
        place = self._cursor.find(op)
        right = self.compile(tree.rhs)
        text = _spelling(tree)
        modifier = tree.modifier
        boolean = modifier is not None and modifier.return_bool
        if modifier is not None and (modifier.fill_values.lhs is not None or modifier.fill_values.rhs is not None):
            raise self._cursor.error("the fill modifiers are experimental in Prometheus and not supported", place)
        if isinstance(left, ScalarNode) and isinstance(right, ScalarNode):
            return ScalarBinary(text, op, left, right)
        if isinstance(left, ScalarNode):
            return VectorScalar(text, op, left, self._vector(right), boolean)
        if isinstance(right, ScalarNode):
            return VectorScalar(text, op, self._vector(left), right, boolean)
        if op in SET_OPERATORS:
            return SetOperation(text, op, self._vector(left), self._vector(right), self._matching(modifier))
        return VectorBinary(text, op, self._vector(left), self._vector(right), self._matching(modifier), boolean)

    def _matching(self, modifier: Any) -> Matching:
        if modifier is None:
            return Matching()
        matching = modifier.matching
        on = matching is not None and matching.type == lib.LabelModifierType.Include
        names = frozenset(matching.labels) if matching is not None else frozenset()
        return Matching(_CARDS[_name(modifier.card)], on, names, tuple(modifier.group_labels or ()))

    def _aggregate(self, tree: Any) -> Node:
        op = str(tree.op)
        place = self._cursor.find(op)
        if op in REFUSED:
            raise self._cursor.error(f"{op} {REFUSED[op]}", place)
        grouping = Grouping()
        if tree.modifier is not None:
            grouping = Grouping(frozenset(tree.modifier.labels), tree.modifier.type == lib.AggModifierType.Without)
        parameter = self.compile(tree.param) if tree.param is not None else None
        argument = self._vector(self.compile(tree.expr))
        text = _spelling(tree)
        if op in AGGREGATIONS:
            return Aggregation(text, argument, grouping, AGGREGATIONS[op])
        if op == "count_values" and isinstance(parameter, Text):
            if not parameter.value:
                raise self._cursor.error('invalid label name ""', place)
            return CountValues(text, (parameter, argument), parameter.value, argument, grouping)
        if op in ("topk", "bottomk") and isinstance(parameter, ScalarNode):
            return TopK(text, parameter, argument, grouping, op == "topk")
        if op == "quantile" and isinstance(parameter, ScalarNode):
            return Quantile(text, parameter, argument, grouping)
        raise self._cursor.error(f"{op} is not supported with this parameter", place)

    # functions

    def _call(self, tree: Any) -> Node:
        name = tree.func.name
        place = self._cursor.find(name)
        if name in REFUSED:
            raise self._cursor.error(f"{name}() {REFUSED[name]}", place)
        arguments = [self.compile(argument) for argument in tree.args]
        text = _spelling(tree)
        node = self._by_name(name, text, arguments, place) or self._special(name, text, arguments)
        if node is None:
            raise self._cursor.error(f"{name}() is not supported", place)
        return node

    def _by_name(self, name: str, text: str, arguments: list[Node], place: Token | None) -> Node | None:
        if name in _OF_RANGES:
            window = next(argument for argument in arguments if isinstance(argument, RangeNode))
            return calls.RangeCall(text, arguments, name, _OF_RANGES[name], window)
        if name in MAPPED:
            return calls.Mapped(text, self._vector(arguments[0]), MAPPED[name])
        if name in CALENDAR:
            if not arguments:
                return calls.VectorOf(text, calls.Time("time()"), CALENDAR[name])
            return calls.Mapped(text, self._vector(arguments[0]), CALENDAR[name])
        if name in ("label_replace", "label_join"):
            return self._relabel(name, text, arguments, place)
        return None

    def _relabel(self, name: str, text: str, arguments: list[Node], place: Token | None) -> Node:
        vector = self._vector(arguments[0])
        words = [argument.value if isinstance(argument, Text) else "" for argument in arguments[1:]]
        if not words[0]:
            raise self._cursor.error(f"invalid destination label name in {name}(): {words[0]!r}", place)
        if name == "label_join":
            if not all(words[2:]):
                raise self._cursor.error(f"invalid source label name in {name}(): ''", place)
            return calls.LabelJoin(text, arguments, vector, words)
        try:
            return calls.LabelReplace(text, arguments, vector, (words[0], words[1], words[2], words[3]))
        except RegexError as reason:
            raise self._cursor.error(str(reason), place) from None

    def _special(self, name: str, text: str, arguments: list[Node]) -> Node | None:
        """The functions of which each is a kind of its own."""
        first = arguments[0] if arguments else None
        match name, arguments:
            case "time", _:
                return calls.Time(text)
            case "pi", _:
                return Number(text, 3.141592653589793)
            case "vector", [ScalarNode() as scalar]:
                return calls.VectorOf(text, scalar)
            case "absent_over_time", [RangeNode() as window]:
                labels = calls.absent_labels(window.source.matchers if isinstance(window, RangeSelector) else ())
                return calls.AbsentOverTime(text, window, labels)
            case "histogram_quantile", [ScalarNode() as q, VectorNode() as buckets]:
                return HistogramQuantile(text, arguments, q, buckets)
            case "histogram_fraction", [ScalarNode() as low, ScalarNode() as high, VectorNode() as buckets]:
                return HistogramFraction(text, arguments, low, high, buckets)
        if not isinstance(first, VectorNode):
            return None
        numbers = [self._scalar(argument) for argument in arguments[1:]]
        match name, numbers:
            case "scalar", _:
                return calls.ScalarOf(text, first)
            case "absent", _:
                return calls.Absent(text, first, calls.absent_labels(first.source.matchers if isinstance(first, Selector) else ()))
            case "sort" | "sort_desc", _:
                return calls.Sort(text, first, name == "sort_desc")
            case "timestamp", _:
                return calls.Timestamp(text, first)
            case "clamp", [low, high]:
                return calls.Clamp(text, arguments, first, low, high)
            case "clamp_min", [low]:
                return calls.Clamp(text, arguments, first, low, None)
            case "clamp_max", [high]:
                return calls.Clamp(text, arguments, first, None, high)
            case "round", [nearest]:
                return calls.Round(text, arguments, first, nearest)
            case "round", _:
                return calls.Round(text, arguments, first, None)
        return None
