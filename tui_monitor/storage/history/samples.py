"""Samples of a set of series, from the finest resolution that still has them, within one read transaction."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import compress
from typing import NamedTuple

from tui_monitor.storage.history.aggregate import Aggregate, Minutes, aggregate, decode_aggregate, decode_minutes
from tui_monitor.storage.history.codec import decode_ints, decode_values
from tui_monitor.storage.history.columns import Columns, decode_minute
from tui_monitor.storage.history.rows import Reach, Rows
from tui_monitor.storage.history.schema import HOUR_MS, MINUTE_MS, key_of, unit_of
from tui_monitor.storage.history.series import Stretches

MOST_SAMPLES = 4_000_000
HOURLY_LOOKBACK_MS = 2 * HOUR_MS


class TooMany(Exception):
    """More samples than may be held in memory."""


class SamplesRead(NamedTuple):
    """Samples by series, whether the oldest of them are an hour apart, and what is known of the stretches that each of those ends."""

    samples: dict[int, Columns]
    hourly: bool
    stretches: dict[int, Stretches]


def read_samples(rows: Rows, ids: Collection[int], after_ms: int, until_ms: int, most: int = MOST_SAMPLES) -> SamplesRead:
    """Samples with after < time <= until: every sample where these are kept, before that the last one of each minute, then of each hour.

    The last one (with its own stamp), because rate() and increase() of a counter stay right over it, and a gauge's is a real sample.
    Hours are read from two hours before the window on, as their samples stay current for that long. Where every sample would be more
    than ``most``, the last ones of minutes (then hours) are read instead, as far as they are folded.
    """
    reach = rows.reach()
    folded = rows.first_unfolded_minute()
    for level in (reach, Reach(max(reach.raw, folded), reach.minutes), Reach(max(reach.raw, folded), max(reach.minutes, folded))):
        try:
            return _read(rows, ids, after_ms + 1, until_ms + 1, level, most if level.minutes < folded else 1 << 62)
        except TooMany:
            continue
    raise AssertionError("the coarsest level has no limit")


def _read(rows: Rows, ids: Collection[int], begin: int, end: int, level: Reach, most: int) -> SamplesRead:
    samples = {series: Columns() for series in ids}
    stretches: defaultdict[int, Stretches] = defaultdict(Stretches)
    hourly = 0
    coarse, fine = (max(begin, level.minutes), min(end, level.raw)), (max(begin, level.raw), end)
    if _count(rows, "minutes", ids, *coarse) + _count(rows, "raw", ids, *fine) > most:
        raise TooMany
    for series, part in (
        _aggregates(rows, "hours", ids, begin - HOURLY_LOOKBACK_MS, min(end, level.minutes)) if begin < level.minutes else ()
    ):
        samples[series].append(part.last_at, part.last)
        stretches[series].append(part)
        hourly += 1
    for series, minutes in _minutes(rows, ids, *coarse):
        samples[series].extend(minutes.times, minutes.lasts)
        stretches[series].extend(minutes)
    for series, columns in raw_samples(rows, ids, *fine):
        samples[series].extend(columns.times, columns.values)
    for at, series, value in unfolded_samples(rows, ids, begin, end):
        samples[series].append(at, value)
    for columns in samples.values():
        columns.sort()
    return SamplesRead({series: columns for series, columns in samples.items() if len(columns)}, hourly > 0, stretches)


def _count(rows: Rows, table: str, ids: Collection[int], begin: int, end: int) -> int:
    """The number of samples in the hours that overlap begin to end, an upper bound of those between them."""
    return sum(count for _, _, (count,) in rows.of(table, "n", begin // HOUR_MS, (end - 1) // HOUR_MS, ids)) if begin < end else 0


def raw_samples(rows: Rows, ids: Collection[int], begin: int, end: int) -> Iterator[tuple[int, Columns]]:
    """Every folded sample kept with begin <= time < end, in pieces."""
    if begin >= end:
        return
    chunks = []
    for hour, series, (axis, data) in rows.of("raw", "axis, data", begin // HOUR_MS, (end - 1) // HOUR_MS, ids):
        chunks.append((hour, series, key_of(hour, axis), data))
    stamps = {
        key: decode_ints(data, count, unit_of(key) * HOUR_MS) for key, (count, data) in rows.axes({chunk[2] for chunk in chunks}).items()
    }
    times: dict[int, array[int]] = {}
    for _, series, axis, data in chunks:
        if axis not in times:
            times[axis] = array("q", stamps[axis])
        yield series, Columns(times[axis], decode_values(data, len(times[axis]))).between(begin, end)
    axes: dict[tuple[int, bytes], array[int]] = {}
    for minute, series, (data,) in rows.of("recent", "data", begin // MINUTE_MS, (end - 1) // MINUTE_MS, ids):
        yield series, decode_minute(data, minute * MINUTE_MS, axes).between(begin, end)


def unfolded_samples(rows: Rows, ids: Collection[int], begin: int, end: int) -> Iterator[tuple[int, int, float]]:
    """(stamp, series, value) of samples that are in no minute's row yet."""
    for one in rows.unfolded():
        if begin <= one.at < end:
            for series, value in compress(zip(one.ids, one.values, strict=True), map(ids.__contains__, one.ids)):
                yield one.at, series, value


