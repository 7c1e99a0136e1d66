"""The history's columns: arbitrary bytes are decoded or refused, and what was written comes back bit by bit."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.core.distribution import histogram_of
from tui_monitor.core.values import STALE_NAN
from tui_monitor.storage.history import codec, columns, histogram
from tui_monitor.storage.history.codec import CodecFault

COUNT = 12
_READERS = (
    lambda data: codec.decode_ints(data, COUNT),
    lambda data: codec.decode_values(data, COUNT),
    lambda data: columns.decode_minute(data, 1_790_000_000_000, {}),
    histogram.decode_histogram,
    codec.split_parts,
)


def _decode(data: bytes) -> bool:
    """Every reader of stored bytes; the first byte says nothing to any of them."""
    accepted = False
    for read in _READERS:
        try:
            read(data)
            accepted = True
        except CodecFault:
            continue
    return accepted


def _round_trip(data: bytes) -> bool:
    """Eight bytes each are a double: encoded both ways, they come back the same."""
    values = array("d", data[: len(data) // 8 * 8][:800])
    if not values:
        return False
    for thorough in (True, False):
        found = codec.decode_values(codec.encode_values(values, thorough=thorough), len(values))
        assert found.tobytes() == values.tobytes(), (values, found)
    whole = [int(value) for value in values if math.isfinite(value) and abs(value) < 2**61]
    if whole:
        assert codec.decode_ints(codec.encode_ints(whole), len(whole)) == whole
    counts = histogram_of(values)
    assert histogram.decode_histogram(histogram.encode_histogram(counts)) == counts
    return True


def _series() -> list[array[float]]:
    odd = [STALE_NAN, math.nan, math.inf, -math.inf, -0.0, 5e-324]
    plain: list[list[float]] = [[1.0] * COUNT, [*range(COUNT)], odd * 2, [0.25, 0.5] * (COUNT // 2)]
    ways: list[Callable[[int], float]] = [lambda number: 0.1 * number, lambda number: 1 - number / 3333, math.sin]
    return [array("d", values) for values in (*plain, *([way(number) for number in range(COUNT)] for way in ways))]


def _blobs() -> list[bytes]:
    """What the codec itself writes, whole and as a minute's row."""
    found = [codec.encode_values(values, thorough=thorough) for values in _series() for thorough in (True, False)]
    found += [codec.encode_ints([5 * number * number for number in range(COUNT)]), codec.encode_ints(list(range(0, 10 * COUNT, 10)))]
    found += [histogram.encode_histogram(histogram_of(values)) for values in _series()]
    minute = columns.Columns(array("q", range(1_790_000_000_000, 1_790_000_000_000 + 1000 * COUNT, 1000)), _series()[-1])
    return [*found, columns.encode_minute(minute, 1_790_000_000_000, {}), codec.join_parts(found)]


TARGETS = (
    Target(name="history-blob", kind="bytes", call=_decode, seeds=_blobs, fence=lambda: unfenced(codec.decode_values)),
    Target(
        name="history-values",
        kind="bytes",
        call=_round_trip,
        seeds=lambda: [values.tobytes() for values in _series()],
        fence=lambda: unfenced(codec._rational),
    ),
)
