"""Points for charts, percentiles and uptime over long windows, from the folded resolutions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from tui_monitor.core.distribution import Histogram, add, histogram_of, percentiles
from tui_monitor.storage.history.aggregate import Aggregate, aggregate, combine, decode_aggregate, decode_stretches
from tui_monitor.storage.history.histogram import decode_histogram
from tui_monitor.storage.history.rows import Rows
from tui_monitor.storage.history.samples import raw_samples, read_aggregates, unfolded_samples
from tui_monitor.storage.history.schema import HOUR_MS, MINUTE_MS


class Point(NamedTuple):
    """One step of a chart, ending at ``at`` (UTC ms): the least, mean, greatest and last value in it."""

    at: int
    low: float
    average: float
    high: float
    last: float


def trend(rows: Rows, ids: Collection[int], after_ms: int, until_ms: int, points: int) -> dict[int, list[Point]]:
    """At most ``points`` steps of equal length by series; steps without samples are left out, so that gaps show."""
    step = max(1.0, (until_ms - after_ms) / max(1, points))
    wholes: dict[int, dict[int, Aggregate]] = {series: {} for series in ids}
    for series, part in read_aggregates(rows, ids, after_ms + 1, until_ms + 1, step):
        number = int((part.last_at - after_ms - 1) // step)
        known = wholes[series].get(number)
        wholes[series][number] = part if known is None else combine((known, part))
    return {
        series: [
            Point(after_ms + round((number + 1) * step), part.low, part.average, part.high, part.last)
            for number, part in sorted(steps.items())
            if part.n
        ]
        for series, steps in wholes.items()
    }


class Summary(NamedTuple):
    """The whole of one series in a window, the values at the quantiles asked for, and its chart.

    Without distributions the quantiles are those of the chart's means.
    """

    whole: Aggregate
    percentiles: list[float]
    steps: list[Point]


def window_summaries(
    rows: Rows, ids: Collection[int], quantiles: Sequence[float], after_ms: int, until_ms: int, points: int
) -> dict[int, Summary]:
    """The summary of each series over all samples with after < time <= until; series without any are left out."""
    counts: dict[int, Histogram] = {series: {} for series in ids}
    wholes: dict[int, Aggregate] = {}
    for series, part, histogram in cover(rows, ids, after_ms + 1, until_ms + 1):
        add(counts[series], histogram)
        known = wholes.get(series)
        wholes[series] = part if known is None else combine((known, part))
    steps = trend(rows, ids, after_ms, until_ms, points)
    return {
        series: Summary(whole, percentiles(_distribution(counts[series], whole, steps[series]), quantiles), steps[series])
        for series, whole in wholes.items()
        if whole.n
    }


def _distribution(counts: Histogram, whole: Aggregate, steps: Sequence[Point]) -> Histogram:
    """The stored distribution where it is of all samples, else that of the chart's means."""
    return counts if sum(counts.values()) >= whole.n else histogram_of(step.average for step in steps)


class Piece(NamedTuple):
    """A piece of a series' window: its aggregate and, where one was kept, its distribution."""

    series: int
    aggregate: Aggregate
    histogram: Histogram


class Figures(NamedTuple):
    """The figures of a window: the values at the quantiles asked for (NaN without a distribution) and the mean (None without samples)."""

    percentiles: list[float]
    mean: float | None
    samples: int = 0
    """How many samples there are."""


def window_figures(rows: Rows, ids: Collection[int], quantiles: Sequence[float], after_ms: int, until_ms: int) -> dict[int, Figures]:
    """The figures of each series over all samples with after < time <= until; a mean of 0 and 1 is the uptime."""
    counts: dict[int, Histogram] = {series: {} for series in ids}
    sizes, sums = dict.fromkeys(ids, 0), dict.fromkeys(ids, 0.0)
    for series, part, histogram in cover(rows, ids, after_ms + 1, until_ms + 1):
        add(counts[series], histogram)
        sizes[series] += part.n
        sums[series] += part.sum
    return {
        series: Figures(percentiles(counts[series], quantiles), sums[series] / size if size else None, size)
        for series, size in sizes.items()
    }


def cover(rows: Rows, ids: Collection[int], begin: int, end: int) -> Iterator[Piece]:
    """The window begin <= time < end in as few pieces as there are: whole hours, whole minutes, single samples at the edges.

    Where samples (or minutes) at an edge are no longer kept, the minute (or hour) counts whose last sample is in the window.
    """
    if begin >= end:
        return
    reach = rows.reach()
    whole = (-(-begin // HOUR_MS), end // HOUR_MS)
    for hour, series, (data, distribution) in rows.of("hours", "aggregate, histogram", begin // HOUR_MS, (end - 1) // HOUR_MS, ids):
        part = decode_aggregate(data, hour * HOUR_MS)
        kept_as_minutes = hour * HOUR_MS >= reach.minutes
        if whole[0] <= hour < whole[1] or (not kept_as_minutes and begin <= part.last_at < end):
            yield Piece(series, part, decode_histogram(distribution or b""))
    partial = {hour for hour in (begin // HOUR_MS, (end - 1) // HOUR_MS) if not whole[0] <= hour < whole[1]}
    for hour in sorted(partial):
        yield from _minutes_of_hour(rows, ids, hour, begin, end, reach.raw)
    for minute, series, (data, distribution) in rows.of(
        "recent", "aggregate, histogram", -(-begin // MINUTE_MS), end // MINUTE_MS - 1, ids
    ):
        yield Piece(series, decode_aggregate(data, minute * MINUTE_MS), decode_histogram(distribution or b""))
    yield from _edges(rows, ids, begin, end)


def _minutes_of_hour(rows: Rows, ids: Collection[int], hour: int, begin: int, end: int, raw_begin: int) -> Iterator[Piece]:
    for _, series, (data,) in rows.of("minutes", "data", hour, hour, ids):
        for stretch in decode_stretches(data, hour * HOUR_MS):
            first = hour * HOUR_MS + stretch.number * MINUTE_MS
            inside = begin <= first and first + MINUTE_MS <= end
            if inside or (first < raw_begin and begin <= stretch.aggregate.last_at < end):
                yield Piece(series, stretch.aggregate, decode_histogram(stretch.histogram))


def _edges(rows: Rows, ids: Collection[int], begin: int, end: int) -> Iterator[Piece]:
    """Single samples of minutes that are only partly in the window, and of those not folded yet."""
    first_whole, last_whole = -(-begin // MINUTE_MS) * MINUTE_MS, end // MINUTE_MS * MINUTE_MS
    spans = [(begin, end)] if last_whole <= first_whole else [(begin, first_whole), (last_whole, end)]
    for first, last in spans:
        for series, columns in raw_samples(rows, ids, first, last):
            if len(columns):
                yield Piece(series, aggregate(columns.times, columns.values), histogram_of(columns.values))
    for at, series, value in unfolded_samples(rows, ids, begin, end):
        yield Piece(series, aggregate((at,), (value,)), histogram_of((value,)))
