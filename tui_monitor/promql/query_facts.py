"""Facts about an expression from its parsed form: unit, limits, series, the metric to draw, the checks it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME
from tui_monitor.promql.aggregations import UNITS_OF_AGGREGATIONS
from tui_monitor.promql.binary import COMPARISONS, MIRRORED, NegatedScalar, ScalarBinary, SetOperation, VectorBinary, VectorScalar
from tui_monitor.promql.chart_queries import expressions
from tui_monitor.promql.engine import Query, compile_expr, walk
from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.function_table import FUNCTIONS
from tui_monitor.promql.nodes import Node, Number, RangeSelector, ScalarNode, Selector, StringLiteral, Subquery
from tui_monitor.promql.queryable import Matcher, exact_name
from tui_monitor.promql.units import unit_of_node

Matchers = tuple[Matcher, ...]


@frozen
class Limit:
    """A comparison with a number: what is compared, in PromQL, the operator as if it stood on the left, and the number."""

    expr: str
    op: str
    value: float


@frozen
class QueryFacts:
    """The facts about one expression.

    ``subject``: what a condition compares, in PromQL; without a comparison the expression. ``limits``: its comparisons with numbers that
    decide, those behind ``and`` and ``unless`` left out. ``series``: the matchers of each selector. ``measure``: "" and the matchers
    where the subject has the values of one selector's series as they are, "per second" for their slope, None for anything computed.
    """

    subject: str = ""
    unit: str = ""
    limits: tuple[Limit, ...] = ()
    series: tuple[Matchers, ...] = ()
    measure: tuple[str, Matchers] | None = None

    @property
    def metrics(self) -> frozenset[str]:
        """The names that are read; "" for a selector without an exact one."""
        return frozenset(map(exact_name, self.series))

    @property
    def checks(self) -> frozenset[str]:
        """The checks that a selector names with check="..."."""
        return frozenset(m.value for matchers in self.series for m in matchers if m.name == "check" and m.op == "=")


def facts_of(query: Query) -> QueryFacts:
    """The facts of a compiled expression."""
    subject = _subject(query.root)
    return QueryFacts(subject.text, unit_of_node(query.root), tuple(_limits(query.root)), query.matchers, _measure(subject))


@lru_cache(maxsize=512)
def query_facts(text: str) -> QueryFacts:
    """The facts of one expression; of one that cannot be read there are none."""
    try:
        return facts_of(compile_expr(text))
    except PromqlError:
        return QueryFacts()


def functions_of(text: str) -> frozenset[str]:
    """The functions and aggregations that an expression calls; of one that cannot be read there are none."""
    try:
        return frozenset(node.function_name for node, _ in walk(compile_expr(text).root)) - {""}
    except PromqlError:
        return frozenset()


def parts_of(text: str) -> list[QueryFacts]:
    """The facts of each expression of a chart's text, which may hold several with semicolons between them."""
    return [query_facts(part) for _, part in expressions(text)]


def unit_of(text: str) -> str:
    """The unit that all expressions of a text have: ratio, seconds, bytes, bytes_per_second, health, duration; else ""."""
    units = {facts.unit for facts in parts_of(text)}
    return units.pop() if len(units) == 1 else ""


def limits_for(text: str, limits: Mapping[str, Sequence[tuple[float, str]]]) -> tuple[tuple[float, str], ...]:
    """The (limit, severity) of those compared expressions that select what a chart shows, sorted; keys are Limit.expr."""
    shown = parts_of(text)
    found = {limit for expr, given in limits.items() if any(_covers(query_facts(expr), facts) for facts in shown) for limit in given}
    return tuple(sorted(found))


def _covers(rule: QueryFacts, chart: QueryFacts) -> bool:
    """Whether a limit on the rule's subject is one on what the chart shows."""
    if not rule.subject or not chart.subject:
        return False
    if rule.subject == chart.subject:
        return True
    if rule.measure is None or chart.measure is None or rule.measure[0] != chart.measure[0]:
        return False
    asked = {matcher.name: matcher.value for matcher in chart.measure[1] if matcher.op == "="}
    return METRIC_NAME in asked and all(_allows(matcher, asked, chart.measure[1]) for matcher in rule.measure[1])


def _allows(matcher: Matcher, asked: Mapping[str, str], others: Iterable[Matcher]) -> bool:
    """Whether a rule's matcher allows its limit on a chart: a rule on one value of a label says nothing about all values."""
    if matcher.name in asked:
        return matcher.matches(asked[matcher.name])
    return matcher.op in ("!=", "!~") or matcher in others


def _subject(node: Node) -> Node:
    if isinstance(node, SetOperation):
        return _subject(node.left)
    if isinstance(node, VectorScalar) and node.operator in COMPARISONS:
        return _subject(node.vector)
    if isinstance(node, VectorBinary) and node.operator in COMPARISONS:
        return _subject(node.left)
    return node


def _limits(node: Node) -> list[Limit]:
    if isinstance(node, SetOperation):
        return _limits(node.left) + (_limits(node.right) if node.op == "or" else [])
    if not isinstance(node, VectorScalar) or node.operator not in COMPARISONS:
        return []
    value = _constant(node.scalar)
    operator = MIRRORED[node.operator] if node.swapped else node.operator
    own = [] if value is None or node.boolean else [Limit(_subject(node).text, operator, value)]
    return own + _limits(node.vector)


def _constant(node: ScalarNode) -> float | None:
    """The value of a number or of arithmetic with numbers; None for time() and scalar(...)."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, NegatedScalar):
        inner = _constant(node.argument)
        return None if inner is None else -inner
    if isinstance(node, ScalarBinary):
        left, right = _constant(node.left), _constant(node.right)
        return None if left is None or right is None else float(node.function(left, right))
    return None


def _measure(node: Node) -> tuple[str, Matchers] | None:
    if isinstance(node, Selector | RangeSelector):
        return "", node.source.matchers
    if isinstance(node, Subquery):
        return _measure(_subject(node.inner))
    entry = FUNCTIONS.get(node.function_name)
    effect = entry.unit if entry else UNITS_OF_AGGREGATIONS.get(node.function_name, "")
    inner = [child for child in node.children if not isinstance(child, ScalarNode | StringLiteral)]
    if effect not in ("same", "per_second") or len(inner) != 1:
        return None
    found = _measure(_subject(inner[0]))
    if found is None or effect == "same":
        return found
    return ("per second", found[1]) if found[0] == "" else None
