"""Intake of a source's complete answers: vanished series end, and large pages are passed on in parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_monitor.checks.series_ends import SeriesEnds
from tui_monitor.core.values import AllSeries, Labels, Observation, Sample

PART = 1000
"""Samples that are stored in one go: 1 to 2 ms."""


class SeriesIntake:
    """Knows the live series of each source that names all of them whenever it answers (a scrape's target, an SQL query)."""

    def __init__(self) -> None:
        self._ends: dict[str, SeriesEnds] = {}

    def answer(self, source: str, at: int, samples: Sequence[Sample]) -> Observation:
        """A complete answer with the end markers of what it lacks."""
        return Observation(at, (*samples, *self._of(source).ends(samples)))

    def page(self, source: str, at: int, series: AllSeries) -> list[Observation]:
        """The same in parts, for pages of thousands of series; samples with own times follow in observations of their own."""
        ends = self._of(source)
        whole = (*series.samples, *(ends.ends(series.samples) if series.answered else ends.falls_silent(series.samples)))
        parts = [Observation(at, whole[start : start + PART]) for start in range(0, len(whole), PART)]
        by_time: dict[int, list[Sample]] = {}
        for time, sample in series.stamped:
            by_time.setdefault(time, []).append(sample)
        return parts + [Observation(time, tuple(samples)) for time, samples in sorted(by_time.items())]

    def gone(self, source: str, at: int) -> Observation:
        """All series of a source that is not asked any more, or from now on in another way, as stale ones."""
        ends = self._ends.pop(source, None)
        return Observation(at, ends.falls_silent() if ends else ())

    def knows(self, source: str) -> bool:
        """Whether the source has answered, or was begun."""
        return source in self._ends

    def begin(self, source: str, known: Iterable[Labels]) -> None:
        """A source that will answer: ``known`` are its series of before, which end where its first answer lacks them."""
        self._ends[source] = SeriesEnds(known)

    def _of(self, source: str) -> SeriesEnds:
        return self._ends.setdefault(source, SeriesEnds())