def _aggregates(rows: Rows, table: str, ids: Collection[int], begin: int, end: int) -> Iterator[tuple[int, Aggregate]]:
    """Aggregates in a folded table whose last sample has begin <= time < end."""
    if begin >= end:
        return
    if table == "hours":
        for hour, series, (data,) in rows.of("hours", "aggregate", begin // HOUR_MS, (end - 1) // HOUR_MS, ids):
            part = decode_aggregate(data, hour * HOUR_MS)
            if begin <= part.last_at < end:
                yield series, part
        return
    for series, minutes in _minutes(rows, ids, begin, end):
        columns = (minutes.counts, minutes.sums, minutes.lows, minutes.highs, minutes.lasts, minutes.times)
        for part in map(Aggregate, *columns):
            yield series, part


def _minutes(rows: Rows, ids: Collection[int], begin: int, end: int) -> Iterator[tuple[int, Minutes]]:
    """The minutes whose last sample has begin <= time < end, an hour at a time."""
    if begin < end:
        for hour, series, (data,) in rows.of("minutes", "data", begin // HOUR_MS, (end - 1) // HOUR_MS, ids):
            yield series, decode_minutes(data, hour * HOUR_MS).between(begin, end)


def read_aggregates(rows: Rows, ids: Collection[int], begin: int, end: int, step_ms: float) -> Iterator[tuple[int, Aggregate]]:
    """Aggregates (no finer than needed for steps of ``step_ms``) of stretches whose last sample has begin <= time < end."""
    reach = rows.reach()
    hours_end = 1 << 62 if step_ms >= HOUR_MS else reach.minutes
    yield from _aggregates(rows, "hours", ids, begin, min(end, hours_end))
    minutes_end = 1 << 62 if step_ms >= MINUTE_MS else reach.raw
    yield from _aggregates(rows, "minutes", ids, max(begin, hours_end), min(end, minutes_end))
    if step_ms < MINUTE_MS:
        for series, columns in raw_samples(rows, ids, max(begin, minutes_end), end):
            for at, value in zip(columns.times, columns.values, strict=True):
                yield series, aggregate((at,), (value,))
    else:
        for minute, series, (data,) in rows.of("recent", "aggregate", begin // MINUTE_MS, (end - 1) // MINUTE_MS, ids):
            part = decode_aggregate(data, minute * MINUTE_MS)
            if begin <= part.last_at < end:
                yield series, part
    for at, series, value in unfolded_samples(rows, ids, begin, end):
        yield series, aggregate((at,), (value,))
