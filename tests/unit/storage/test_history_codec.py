"""The store's encodings give back every bit."""

from __future__ import annotations

import math
import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.core.distribution import RELATIVE_ERROR, add, histogram_of, percentiles
from tui_monitor.core.values import STALE_NAN
from tui_monitor.storage.history.aggregate import (
    MinuteStretch,
    aggregate,
    combine,
    decode_aggregate,
    decode_stretches,
    encode_aggregate,
    encode_stretches,
)
from tui_monitor.storage.history.codec import CodecFault, decode_ints, decode_values, encode_ints, encode_values
from tui_monitor.storage.history.columns import Columns, decode_minute
from tui_monitor.storage.history.histogram import decode_histogram, encode_histogram
from tui_monitor.storage.history.ticks import Observed, decode_tick, encode_tick

DOUBLES = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from(
    (STALE_NAN, -0.0, 0.0, 1.0, 0.1, 1e300, 5e-324, 2.0**53, -(2.0**62))
)
RATIOS = st.tuples(st.integers(0, 400), st.sampled_from((99, 100, 101, 399, 400, 1000))).map(lambda pair: pair[0] / pair[1])
VALUES = st.lists(DOUBLES, min_size=1) | st.lists(RATIOS, min_size=1) | st.lists(st.integers(-(2**60), 2**60).map(float), min_size=1)


@settings(max_examples=300, deadline=None)
@given(VALUES, st.booleans())
def test_values_come_back_bit_by_bit(values: list[float], thorough: bool) -> None:
    """Any doubles, NaN payloads and signed zeros too."""
    column = array("d", values)
    assert decode_values(encode_values(column, thorough=thorough), len(column)).tobytes() == column.tobytes()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(-(2**61), 2**61), min_size=1))
def test_integers_come_back(ints: list[int]) -> None:
    """Any integers below 2**61 in size."""
    assert decode_ints(encode_ints(ints), len(ints)) == ints


@pytest.mark.parametrize(
    ("values", "most"),
    [
        ([1.0] * 3600, 0.01),
        ([float(10**9 + 300 * number) for number in range(3600)], 0.01),
        ([random.Random(number).randint(0, 100) / random.Random(-number).choice((99, 100, 101)) for number in range(3600)], 1.6),
        ([(10**6 + random.Random(number).randint(-50, 50)) * 4096 / 8_201_928_704 for number in range(3600)], 1.2),
        ([1.0 - (10**6 + random.Random(number).randint(-50, 50)) / 2_002_424 for number in range(3600)], 1.2),
        ([round(random.Random(number).gauss(50, 9), 1) for number in range(3600)], 1.6),
        ([random.Random(number).random() for number in range(3600)], 7.5),
    ],
    ids=["constant", "steady counter", "cpu ratio", "memory ratio", "one minus a share", "one decimal", "noise"],
)
def test_what_a_machine_yields_takes_few_bytes(values: list[float], most: float) -> None:
    """Bytes a sample by kind; only noise needs nearly all of a double's."""
    assert len(encode_values(array("d", values))) / len(values) <= most


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x09abc", b"\x03zzzz", b"\x02\xff", b"\x00\x01"])
def test_broken_bytes_are_a_fault_and_nothing_else(data: bytes) -> None:
    """Whatever stands in the file, reading raises CodecFault."""
    with pytest.raises(CodecFault):
        decode_values(data, 3)


@settings(max_examples=200, deadline=None)
@given(st.builds(bytes.__add__, st.sampled_from([b"", *(bytes((mode,)) for mode in range(6))]), st.binary(max_size=60)))
def test_random_bytes_are_a_fault_or_values(data: bytes) -> None:
    """No other exception comes out of the decoders."""
    for read in (
        lambda: decode_values(data, 3),
        lambda: decode_ints(data, 3),
        lambda: decode_minute(data, 0, {}),
        lambda: decode_tick(data),
        lambda: decode_stretches(data, 0),
    ):
        try:
            read()
        except CodecFault:
            continue


