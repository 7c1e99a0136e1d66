"""Functions over the samples of one window: rates, *_over_time, trends. Results equal those of Prometheus, rounding included."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import islice
from operator import mul, ne
from typing import NamedTuple

from tui_monitor.promql.numbers import NAN, compensated_sum, divide, kahan


class Bounds(NamedTuple):
    """The window (after, until] in milliseconds, the time of evaluation, and the function's number if it has one."""

    after: int
    until: int
    at: int
    parameter: float = NAN


RangeFunction = Callable[[Sequence[int], Sequence[float], Bounds], float | None]
"""Times and values (at least one, no staleness markers) to the result; None: the series gives none."""


def _growth(values: Sequence[float]) -> float:
    """The growth of a counter, resets counted in. Comparing with the sorted list is the fastest proof that there are none."""
    listed = list(values)
    growth = listed[-1] - listed[0]
    if sorted(listed) != listed:
        previous = listed[0]
        for value in listed:
            if value < previous:
                growth += previous
            previous = value
    return growth


def _stretch(times: Sequence[int], bounds: Bounds, zero_share: float | None) -> float:
    """The factor that extends the growth between first and last sample to the whole window.

    It reaches to the window's end where a sample would be due there, else half a sample's distance; a counter never reaches
    below zero, which it meets after ``zero_share`` of the sampled time (source: prometheus functions.go, extrapolatedRate).
    """
    to_start = (times[0] - bounds.after) / 1000
    to_end = (bounds.until - times[-1]) / 1000
    sampled = (times[-1] - times[0]) / 1000
    between = sampled / (len(times) - 1)
    threshold = between * 1.1
    if to_start >= threshold:
        to_start = between / 2
    if zero_share is not None:
        to_zero = sampled * zero_share
        if to_zero < to_start:
            to_start = to_zero
    if to_end >= threshold:
        to_end = between / 2
    return (sampled + to_start + to_end) / sampled


def increase(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """The growth of a counter over the window; two samples at least."""
    if len(times) < 2:
        return None
    growth = _growth(values)
    share = values[0] / growth if growth > 0 and values[0] >= 0 else None
    return growth * _stretch(times, bounds, share)


def rate(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """The growth of a counter per second; two samples at least."""
    if len(times) < 2:
        return None
    growth = _growth(values)
    share = values[0] / growth if growth > 0 and values[0] >= 0 else None
    return growth * (_stretch(times, bounds, share) / ((bounds.until - bounds.after) / 1000))


def delta(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """The change of a gauge over the window; two samples at least."""
    if len(times) < 2:
        return None
    return (values[-1] - values[0]) * _stretch(times, bounds, None)


def irate(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """The growth per second between the last two samples; after a reset the last value itself."""
    if len(times) < 2:
        return None
    change = values[-1] if values[-1] < values[-2] else values[-1] - values[-2]
    return change / ((times[-1] - times[-2]) / 1000)


def idelta(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """The change between the last two samples."""
    return values[-1] - values[-2] if len(times) > 1 else None


def changes(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float:
    """How often the value changed; from NaN to NaN is no change."""
    nans = sum(1 for value, previous in zip(islice(values, 1, None), values, strict=False) if value != value and previous != previous)
    return float(sum(map(ne, islice(values, 1, None), values)) - nans)


def resets(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float:
    """How often the value fell."""
    return float(sum(value < previous for value, previous in zip(islice(values, 1, None), values, strict=False)))


def _regression(times: Sequence[int], values: Sequence[float], origin: int) -> tuple[float, float]:
    """Least squares: the slope per second and the value at ``origin``."""
    first = values[0]
    if all(value == first for value in values):
        return (NAN, NAN) if math.isinf(first) else (0.0, first)
    count = len(times)
    seconds = [(time - origin) / 1000 for time in times]
    sum_x = compensated_sum(seconds)
    sum_y = compensated_sum(values)
    covariance = compensated_sum(list(map(mul, seconds, values))) - sum_x * sum_y / count
    variance = compensated_sum(list(map(mul, seconds, seconds))) - sum_x * sum_x / count
    slope = divide(covariance, variance)
    return slope, sum_y / count - slope * sum_x / count


def deriv(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """The slope per second of the straight line through the samples."""
    return _regression(times, values, times[0])[0] if len(times) > 1 else None


def predict_linear(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """The value of that line ``parameter`` seconds after the time of evaluation."""
    if len(times) < 2:
        return None
    slope, intercept = _regression(times, values, bounds.at)
    return slope * bounds.parameter + intercept


def variance(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float:
    """The population variance, by Welford's method with compensated sums."""
    mean = mean_error = squares = squares_error = 0.0
    for count, value in enumerate(values, 1):
        away = value - (mean + mean_error)
        mean, mean_error = kahan(away / count, mean, mean_error)
        squares, squares_error = kahan(away * (value - (mean + mean_error)), squares, squares_error)
    return (squares + squares_error) / len(values)


def deviation(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float:
    """The population standard deviation."""
    return math.sqrt(variance(times, values, bounds))


def maximum_of(values: Sequence[float]) -> float:
    """The largest of at least one value; NaN only of nothing else."""
    return _extreme(values, max)


def minimum_of(values: Sequence[float]) -> float:
    """The smallest of at least one value; NaN only of nothing else."""
    return _extreme(values, min)


def _extreme(values: Sequence[float], choose: Callable[..., float]) -> float:
    total = sum(values)
    if total == total:
        return choose(values)
    return choose((value for value in values if value == value), default=NAN)
