"""Aggregations over an instant vector: sum by (...), topk, quantile, count_values and the like."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME, Labels, with_labels
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.nodes import Context, Node, ScalarNode, VectorNode
from tui_monitor.promql.numbers import INF, NAN, average, format_float, kahan_sum, quantile
from tui_monitor.promql.ranges import maximum_of, minimum_of
from tui_monitor.promql.values import Vector, keep, without

_REMEMBERED = 20_000


@frozen
class Grouping:
    """The clause by (names) or without (names); by nothing is one group."""

    names: frozenset[str] = frozenset()
    without: bool = False

    def of(self, labels: Labels) -> Labels:
        """The labels of the group that an element belongs to."""
        return without(labels, self.names | {METRIC_NAME}) if self.without else keep(labels, self.names)


def _sum(values: Sequence[float]) -> float:
    running, error = kahan_sum(values)
    return running + error


def _variance(values: Sequence[float]) -> float:
    """Welford's method in order of the elements, without compensation, as Prometheus does across series."""
    mean, squares = values[0], 0.0 if math.isfinite(values[0]) else NAN
    for count, value in enumerate(values[1:], 2):
        away = value - mean
        mean += away / count
        squares += away * (value - mean)
    return squares / len(values)


AGGREGATIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": _sum,
    "avg": average,
    "min": minimum_of,
    "max": maximum_of,
    "count": lambda values: float(len(values)),
    "group": lambda values: 1.0,
    "stdvar": _variance,
    "stddev": lambda values: math.sqrt(_variance(values)),
}


UNITS_OF_AGGREGATIONS = {
    **dict.fromkeys(("avg", "min", "max", "topk", "bottomk", "quantile"), "same"),
    **dict.fromkeys(("sum", "stddev"), "amount"),
}
"""What becomes of the argument's unit, as in PromqlFunction.unit; the others have none."""
PARAMETRIC = ("topk", "bottomk", "quantile", "count_values")
"""The aggregations that take a parameter."""


class _Groups(VectorNode):
    """The base of all aggregations: the argument and the group of each of its elements."""

    def __init__(self, text: str, children: Sequence[Node], argument: VectorNode, grouping: Grouping) -> None:
        super().__init__(text, children)
        self.argument = argument
        self.grouping = grouping
        self._known: dict[Labels, Labels] = {}

    def _values(self, vector: Vector) -> dict[Labels, list[float]]:
        """The values of each group, groups in order of their first element."""
        if not self.grouping.names and not self.grouping.without:
            return {(): [value for _, value in vector]} if vector else {}
        known, group_of = self._known, self.grouping.of
        if len(known) > _REMEMBERED:
            known.clear()
        groups: dict[Labels, list[float]] = {}
        for labels, value in vector:
            group = known.get(labels)
            if group is None:
                group = known[labels] = group_of(labels)
            members = groups.get(group)
            if members is None:
                groups[group] = [value]
            else:
                members.append(value)
        return groups


class Aggregation(_Groups):
    """sum, avg, min, max, count, group, stdvar, stddev."""

    def __init__(self, text: str, argument: VectorNode, grouping: Grouping, function: Callable[[Sequence[float]], float]) -> None:
        super().__init__(text, (argument,), argument, grouping)
        self.function = function

    def result(self, ctx: Context, at: int) -> Vector:
        """One element for each group."""
        function = self.function
        return [(group, function(values)) for group, values in self._values(self.argument.result(ctx, at)).items()]


class Quantile(_Groups):
    """quantile(q, v)."""

    def __init__(self, text: str, parameter: ScalarNode, argument: VectorNode, grouping: Grouping) -> None:
        super().__init__(text, (parameter, argument), argument, grouping)
        self.parameter = parameter

    def result(self, ctx: Context, at: int) -> Vector:
        """One element for each group."""
        q = self.parameter.result(ctx, at)
        return [(group, quantile(q, values)) for group, values in self._values(self.argument.result(ctx, at)).items()]


class CountValues(VectorNode):
    """count_values("label", v): how many elements have each value."""

    def __init__(self, text: str, children: Sequence[Node], label: str, argument: VectorNode, grouping: Grouping) -> None:
        super().__init__(text, children)
        self.label = label
        self.argument = argument
        self.grouping = grouping if grouping.without else Grouping(grouping.names | {label})

    def result(self, ctx: Context, at: int) -> Vector:
        """One element for each value in each group."""
        counts: dict[Labels, int] = {}
        for labels, value in self.argument.result(ctx, at):
            group = self.grouping.of(with_labels(labels, {self.label: format_float(value)}))
            counts[group] = counts.get(group, 0) + 1
        return [(group, float(count)) for group, count in counts.items()]


class TopK(_Groups):
    """topk and bottomk: the k largest or smallest elements of each group with all their labels, NaN last."""

    def __init__(self, text: str, parameter: ScalarNode, argument: VectorNode, grouping: Grouping, largest: bool) -> None:
        super().__init__(text, (parameter, argument), argument, grouping)
        self.parameter = parameter
        self.largest = largest

    def result(self, ctx: Context, at: int) -> Vector:
        """The elements, best first within each group."""
        count = self.parameter.result(ctx, at)
        vector = self.argument.result(ctx, at)
        if count < 1:
            return []
        if count != count:
            raise EvaluationError("Parameter value is NaN")
        if count >= 2**63:
            raise EvaluationError(f"Scalar value {format_float(count)} overflows int64")
        k = min(int(count), len(vector))
        groups: dict[Labels, Vector] = {}
        for element in vector:
            groups.setdefault(self.grouping.of(element[0]), []).append(element)
        return [element for group in groups.values() for element in self._best(group, k)]

    def _best(self, group: Vector, k: int) -> Vector:
        sign = -1.0 if self.largest else 1.0
        heap = _Heap(sign, k)
        for element in group:
            heap.offer(element)
        numbers = sorted((element for element in heap.items if element[1] == element[1]), key=lambda element: sign * element[1])
        return numbers + [element for element in reversed(heap.items) if element[1] != element[1]]


class _Heap:
    """A heap with the worst element on top; it moves elements as Go's container/heap does, so that ties fall the same way."""

    def __init__(self, sign: float, size: int) -> None:
        self.items: Vector = []
        self._sign = sign
        self._size = size

    def offer(self, element: tuple[Labels, float]) -> None:
        """Take the element in if there is room or the worst is worse."""
        if len(self.items) < self._size:
            self.items.append(element)
            self._up(len(self.items) - 1)
        elif self._rank(self.items[0]) > self._rank(element):
            self.items[0] = element
            self._down()

    def _rank(self, element: tuple[Labels, float]) -> tuple[bool, float]:
        """Larger is worse; NaN is worst."""
        value = element[1]
        return (True, INF) if value != value else (False, self._sign * value)

    def _worse(self, first: int, second: int) -> bool:
        value = self.items[first][1]
        return value != value or self._sign * value > self._sign * self.items[second][1]

    def _swap(self, first: int, second: int) -> None:
        self.items[first], self.items[second] = self.items[second], self.items[first]

    def _up(self, index: int) -> None:
        while index > 0:
            parent = (index - 1) // 2
            if not self._worse(index, parent):
                return
            self._swap(index, parent)
            index = parent

    def _down(self) -> None:
        index = 0
        while (child := 2 * index + 1) < len(self.items):
            if child + 1 < len(self.items) and self._worse(child + 1, child):
                child += 1
            if not self._worse(child, index):
                return
            self._swap(index, child)
            index = child
