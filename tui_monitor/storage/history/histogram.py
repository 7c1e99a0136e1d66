"""The stored form of distributions (core/distribution.py)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from tui_monitor.core.distribution import Histogram
from tui_monitor.storage.history.codec import CodecFault, read_varint, unzigzag, varint, zigzag


def encode_histogram(counts: Mapping[int, int]) -> bytes:
    """Pairs of bucket (as distance from the one before) and count; two or three bytes each."""
    out = bytearray()
    before = 0
    for bucket, count in sorted(counts.items()):
        out += varint(zigzag(bucket - before)) + varint(count)
        before = bucket
    return bytes(out)


def decode_histogram(data: bytes) -> Histogram:
    """The distribution of ``encode_histogram``. Raises CodecFault."""
    if data.isascii() and len(data) % 2 == 0:  # the common case: every number fits in one byte
        return dict(zip(accumulate(map(unzigzag, data[::2])), data[1::2], strict=True))
    counts: Histogram = {}
    at = bucket = 0
    while at < len(data):
        try:
            step, at = read_varint(data, at)
            count, at = read_varint(data, at)
        except IndexError as error:
            raise CodecFault("a distribution is cut off") from error
        bucket += unzigzag(step)
        counts[bucket] = count
    return counts
