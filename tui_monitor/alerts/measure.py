"""The measure of an alert: which metric its rule compares, in what unit, and with which limit. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tui_monitor.promql.query_facts import Limit, QueryFacts

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_MOST_CHARACTERS = 200


class Measure(NamedTuple):
    """The facts that a message names beside an alert's value.

    ``metric``: its name, or the compared expression where that is made of several. ``unit``: ratio, seconds, bytes, bytes_per_second,
    health, duration or "". ``threshold``: the limit in the metric's own unit; None: the rule compares with no number.
    """

    metric: str = ""
    unit: str = ""
    threshold: float | None = None


NO_MEASURE = Measure()


class RuleMeasure(NamedTuple):
    """What a rule's parsed expression says about its alerts: metric and unit as in `Measure`, and every comparison with a number."""

    metric: str = ""
    unit: str = ""
    limits: Sequence[Limit] = ()

    def of(self, value: float | None) -> Measure:
        """The measure of one alert; of several limits (``x > 5 or x < -5``) the one that the value has passed."""
        passed = [limit.value for limit in self.limits if value is not None and _HOLDS[limit.op](value, limit.value)]
        return Measure(self.metric, self.unit, passed[0] if passed else None)


NO_RULE_MEASURE = RuleMeasure()


def measure_of(facts: QueryFacts) -> RuleMeasure:
    """The measure of a rule, from the facts about its expression."""
    names = facts.metrics - {""}
    metric = next(iter(names)) if len(names) == 1 == len(facts.metrics) else facts.subject[:_MOST_CHARACTERS]
    return RuleMeasure(metric, facts.unit, tuple(limit for limit in facts.limits if limit.op in _HOLDS))
