"""Aggregates of a minute or an hour of one series (count, sum, least, greatest, last): computing, combining and their codec."""

from __future__ import annotations

import math
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tui_monitor.storage.history.codec import CodecFault, decode_ints, decode_values, encode_ints, encode_values, join_parts, split_parts

_SAME = struct.Struct("<BIId")
_DIFFERENT = struct.Struct("<BII4d")
_BITS = struct.Struct("<d")
AGGREGATE_SIZES = (_SAME.size, _DIFFERENT.size)
"""Bytes that ``encode_aggregate`` writes."""


class Aggregate(NamedTuple):
    """The aggregate of the samples of one minute or hour. NaN and stale markers do not count, except as ``last`` (at ``last_at``, UTC ms).

    ``n`` is how many count; without any ``sum`` is 0 and ``low`` and ``high`` are NaN.
    """

    n: int
    sum: float
    low: float
    high: float
    last: float
    last_at: int

    @property
    def average(self) -> float:
        """The mean; NaN without samples."""
        return self.sum / self.n if self.n else math.nan


def aggregate(times: Sequence[int], values: Sequence[float]) -> Aggregate:
    """The aggregate of samples in time order (at least one)."""
    total = sum(values)
    if total == total:
        return Aggregate(len(values), total, min(values), max(values), values[-1], times[-1])
    real = [value for value in values if value == value]
    if not real:
        return Aggregate(0, 0.0, math.nan, math.nan, values[-1], times[-1])
    return Aggregate(len(real), sum(real), min(real), max(real), values[-1], times[-1])


def combine(parts: Iterable[Aggregate]) -> Aggregate:
    """One aggregate of several (at least one), in any order."""
    whole: Aggregate | None = None
    for part in parts:
        whole = part if whole is None else _both(whole, part)
    if whole is None:
        raise ValueError("nothing to combine")
    return whole


def _both(one: Aggregate, two: Aggregate) -> Aggregate:
    last, last_at = (two.last, two.last_at) if two.last_at >= one.last_at else (one.last, one.last_at)
    if not (one.n and two.n):
        full = one if one.n else two
        return Aggregate(full.n, full.sum, full.low, full.high, last, last_at)
    return Aggregate(one.n + two.n, one.sum + two.sum, min(one.low, two.low), max(one.high, two.high), last, last_at)


def encode_aggregate(part: Aggregate, begin: int) -> bytes:
    """17 bytes where all values were the same, 41 otherwise; ``begin`` is the stretch's first millisecond."""
    after = part.last_at - begin
    if part.low == part.high and part.sum == part.n * part.last and _BITS.pack(part.low) == _BITS.pack(part.last):
        return _SAME.pack(0, part.n, after, part.last)
    return _DIFFERENT.pack(1, part.n, after, part.sum, part.low, part.high, part.last)


def decode_aggregate(data: bytes, begin: int) -> Aggregate:
    """The aggregate of ``encode_aggregate``. Raises CodecFault."""
    try:
        if data[0] == 0:
            _, count, after, last = _SAME.unpack(data)
            return Aggregate(count, count * last, last, last, last, begin + after)
        _, count, after, total, low, high, last = _DIFFERENT.unpack(data)
        return Aggregate(count, total, low, high, last, begin + after)
    except (struct.error, IndexError) as error:
        raise CodecFault(f"aggregate: {error}") from error


class Minutes(NamedTuple):
    """Minutes of one hour as columns, in time order: their numbers, what `Aggregate` has of each, their distributions' bytes."""

    numbers: list[int]
    counts: list[int]
    times: array[int]
    sums: array[float]
    lows: array[float]
    highs: array[float]
    lasts: array[float]
    histograms: bytes

    def between(self, begin: int, end: int) -> Minutes:
        """Those whose last sample has begin <= time < end, without distributions."""
        part = slice(bisect_left(self.times, begin), bisect_left(self.times, end))
        values = (self.sums[part], self.lows[part], self.highs[part], self.lasts[part])
        return Minutes(self.numbers[part], self.counts[part], self.times[part], *values, b"")


class MinuteStretch(NamedTuple):
    """One minute within an hour's block: its number, its aggregate, its distribution's bytes (b"" for none)."""

    number: int
    aggregate: Aggregate
    histogram: bytes


def encode_stretches(stretches: Sequence[MinuteStretch], begin: int) -> bytes:
    """An hour's minutes (1 to 60, in order) as columns; ``begin`` is the hour's first millisecond."""
    parts = [part.aggregate for part in stretches]
    present = sum(1 << stretch.number for stretch in stretches).to_bytes(8, "little")
    columns = [
        encode_ints([part.n for part in parts]),
        encode_ints([part.last_at - begin for part in parts]),
        *(encode_values(array("d", column)) for column in zip(*(part[1:5] for part in parts), strict=True)),
    ]
    distributions = join_parts(stretch.histogram for stretch in stretches) if any(stretch.histogram for stretch in stretches) else b""
    return present + join_parts((*columns, distributions))


def decode_minutes(data: bytes, begin: int) -> Minutes:
    """The columns of ``encode_stretches``, without an object per minute, which a query over months could not afford. Raises CodecFault."""
    present = int.from_bytes(data[:8], "little")
    numbers = [number for number in range(60) if present >> number & 1]
    size = len(numbers)
    parts = split_parts(data[8:])
    if len(parts) != 7 or not size:
        raise CodecFault(f"{len(parts)} columns of minutes where 7 should be")
    times = array("q", [begin + offset for offset in decode_ints(parts[1], size)])
    sums, lows, highs, lasts = (decode_values(part, size) for part in parts[2:6])
    return Minutes(numbers, decode_ints(parts[0], size), times, sums, lows, highs, lasts, parts[6])


def decode_stretches(data: bytes, begin: int) -> list[MinuteStretch]:
    """The minutes of ``encode_stretches``. Raises CodecFault."""
    found = decode_minutes(data, begin)
    distributions = split_parts(found.histograms) if found.histograms else [b""] * len(found.numbers)
    if len(distributions) != len(found.numbers):
        raise CodecFault("a minute's distribution is missing")
    columns = (found.counts, found.sums, found.lows, found.highs, found.lasts, found.times)
    return [MinuteStretch(*one) for one in zip(found.numbers, map(Aggregate, *columns), distributions, strict=True)]
