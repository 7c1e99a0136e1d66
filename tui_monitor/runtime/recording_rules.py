"""Recording rules of Prometheus files: each evaluates an expression at its interval and stores the result as series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tui_monitor.alerts.presence import silent_series
from tui_monitor.alerts.rules.rule import WIDE_MS
from tui_monitor.core.values import ENDED_NAN, METRIC_NAME, STALE_NAN, Labels, Sample, with_labels
from tui_monitor.promql.engine import Query, compile_expr
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.queryable import DEFAULT_LOOKBACK_MS, Queryable
from tui_monitor.promql.rulefiles import FileRule
from tui_monitor.promql.values import Matrix
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.interface import HistoryReading
from tui_monitor.storage.prefetched import Prefetched

DEFAULT_INTERVAL_S = 1.0
WIDE_EVERY_S = 60.0
EARLY_MS = 100
_DAY_MS = 86_400_000

Sink = Callable[[int, Sequence[Sample], int], None]
"""Stores the samples of one moment with their look-back in milliseconds."""


@dataclass(slots=True)
class _Recording:
    rule: FileRule
    query: Query
    due: int = 0
    known: set[Labels] = field(default_factory=set)
    """The series of the last result; one that is missing in the next has ended."""

    @property
    def wide(self) -> bool:
        return self.query.longest_window_ms > WIDE_MS

    @property
    def interval_ms(self) -> int:
        seconds = self.rule.interval_s or DEFAULT_INTERVAL_S
        return round(1000 * (max(seconds, WIDE_EVERY_S) if self.wide else seconds))


class RecordingRules:
    """All recording rules, in the files' order, so that a later one reads the new samples of an earlier one.

    Rules with windows beyond memory read the history, at most each minute. ``errors``: rule name → the error of its evaluation.
    """

    def __init__(self, rules: Sequence[FileRule]) -> None:
        self.errors: dict[str, str] = {}
        self._rules: list[_Recording] = []
        self._ended: dict[Labels, float] = {}
        self.configure(rules)

    @property
    def rules(self) -> list[FileRule]:
        """The rules in force, in order."""
        return [one.rule for one in self._rules]

    def configure(self, rules: Sequence[FileRule]) -> None:
        """Use other rules: unchanged ones continue, the series of the others end."""
        old, self._rules = self._rules, []
        for rule in rules:
            same = next((one for one in old if one.rule == rule), None)
            if same is not None:
                old.remove(same)
            self._rules.append(same or _Recording(rule, compile_expr(rule.expr)))
        for gone in old:
            self._ended |= dict.fromkeys(gone.known, ENDED_NAN)
            self.errors.pop(gone.rule.name, None)

    async def run(self, now: int, storage: Queryable, reading: HistoryReading, sink: Sink) -> None:
        """Evaluate the due rules over memory and, for long windows, the history."""
        due = [one for one in self._rules if not now < one.due <= now + _DAY_MS]
        wide = [one.query for one in due if one.wide]
        over: Queryable = storage
        if wide:
            try:
                over = await reading.query(lambda reader: Prefetched(storage).fetch(wide, reader, now))
            except StorageFault:
                due = [one for one in due if not one.wide]  # incomplete samples would give a wrong result
        for one in due:
            one.due = now + one.interval_ms - EARLY_MS
            self._record(one, now, over if one.wide else storage, sink)
        self._end(now, sink)

    def _record(self, one: _Recording, now: int, storage: Queryable, sink: Sink) -> None:
        try:
            samples = _samples(one, storage, now)
        except EvaluationError as error:
            self.errors[one.rule.name] = str(error)
            return
        self.errors.pop(one.rule.name, None)
        series = {sample.labels for sample in samples}
        self._ended |= _markers(one, one.known - series, storage, now)
        self._ended = {labels: marker for labels, marker in self._ended.items() if labels not in series}
        one.known = series
        if samples:
            sink(now, samples, max(DEFAULT_LOOKBACK_MS, 2 * one.interval_ms + 5000))

    def _end(self, now: int, sink: Sink) -> None:
        """End the series that no rule returns any more, as in Prometheus, so that their last values do not stay for five minutes.

        Where one of its sources is stale, the series becomes stale too, and alerts on it hold.
        """
        given = {labels for one in self._rules for labels in one.known}
        ended = [Sample(labels, marker) for labels, marker in sorted(self._ended.items()) if labels not in given]
        self._ended = {}
        if ended:
            sink(now, ended, DEFAULT_LOOKBACK_MS)


def _markers(one: _Recording, gone: set[Labels], storage: Queryable, now: int) -> dict[Labels, float]:
    """The end marker of each series: stale where one of its source series is stale."""
    own = {METRIC_NAME, *one.rule.labels}
    silent = [silent_series(matchers, storage, now) for matchers in one.query.matchers] if gone else []
    subjects = {series: tuple(pair for pair in series if pair[0] not in own) for series in gone}
    return {series: STALE_NAN if any(found.any(subject) for found in silent) else ENDED_NAN for series, subject in subjects.items()}


def _samples(one: _Recording, storage: Queryable, now: int) -> list[Sample]:
    answer = one.query.instant(storage, now)
    if isinstance(answer, float | int):
        answer = [((), float(answer))]
    vector = answer if isinstance(answer, list) and not isinstance(answer, Matrix) else []
    name = {**one.rule.labels, METRIC_NAME: one.rule.name}
    samples = [Sample(with_labels(labels, name), value) for labels, value in vector]
    if len({sample.labels for sample in samples}) != len(samples):
        raise EvaluationError("two series have the same labels once the rule's labels are set")
    return samples
