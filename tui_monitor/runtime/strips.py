"""Strips of checks read from the history: the worst health, the uptime and the mean latency of each slot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from tui_monitor.board.strip import SlotSamples, Strip, strip
from tui_monitor.core.values import METRIC_NAME, Labels, label
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.interface import HistoryQueries

METRICS = ("check_health", "probe_success", "probe_duration_seconds")
_NOTHING = SlotSamples()


def read_strips(reader: HistoryQueries, names: Sequence[str], bounds: Sequence[int], *, level: bool) -> dict[str, Strip]:
    """The strip of each check. Slots of one length are read at once, calendar days (23 to 25 h) one by one. Raises StorageFault.

    One day of all checks is held in memory at a time: 90 days of hours for 100 checks would be 600,000 points.
    """
    found = {name: [_NOTHING] * (len(bounds) - 1) for name in names}
    for metric in METRICS:
        for name, number, low, average, high in _points(reader, metric, bounds):
            if name in found and 0 <= number < len(found[name]):
                found[name][number] = _with(found[name][number], metric, low, average, high)
    return {name: strip(bounds, samples, level=level) for name, samples in found.items()}


def _points(reader: HistoryQueries, metric: str, bounds: Sequence[int]) -> Iterator[tuple[str, int, float, float, float]]:
    """(check, slot, least, mean, greatest) of a metric."""
    matchers = (Matcher(METRIC_NAME, "=", metric),)
    lengths = {end - begin for begin, end in pairwise(bounds)}
    if len(lengths) == 1:
        length = lengths.pop()
        for labels, points in reader.downsampled_all(matchers, bounds[0] - 1, bounds[-1] - 1, len(bounds) - 1).items():
            for point in points:
                yield _check(labels), (point.at + 1 - bounds[0]) // length - 1, point.low, point.average, point.high
        return
    for number, (begin, end) in enumerate(pairwise(bounds)):
        for labels, points in reader.downsampled_all(matchers, begin - 1, end - 1, 1).items():
            for point in points:
                yield _check(labels), number, point.low, point.average, point.high


def _check(labels: Labels) -> str:
    return label(labels, "check")


def _with(known: SlotSamples, metric: str, low: float, average: float, high: float) -> SlotSamples:
    """With one more series; a check whose type or category has changed has two in a slot, and the worse one counts."""
    if metric == "check_health":
        return replace(known, health=high if known.health is None else max(known.health, high))
    if metric == "probe_success":
        return replace(known, uptime=average if known.uptime is None else min(known.uptime, average))
    return replace(known, seconds=average if known.seconds is None else max(known.seconds, average))
