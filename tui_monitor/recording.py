"""Recording rules of Prometheus files: each evaluates an expression at its interval and keeps the answer as a series."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.collector import Collector
from tui_monitor.model import METRIC_NAME, Sample, with_labels
from tui_monitor.promql.engine import Query, compile_expr
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.rulefiles import FileRule
from tui_monitor.promql.storage import Queryable
from tui_monitor.promql.values import Matrix

DEFAULT_INTERVAL_S = 1.0


class RecordingRules:
    """All recording rules, in the files' order: a later one sees what an earlier one recorded a tick before."""

    def __init__(self, rules: Sequence[FileRule]) -> None:
        self._rules: list[tuple[FileRule, Query]] = [(rule, compile_expr(rule.expr)) for rule in rules]
        self._due = [0] * len(self._rules)
        self.errors: dict[str, str] = {}

    def run(self, now: int, storage: Queryable, sink: Collector) -> None:
        """Evaluate those that are due; an error is kept by the rule's name."""
        for index, (rule, query) in enumerate(self._rules):
            interval = round((rule.interval_s or DEFAULT_INTERVAL_S) * 1000)
            if 0 < self._due[index] - now <= interval:  # later than that: the clock was set back
                continue
            self._due[index] = now + interval - 100
            try:
                answer = query.instant(storage, now)
            except EvaluationError as error:
                self.errors[rule.name] = str(error)
                continue
            self.errors.pop(rule.name, None)
            if isinstance(answer, float | int):
                answer = [((), float(answer))]
            vector = answer if isinstance(answer, list) and not isinstance(answer, Matrix) else []
            name = {**rule.labels, METRIC_NAME: rule.name}
            sink.observe(now, [Sample(with_labels(labels, name), value) for labels, value in vector])
