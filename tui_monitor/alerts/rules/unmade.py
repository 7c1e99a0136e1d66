"""Warnings about metrics that rules read and no configured source makes: such rules can run and never fire."""

from __future__ import annotations

from collections.abc import Iterable

from tui_monitor.alerts.rules.condition import FIGURES
from tui_monitor.core.frozen import frozen
from tui_monitor.promql.query_facts import query_facts
from tui_monitor.promql.suggestions import probably


@frozen
class ReadMetrics:
    """A rule and the metrics of its expression. ``place`` is FILE:LINE or ""."""

    place: str
    rule: str
    expr: str


def unmade(rules: Iterable[ReadMetrics], made: frozenset[str] | None) -> list[str]:
    """A warning for each metric of each rule that is not among those made; selectors without an exact name are passed over.

    ``made`` None: a check may make any; then only the names that `rules add` understands are told, as no source has them by itself.
    """
    found: dict[str, None] = {}
    for rule in rules:
        metrics = query_facts(rule.expr).metrics - {""}
        for metric in sorted(metrics & FIGURES.keys() if made is None else metrics - made):
            meant = FIGURES[metric].series if metric in FIGURES else probably(metric, made or ())
            advice = f"; did you mean {meant}?" if meant else "; a query's `metric` or a recording rule would make it"
            place = f"{rule.place}: " if rule.place else ""
            found[f"{place}{rule.rule}: no configured source makes {metric}{advice}"] = None
    return list(found)
