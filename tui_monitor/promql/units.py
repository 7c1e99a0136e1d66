"""The unit of an expression's value, from its parsed form: the metrics' names say it, functions and operators change it."""

from __future__ import annotations

from typing import NamedTuple

from tui_monitor.core.values import METRIC_NAME
from tui_monitor.promql.aggregations import UNITS_OF_AGGREGATIONS
from tui_monitor.promql.binary import COMPARISONS, ScalarBinary, SetOperation, VectorBinary, VectorScalar
from tui_monitor.promql.calls import Time
from tui_monitor.promql.function_table import FUNCTIONS
from tui_monitor.promql.nodes import Node, Number, RangeSelector, ScalarNode, Selector, StringLiteral, Subquery


class Unit(NamedTuple):
    """``base`` is ratio, seconds, bytes, health, duration, timestamp, number (a literal, which takes the other side's unit) or ""."""

    base: str = ""
    per_second: bool = False


_NONE, _NUMBER, _DURATION, _TIMESTAMP = Unit(), Unit("number"), Unit("duration"), Unit("timestamp")
_SUFFIXES = {
    "_timestamp_seconds": _TIMESTAMP,
    "_bytes_per_second": Unit("bytes", True),
    "_ratio": Unit("ratio"),
    "_bytes": Unit("bytes"),
    "_seconds": Unit("seconds"),
    "check_health": Unit("health"),
}
"""By the end of a metric's name, once _total, _sum or _bucket is taken off (prometheus.io, naming)."""


def unit_of_node(node: Node) -> str:
    """ratio, seconds, bytes, bytes_per_second, health, duration, or "" where the names do not say it."""
    unit = _unit(node)
    if unit.per_second:
        return "bytes_per_second" if unit.base == "bytes" else ""
    return "" if unit in (_NUMBER, _TIMESTAMP) else unit.base


def unit_of_metric(name: str) -> Unit:
    """The unit that a metric's name ends with."""
    for counted in ("_total", "_sum", "_bucket"):
        name = name.removesuffix(counted)
    return next((unit for suffix, unit in _SUFFIXES.items() if name.endswith(suffix)), _NONE)


def _unit(node: Node) -> Unit:
    if isinstance(node, Selector | RangeSelector):
        return unit_of_metric(_metric(node))
    if isinstance(node, Subquery):
        return _unit(node.inner)
    if isinstance(node, Number):
        return _NUMBER
    if isinstance(node, Time):
        return _TIMESTAMP
    if isinstance(node, SetOperation):
        left, right = _unit(node.left), _unit(node.right)
        return left if node.op != "or" or left == right else _NONE
    if isinstance(node, ScalarBinary | VectorScalar | VectorBinary):
        return _of_operator(node)
    if node.function_name:
        return _of_call(node)
    return _unit(node.children[0]) if node.children else _NONE


def _metric(node: Selector | RangeSelector) -> str:
    return next((matcher.value for matcher in node.source.matchers if matcher.name == METRIC_NAME and matcher.op == "="), "")


def _of_call(node: Node) -> Unit:
    entry = FUNCTIONS.get(node.function_name)
    effect = entry.unit if entry else UNITS_OF_AGGREGATIONS.get(node.function_name, "")
    if effect in ("ratio", "duration", "timestamp"):
        return Unit(effect)
    vectors = [child for child in node.children if not isinstance(child, ScalarNode | StringLiteral)]
    inner = _unit((vectors or list(node.children))[0]) if effect and node.children else _NONE
    if effect == "bounds":
        return Unit(inner.base)
    if effect == "per_second":
        return Unit(inner.base, True)
    return _NONE if inner.base == "health" and effect == "amount" else inner


def _of_operator(node: ScalarBinary | VectorScalar | VectorBinary) -> Unit:
    first, second = node.children
    left, right = _unit(first), _unit(second)
    if node.operator in COMPARISONS:
        boolean = isinstance(node, ScalarBinary) or node.boolean
        return _NONE if boolean else right if isinstance(first, ScalarNode) else left
    if left == right == _NUMBER:
        return _NUMBER
    if node.operator in ("+", "-", "%"):
        return _sum(node.operator, left, right)
    if node.operator == "/":
        return _quotient(left, right, _metrics(first) == _metrics(second))
    return _product(left, right) if node.operator == "*" else _NONE


def _metrics(node: Node) -> set[str]:
    own = {_metric(node)} if isinstance(node, Selector | RangeSelector) else set()
    return own.union(*map(_metrics, node.children))


def _sum(operator: str, left: Unit, right: Unit) -> Unit:
    if _NUMBER in (left, right):
        return right if left == _NUMBER else left
    if operator == "-" and _TIMESTAMP in (left, right):
        return _DURATION
    return left if left == right or operator == "%" else _NONE


def _product(left: Unit, right: Unit) -> Unit:
    if _NUMBER in (left, right):  # times 100, times 1000: another unit
        return _NONE
    plain = (Unit("ratio"), _NONE)
    return right if left in plain else left if right in plain else _NONE


def _quotient(left: Unit, right: Unit, same_metrics: bool) -> Unit:
    if _NUMBER in (left, right):
        return _NONE
    alike = left.base == right.base and (left.base != "" or same_metrics)
    if alike and left.per_second == right.per_second:
        return Unit("ratio")
    if alike and right.per_second:  # a quantity by its own slope
        return _DURATION
    if right.base in ("", "ratio") and (left.per_second or not right.per_second):
        return Unit(left.base, left.per_second and not right.per_second)
    return _NONE
