"""The compiler: turns the parsing library's tree into nodes that can be evaluated. Unsupported parts are refused with their place."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import promql_parser as lib

from tui_monitor.core.values import METRIC_NAME
from tui_monitor.platform.regex import RegexError, check_regex
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
from tui_monitor.promql.function_table import FUNCTIONS
from tui_monitor.promql.nodes import (
    Node,
    Number,
    RangeSelector,
    ScalarNode,
    Selector,
    Shift,
    Source,
    StringLiteral,
    Subquery,
    VectorNode,
)
from tui_monitor.promql.queryable import Matcher
from tui_monitor.promql.refused import REFUSED
from tui_monitor.promql.tokens import Cursor, Token, at_times

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
            return StringLiteral(str(tree), tree.val)
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
        node = self._operation(tree, str(tree.op))
        node.operator = str(tree.op)
        return node

    def _operation(self, tree: Any, op: str) -> Node:
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
        node = self._aggregation(tree, str(tree.op))
        node.function_name = str(tree.op)
        return node

    def _aggregation(self, tree: Any, op: str) -> Node:
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
        if op == "count_values" and isinstance(parameter, StringLiteral):
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
        if name not in FUNCTIONS:
            raise self._cursor.error(f"{name}() is not supported", place)
        try:
            node = FUNCTIONS[name].build(_spelling(tree), arguments)
        except ValueError as reason:
            raise self._cursor.error(str(reason), place) from None
        node.function_name = name
        return node
