"""Strips of checks read from the history: the worst health, the uptime and the mean latency of each slot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise

from tui_monitor.board.strip import SlotSamples, Strip, strip
from tui_monitor.core.frozen import frozen
from tui_monitor.core.kept import Kept
from tui_monitor.core.values import METRIC_NAME, Labels, label
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.interface import HistoryQueries

WORSE: Mapping[str, Callable[[float, float], float]] = {"check_health": max, "probe_success": min, "probe_duration_seconds": max}
"""Which of two values counts: a check whose type or category has changed has two series in a slot."""
_NOTHING = SlotSamples()
Samples = Mapping[str, Sequence[SlotSamples]]
LATE_MS = 120_000
"""So long after its end a slot is read again, as samples reach the history a little later."""
MOST_KNOWN = 8
"""Sets of checks and lengths of slots of which strips are kept: a screen has a few."""
WHOLE_EVERY_MS = 3_600_000
"""How often all slots are read again: a disk that was full may have been written to later still."""


def read_strips(reader: HistoryQueries, names: Sequence[str], bounds: Sequence[int], *, level: bool) -> dict[str, Strip]:
    """The strip of each check. Slots of one length are read at once, calendar days (23 to 25 h) one by one. Raises StorageFault.

    One day of all checks is held in memory at a time: 90 days of hours for 100 checks would be 600,000 points.
    """
    return {name: strip(bounds, samples, level=level) for name, samples in _samples(reader, names, bounds).items()}


@frozen
class _Known:
    """What was read last for strips of the present; ``whole_at``: up to when (UTC ms) all of it was read at once."""

    bounds: tuple[int, ...]
    samples: Samples
    whole_at: int


class StripReader:
    """Reads the strips of a screen again and again: only their newest slots, and only the checks that have new samples are made anew.

    An hour of 200 checks takes 0.45 s of CPU as a whole, 60 ms so. Used by one thread at a time.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], int], _Known] = {}
        self._strips: Kept[Strip] = Kept()

    def read(self, reader: HistoryQueries, names: Sequence[str], bounds: Sequence[int], *, level: bool) -> dict[str, Strip]:
        """As `read_strips`."""
        if len(bounds) < 3:
            return read_strips(reader, names, bounds, level=level)
        wanted, limits = tuple(names), tuple(bounds)
        samples = self._samples(reader, wanted, limits)
        return {
            name: self._strips.of((name, limits[1] - limits[0]), (limits, level, found), partial(strip, limits, found, level=level))
            for name, found in samples.items()
        }

    def _samples(self, reader: HistoryQueries, names: tuple[str, ...], bounds: tuple[int, ...]) -> Samples:
        key = (names, bounds[1] - bounds[0])
        known = self._known.pop(key, None)
        final = 0 if known is None or bounds[-1] - known.whole_at > WHOLE_EVERY_MS else _final_slots(known.bounds, bounds)
        found, whole_at = _samples(reader, names, bounds[final:]), bounds[-1]
        if known is not None and final:
            first, whole_at = known.bounds.index(bounds[0]), known.whole_at
            found = {name: [*known.samples[name][first : first + final], *found[name]] for name in names}
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = _Known(bounds, found, whole_at)
        return found


def _final_slots(before: tuple[int, ...], bounds: tuple[int, ...]) -> int:
    """How many of the first slots between ``bounds`` stand in ``before``, too, and were over long before that was read."""
    if bounds[0] not in before:
        return 0
    first = before.index(bounds[0])
    over = [end for end in before[first + 1 :] if end <= before[-2] - LATE_MS]
    return len(over) if before[first : first + len(over) + 1] == bounds[: len(over) + 1] and len(over) < len(bounds) - 1 else 0


def _samples(reader: HistoryQueries, names: Sequence[str], bounds: Sequence[int]) -> Samples:
    values: dict[str, dict[tuple[str, int], float]] = {metric: {} for metric in WORSE}
    for metric, worse in WORSE.items():
        found = values[metric]
        for name, number, average, high in _points(reader, metric, bounds):
            value = high if metric == "check_health" else average
            found[name, number] = worse(found[name, number], value) if (name, number) in found else value
    slots, measured = range(len(bounds) - 1), set().union(*values.values())
    columns = list(values.values())
    return {
        name: [SlotSamples(*(each.get((name, slot)) for each in columns)) if (name, slot) in measured else _NOTHING for slot in slots]
        for name in names
    }


def _points(reader: HistoryQueries, metric: str, bounds: Sequence[int]) -> Iterator[tuple[str, int, float, float]]:
    """(check, slot, mean, greatest) of a metric."""
    matchers = (Matcher(METRIC_NAME, "=", metric),)
    lengths = {end - begin for begin, end in pairwise(bounds)}
    if len(lengths) == 1:
        length = lengths.pop()
        for labels, points in reader.downsampled_all(matchers, bounds[0] - 1, bounds[-1] - 1, len(bounds) - 1).items():
            name = _check(labels)
            for point in points:
                yield name, (point.at + 1 - bounds[0]) // length - 1, point.average, point.high
        return
    for number, (begin, end) in enumerate(pairwise(bounds)):
        for labels, points in reader.downsampled_all(matchers, begin - 1, end - 1, 1).items():
            for point in points:
                yield _check(labels), number, point.average, point.high


def _check(labels: Labels) -> str:
    return label(labels, "check")
