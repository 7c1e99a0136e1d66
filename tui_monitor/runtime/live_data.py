"""What other programs ask of the running leader without the history: instant queries over memory, current samples, rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.board.privacy import Privacy
from tui_monitor.board.rule_views import CurrentSample, ExportedFamily, RuleGroupView
from tui_monitor.checks.collector import Collector
from tui_monitor.core.clock import Clock
from tui_monitor.core.values import ALERT_SERIES, METRIC_NAME, Labels, label
from tui_monitor.promql.engine import Query
from tui_monitor.promql.nodes import Source
from tui_monitor.promql.queryable import Matcher, exact_name, fulfils
from tui_monitor.promql.values import Value
from tui_monitor.runtime.live_alerts import LiveAlerts
from tui_monitor.runtime.recording_rules import RecordingRules
from tui_monitor.runtime.role_screens import RoleScreens
from tui_monitor.runtime.rule_groups import rule_groups
from tui_monitor.sources.metric_help import family_of, own_metadata
from tui_monitor.sources.metric_names import OF_THE_MACHINE
from tui_monitor.storage.memory import SeriesMemory

RECENT_MS = 2_000
"""Memory answers for a moment no older than this: of earlier ones a slow series may have lost its sample."""
MARGIN_MS = 10_000
MOST_SAMPLES = 20_000
"""Samples that one query may touch on the event loop (about 5 ms); more are read from the history, in a thread."""
TURN = 2_000
"""Series that are looked at in one turn of the event loop."""
OF_A_CHECK = "A value that a check is configured to measure."
MACHINE = frozenset(OF_THE_MACHINE)


class LiveData:
    """The series and rules of a leader; used on its event loop only."""

    def __init__(
        self, memory: SeriesMemory, clock: Clock, collector: Collector, evaluator: Evaluator, recording: RecordingRules, live: LiveAlerts,
        role_screens: RoleScreens,
    ) -> None:  # fmt: skip
        self.memory = memory
        self.role_screens = role_screens
        self._clock = clock
        self._collector = collector
        self._evaluator = evaluator
        self._recording = recording
        self._live = live
        self._exported: tuple[object, dict[str, list[Labels]]] = (None, {})

    # --- queries --------------------------------------------------------------------------------------------------------

    def instant(self, query: Query, at: int, privacy: Privacy | None = None) -> Value | None:
        """The answer from memory; None where only the history has all that it needs. Raises EvaluationError."""
        storage = self.memory if privacy is None else privacy.visible(self.memory)
        return query.instant(storage, at) if self._suffices(query, at) else None

    def _suffices(self, query: Query, at: int) -> bool:
        if query.metrics is None or at < self._clock.wall_ms() - RECENT_MS or self.memory.sample_count > self.memory.max_samples // 2:
            return False
        if any(source.shift.anchor != "eval" or source.shift.offset_ms or source.enclosing for source in query.sources):
            return False
        longest = max((source.span_ms or 0 for source in query.sources), default=0)
        return longest <= self.memory.window_ms - MARGIN_MS and sum(map(self._touched, query.sources)) <= MOST_SAMPLES

    def _touched(self, source: Source) -> int:
        """How many samples a selector reads at most, one a second."""
        return self.memory.count_of(exact_name(source.matchers)) * (1 + (source.span_ms or 0) // 1000)

    # --- current samples ------------------------------------------------------------------------------------------------

    async def current(self, selectors: Sequence[tuple[Matcher, ...]]) -> list[CurrentSample]:
        """The current samples of the series that any selector matches, sorted by labels."""
        at = self._clock.wall_ms()
        found: set[Labels] = set()
        for matchers in selectors:
            if exact_name(matchers):
                found.update(series.labels for series in self.memory.select(matchers, 0, at))
                continue
            async for some in _by_turns(self.memory.series_labels()):
                found.update(labels for labels in some if fulfils(labels, matchers))
        samples: list[CurrentSample] = []
        async for some in _by_turns(sorted(found)):
            samples += self._samples_of(some, at)
        return samples

    def exported(self) -> list[ExportedFamily]:
        """The current samples of the monitor itself, this machine and the checks; not of scraped pages and rules."""
        state = (self.memory.generation, [(check.name, check.type) for check in self._collector.checks], len(self._recording.rules))
        if self._exported[0] != state:
            self._exported = state, self._families()
        at = self._clock.wall_ms()
        return [family for name, labels in self._exported[1].items() if (family := _family(name, self._samples_of(labels, at))).samples]

    def _families(self) -> dict[str, list[Labels]]:
        families: dict[str, list[Labels]] = {}
        for labels in sorted(filter(self._is_exported, self.memory.series_labels())):
            families.setdefault(family_of(label(labels, METRIC_NAME)), []).append(labels)
        return families

    def _is_exported(self, labels: Labels) -> bool:
        own = dict(labels)
        name, check = own.get(METRIC_NAME, ""), own.get("check")
        if check is None:
            return name in MACHINE
        settings = self._collector.check_named(check)
        if settings is None or settings.type != own.get("type") or name in ALERT_SERIES:
            return False
        return all(rule.name != name for rule in self._recording.rules)

    def _samples_of(self, labels: Iterable[Labels], at: int) -> list[CurrentSample]:
        newest_of = self.memory.newest_of
        return [CurrentSample(one, sample[1], sample[0]) for one in labels if (sample := newest_of(one, at)) is not None]

    # --- rules ----------------------------------------------------------------------------------------------------------

    def rules(self, at: int) -> list[RuleGroupView]:
        """The rules in force; ``at`` is when they were evaluated last (UTC ms)."""
        return rule_groups(self._evaluator.rules, self._recording.rules, self._live(), self._evaluator.errors, self._recording.errors, at)


def _family(name: str, samples: list[CurrentSample]) -> ExportedFamily:
    known = own_metadata().get(name)
    if known is None:
        return ExportedFamily(name, "counter" if name.endswith("_total") else "unknown", OF_A_CHECK, samples)
    return ExportedFamily(name, known.type, known.help, samples)


async def _by_turns(labels: list[Labels]) -> AsyncIterator[list[Labels]]:
    """The list in pieces; between two of them other tasks run."""
    for start in range(0, len(labels), TURN):
        if start:
            await asyncio.sleep(0)
        yield labels[start : start + TURN]
