"""The times and values of one series as columns: sorting, deduplication, slicing, encoding of one minute."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator

from tui_monitor.storage.history.codec import (
    BROKEN,
    CodecFault,
    decode_ints,
    decode_values,
    encode_ints,
    encode_values,
    read_varint,
    varint,
)


class Columns:
    """Samples of one series; in time order once ``sort`` was called (appending in order keeps it so)."""

    __slots__ = ("_sorted", "times", "values")

    def __init__(self, times: array[int] | None = None, values: array[float] | None = None) -> None:
        self.times: array[int] = array("q") if times is None else times
        self.values: array[float] = array("d") if values is None else values
        self._sorted = True

    def __len__(self) -> int:
        return len(self.times)

    def append(self, at: int, value: float) -> None:
        """Add one sample."""
        if self.times and at <= self.times[-1]:
            self._sorted = False
        self.times.append(at)
        self.values.append(value)

    def extend(self, times: array[int], values: array[float]) -> None:
        """Add samples that are in time order among themselves."""
        if times and self.times and times[0] <= self.times[-1]:
            self._sorted = False
        self.times.extend(times)
        self.values.extend(values)

    def move_after(self, moment: int, delta: int) -> None:
        """Add ``delta`` to the times after ``moment``."""
        self.times = array("q", [at + delta if at > moment else at for at in self.times])
        self._sorted = False

    def sort(self) -> None:
        """Put the samples in time order; of two with the same time the later added one stays."""
        if self._sorted:
            return
        latest = dict(zip(self.times, range(len(self.times)), strict=True))
        order = [latest[at] for at in sorted(latest)]
        self.times = array("q", [self.times[place] for place in order])
        self.values = array("d", [self.values[place] for place in order])
        self._sorted = True

    def between(self, begin: int, end: int) -> Columns:
        """The samples with begin <= time < end; the columns must be sorted."""
        first, last = bisect_left(self.times, begin), bisect_left(self.times, end)
        return self if first == 0 and last == len(self.times) else Columns(self.times[first:last], self.values[first:last])

    def by_unit(self, unit_ms: int) -> Iterator[tuple[int, Columns]]:
        """The samples (sorted) of each minute or hour: its number since 1970 and its samples."""
        first = 0
        while first < len(self.times):
            unit = self.times[first] // unit_ms
            last = bisect_left(self.times, (unit + 1) * unit_ms, first)
            yield unit, Columns(self.times[first:last], self.values[first:last])
            first = last


def encode_minute(columns: Columns, begin: int, axes: dict[bytes, bytes]) -> bytes:
    """The encoded samples of one minute; ``axes`` caches the encoded stamps, which most series share."""
    raw = columns.times.tobytes()
    axis = axes.get(raw)
    if axis is None:
        axis = axes[raw] = encode_ints([at - begin for at in columns.times], 1)
    return varint(len(columns)) + varint(len(axis)) + axis + encode_values(columns.values, thorough=False)


def decode_minute(data: bytes, begin: int, axes: dict[tuple[int, bytes], array[int]]) -> Columns:
    """The samples of ``encode_minute``; ``axes`` caches decoded stamps. Raises CodecFault."""
    try:
        count, at = read_varint(data, 0)
        size, at = read_varint(data, at)
        key = (begin, data[at : at + size])
        times = axes.get(key)
        if times is None:
            times = axes[key] = array("q", [begin + offset for offset in decode_ints(key[1], count)])
    except BROKEN as error:
        raise CodecFault(f"a minute: {error}") from error
    return Columns(times, decode_values(data[at + size :], count))
