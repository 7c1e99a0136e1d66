"""The loops of checks' queries (`[[checks.queries]]`): each runs by its own interval, and its rows become series."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tui_monitor.checks.fence import admit_samples
from tui_monitor.checks.health import check_labels
from tui_monitor.checks.sample_sink import MINIMUM_LOOKBACK, SampleSink
from tui_monitor.checks.series_ends import series_not_ended
from tui_monitor.checks.series_intake import SeriesIntake
from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.clock import Clock
from tui_monitor.core.values import METRIC_NAME, Labels, Observation, Sample, label, with_labels
from tui_monitor.platform.redaction import NO_REDACTION, Redaction
from tui_monitor.sources.queries import HasQueries, QuerySettings

log = logging.getLogger(__name__)
MOST_FIGURES = 20
"""Values of one query that the board shows."""


class QueryLoops:
    """Runs queries and remembers the newest values and errors of each."""

    def __init__(self, sink: SampleSink, intake: SeriesIntake, clock: Clock, redaction: Redaction = NO_REDACTION) -> None:
        """``redaction`` hides parts of what a database answers."""
        self._redaction = redaction
        self._sink = sink
        self._intake = intake
        self._clock = clock
        self._figures: dict[str, dict[str, float]] = {}
        self._errors: dict[str, str] = {}

    async def run(self, check: CheckSettings, probe: HasQueries, query: QuerySettings) -> None:
        """Run one query each interval, for ever."""
        if [other.metric for other in getattr(check, "queries", ())].count(query.metric) == 1:
            known = series_not_ended(self._sink.memory, {METRIC_NAME: query.metric, **check_labels(check)})
            self._intake.begin(source_of(check, query), known)
        while True:
            await self._step(check, probe, query)
            await self._clock.sleep(query.interval)

    async def _step(self, check: CheckSettings, probe: HasQueries, query: QuerySettings) -> None:
        key = _key(check, query)
        try:
            found, error = await probe.run_query(query)
        except Exception as broke:  # the boundary of a query, as for a probe
            log.exception("query %s: it failed", key)
            found, error = (), f"the query failed: {type(broke).__name__}"
        samples, refused = admit_samples(found)
        error = self._redaction(error or refused)
        if error and error != self._errors.get(key):
            log.warning("query %s: %s", key, error)
        self._errors[key] = error
        if samples or not error:
            self._figures[key] = {_short(s.labels): s.value for s in samples[:MOST_FIGURES]}
        labelled = tuple(Sample(with_labels(s.labels, check_labels(check)), s.value) for s in samples)
        now, lookback = self._clock.wall_ms(), max(MINIMUM_LOOKBACK, int(1000 * (2 * query.interval + query.timeout)))
        if error:  # the rows that were read are stored, and no series ends
            self._sink.store(Observation(now, labelled), lookback)
        else:
            self._sink.store(self._intake.answer(source_of(check, query), now, labelled), lookback)

    def figures_of(self, check: CheckSettings, queries: Sequence[QuerySettings]) -> dict[str, float]:
        """The newest values of a check's queries."""
        return {name: value for query in queries for name, value in self._figures.get(_key(check, query), {}).items()}

    def faults_of(self, check: CheckSettings, queries: Sequence[QuerySettings]) -> dict[str, str]:
        """Which of a check's queries fail, and why."""
        return {f"query {query.metric}": error for query in queries if (error := self._errors.get(_key(check, query), ""))}


def source_of(check: CheckSettings, query: QuerySettings) -> str:
    """The query as a source of series; two queries of a check may give one metric."""
    place = next(place for place, other in enumerate(getattr(check, "queries", ())) if other is query)
    return f"{check.name}: {place}: {query.metric}"


def _key(check: CheckSettings, query: QuerySettings) -> str:
    return f"{check.name}: {query.metric}"


def _short(labels: Labels) -> str:
    name = label(labels, METRIC_NAME)
    rest = ",".join(value for key, value in labels if key != METRIC_NAME)
    return f"{name}{{{rest}}}" if rest else name
