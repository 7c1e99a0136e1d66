"""Distributions: histograms with logarithmic buckets, which can be added, so that percentiles of a month are exact to 1 %.

A bucket i holds gamma**(i-1) < value <= gamma**i with gamma = 1.02 and answers with a value whose relative error is at
most (gamma - 1) / (gamma + 1) = 0.99 %. Values of a nanosecond and less (zero, negative) share one bucket that answers 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

GAMMA = 1.02
RELATIVE_ERROR = (GAMMA - 1) / (GAMMA + 1)
SMALLEST = 1e-9
ZERO_BUCKET = -1100
INFINITE_BUCKET = 40_000
_LOG_GAMMA = math.log(GAMMA)

Histogram = dict[int, int]
"""Bucket number to count."""


def bucket_of(value: float) -> int:
    """The bucket of a value that is not NaN."""
    if value <= SMALLEST:
        return ZERO_BUCKET
    return INFINITE_BUCKET if math.isinf(value) else math.ceil(math.log(value) / _LOG_GAMMA)


def value_of(bucket: int) -> float:
    """The representative value of a bucket."""
    if bucket == ZERO_BUCKET:
        return 0.0
    return math.inf if bucket == INFINITE_BUCKET else 2 * GAMMA**bucket / (GAMMA + 1)


def histogram_of(values: Iterable[float]) -> Histogram:
    """The distribution of the values; NaN and stale markers are left out."""
    counts: Histogram = {}
    for value in values:
        if value == value:
            bucket = bucket_of(value)
            counts[bucket] = counts.get(bucket, 0) + 1
    return counts


def add(total: Histogram, more: Mapping[int, int]) -> None:
    """Add ``more`` to ``total``."""
    for bucket, count in more.items():
        total[bucket] = total.get(bucket, 0) + count


def percentiles(counts: Mapping[int, int], quantiles: Sequence[float]) -> list[float]:
    """The value at each quantile (0 to 1; the sample at rank floor(q * (n - 1))); NaN where there is none."""
    size = sum(counts.values())
    if not size:
        return [math.nan] * len(quantiles)
    ordered = sorted(counts.items())
    answers = []
    for quantile in quantiles:
        rank = math.floor(min(1.0, max(0.0, quantile)) * (size - 1))
        below = 0
        for bucket, count in ordered:
            below += count
            if below > rank:
                answers.append(value_of(bucket))
                break
    return answers
