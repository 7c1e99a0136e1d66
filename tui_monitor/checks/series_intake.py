"""Intake of a source's complete answers: vanished series end, and large pages are passed on in parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_monitor.checks.series_ends import SeriesEnds
from tui_monitor.core.values import AllSeries, Labels, Observation, Sample

PART = 1000
"""Samples that are stored at once; takes 1 to 2 ms."""


class SeriesIntake:
    """The live series of each source that returns all of them with every answer (a scrape's target, an SQL query)."""

    def __init__(self) -> None:
        self._ends: dict[str, SeriesEnds] = {}

    def answer(self, source: str, at: int, samples: Sequence[Sample]) -> Observation:
        """A complete answer, with end markers of the series that it lacks."""
        return Observation(at, (*samples, *self._of(source).ends(samples)))

    def page(self, source: str, at: int, series: AllSeries) -> list[Observation]:
        """As `answer`, in parts for pages of thousands of series; samples with own times follow in separate observations."""
        ends = self._of(source)
        whole = (*series.samples, *(ends.ends(series.samples) if series.answered else ends.falls_silent(series.samples)))
        parts = [Observation(at, whole[start : start + PART]) for start in range(0, len(whole), PART)]
        by_time: dict[int, list[Sample]] = {}
        for time, sample in series.stamped:
            by_time.setdefault(time, []).append(sample)
        return parts + [Observation(time, tuple(samples)) for time, samples in sorted(by_time.items())]

    def gone(self, source: str, at: int) -> Observation:
        """Staleness markers for all series of a source that was removed or changed."""
        ends = self._ends.pop(source, None)
        return Observation(at, ends.falls_silent() if ends else ())

    def knows(self, source: str) -> bool:
        """Whether the source has answered or was registered by `begin`."""
        return source in self._ends

    def begin(self, source: str, known: Iterable[Labels]) -> None:
        """Register a source; ``known`` are its earlier series, which end where its first answer lacks them."""
        self._ends[source] = SeriesEnds(known)

    def _of(self, source: str) -> SeriesEnds:
        return self._ends.setdefault(source, SeriesEnds())