def test_a_tick_keeps_each_observation_apart() -> None:
    """Stamps, ids and values of several observations, stale markers too."""
    observed = [Observed(5, array("I", (1, 70_000)), array("d", (0.5, STALE_NAN))), Observed(7, array("I", (2,)), array("d", (1e-9,)))]
    back = decode_tick(encode_tick(observed))
    assert [(one.at, one.ids.tobytes(), one.values.tobytes()) for one in back] == [
        (one.at, one.ids.tobytes(), one.values.tobytes()) for one in observed
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 59), DOUBLES), min_size=1, max_size=40))
def test_aggregates_add_up_and_come_back(samples: list[tuple[int, float]]) -> None:
    """An hour's aggregate made of its minutes' is that of all its samples, but for the rounding of the sum."""
    by_minute: dict[int, list[float]] = {}
    for minute, value in sorted(samples, key=lambda sample: sample[0]):
        by_minute.setdefault(minute, []).append(value)
    parts = {minute: aggregate([minute * 60_000 + number for number in range(len(values))], values) for minute, values in by_minute.items()}
    stretches = [MinuteStretch(minute, part, b"") for minute, part in sorted(parts.items())]
    assert repr(decode_stretches(encode_stretches(stretches, 0), 0)) == repr(stretches)
    whole = combine(parts.values())
    assert repr(decode_aggregate(encode_aggregate(whole, 0), 0)).replace("-0.0", "0.0") == repr(whole).replace("-0.0", "0.0")
    values = [value for minute in sorted(by_minute) for value in by_minute[minute]]
    real = [value for value in values if not math.isnan(value)]
    assert whole.n == len(real)
    if real:
        assert (whole.low, whole.high) == (min(real), max(real))
    assert array("d", (whole.last,)).tobytes() == array("d", (values[-1],)).tobytes()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(1e-8, 1e6), min_size=1, max_size=300), st.sampled_from((0.0, 0.5, 0.95, 0.99, 1.0)), st.integers(1, 7))
def test_percentiles_of_merged_distributions_keep_their_error_bound(values: list[float], quantile: float, parts: int) -> None:
    """However the values are spread over minutes, the answer is within 1 % of the sample at that rank."""
    total: dict[int, int] = {}
    for part in range(parts):
        add(total, decode_histogram(encode_histogram(histogram_of(values[part::parts]))))
    exact = sorted(values)[math.floor(quantile * (len(values) - 1))]
    (answer,) = percentiles(total, (quantile,))
    assert abs(answer - exact) <= exact * (RELATIVE_ERROR + 1e-9)


def test_distributions_of_odd_values() -> None:
    """Zero and below are one bucket, infinity another; NaN is no value; nothing has no percentile."""
    counts = histogram_of([0.0, -5.0, math.inf, math.nan, STALE_NAN, 1.0])
    assert sum(counts.values()) == 4
    low, middle, high = percentiles(decode_histogram(encode_histogram(counts)), (0.0, 0.67, 1.0))
    assert (low, high) == (0.0, math.inf) and abs(middle - 1.0) < 0.01
    assert math.isnan(percentiles({}, (0.5,))[0])


def test_columns_sort_and_the_last_of_two_at_one_moment_stays() -> None:
    """Out of order and double stamps end up in order, once."""
    columns = Columns()
    for at, value in ((5, 1.0), (3, 2.0), (5, 3.0), (9, 4.0)):
        columns.append(at, value)
    columns.sort()
    assert (list(columns.times), list(columns.values)) == ([3, 5, 9], [2.0, 3.0, 4.0])
    assert list(columns.between(5, 9).times) == [5]
    assert [(unit, list(part.times)) for unit, part in columns.by_unit(4)] == [(0, [3]), (1, [5]), (2, [9])]
