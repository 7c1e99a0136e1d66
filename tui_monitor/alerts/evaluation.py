"""One evaluation of the rules: query results, present subjects and whether alerts may end, each computed once."""

from __future__ import annotations

from tui_monitor.alerts.identity import without_name
from tui_monitor.alerts.presence import SeriesAbout, any_current, ended_series
from tui_monitor.alerts.rules.rule import CompiledQuery, Rule
from tui_monitor.core.values import Labels
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.queryable import Matcher, Queryable


class Evaluation:
    """The query results of one moment (UTC ms), computed only when needed. ``compiled`` keeps presence expressions between evaluations."""

    def __init__(self, now: int, storage: Queryable, compiled: dict[str, CompiledQuery | None], early: bool = False) -> None:
        self.now = now
        self.early = early
        self._storage = storage
        self._compiled = compiled
        self._present: dict[str, set[Labels] | bool] = {}
        self._may_end: dict[str, list[Labels]] = {}
        self._ended: dict[tuple[Matcher, ...], SeriesAbout] = {}

    def query_subjects(self, query: CompiledQuery) -> list[tuple[Labels, float]]:
        """The query's result by subject (labels without the metric's name); a plain number is one subject without labels."""
        answer = query.instant(self._storage, self.now)
        if isinstance(answer, int | float):
            return [((), float(answer))]
        return [(without_name(labels), value) for labels, value in answer]

    def has_subject(self, rule: Rule, sample: Labels) -> bool:
        """Whether the rule can judge the subject; what its source has ended is judged as false."""
        found = self._find(rule)
        return (found if isinstance(found, bool) else sample in found) or self.ended(rule, sample)

    def ended(self, rule: Rule, sample: Labels) -> bool:
        """Whether a source has answered without the subject's series: they have ended."""
        return any(self._ended_by(matchers).all(sample) for matchers in rule.query.matchers)

    def _ended_by(self, matchers: tuple[Matcher, ...]) -> SeriesAbout:
        found = self._ended.get(matchers)
        if found is None:
            found = self._ended[matchers] = ended_series(matchers, self._storage, self.now)
        return found

    def present(self, rule: Rule) -> set[Labels]:
        """Every present subject; where the subjects cannot be told apart, one without labels for all."""
        found = self._find(rule)
        if isinstance(found, bool):
            return {()} if found else set()
        return found

    def may_end(self, rule: Rule, sample: Labels) -> bool:
        """Whether resolve_when answers for the subject: with its labels, or with fewer (an aggregation)."""
        if rule.resolve_when is None:
            return True
        if rule.key not in self._may_end:
            try:
                self._may_end[rule.key] = [labels for labels, _ in self.query_subjects(rule.resolve_when)]
            except (EvaluationError, PromqlError):
                self._may_end[rule.key] = []
        return any(set(labels) <= set(sample) for labels in self._may_end[rule.key])

    def _find(self, rule: Rule) -> set[Labels] | bool:
        found = self._present.get(rule.key)
        if found is None:
            query = self._compile(rule)
            try:
                found = (
                    {labels for labels, _ in self.query_subjects(query)}
                    if query is not None
                    else any_current(rule.query.matchers, self._storage, self.now)
                )
            except (EvaluationError, PromqlError):
                found = any_current(rule.query.matchers, self._storage, self.now)
            self._present[rule.key] = found
        return found

    def _compile(self, rule: Rule) -> CompiledQuery | None:
        if rule.presence is None:
            return None
        if rule.key not in self._compiled:
            try:
                self._compiled[rule.key] = compile_expr(rule.presence)
            except PromqlError:
                self._compiled[rule.key] = None
        return self._compiled[rule.key]
