"""The body of Prometheus' remote write 1.0: protobuf by hand (three messages), compressed with snappy.

Source: prometheus.io/docs/specs/prw/remote_write_spec, version 1.0.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence

from tui_monitor.core.values import METRIC_NAME, Labels

Series = tuple[Labels, Sequence[tuple[int, float]]]
"""A label set, and its samples (UTC ms, value) in time order."""
HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_DOUBLE = struct.Struct("<d")


def sendable(labels: Labels, added: Mapping[str, str]) -> Labels | None:
    """The labels with those added that are not there, sorted, empty ones left out; None where a receiver would refuse them."""
    merged = {**added, **dict(labels)}
    if not _METRIC.fullmatch(merged.get(METRIC_NAME, "")) or not all(map(_LABEL.fullmatch, merged)):
        return None
    return tuple(sorted((name, value) for name, value in merged.items() if value))


def body(series: Iterable[Series], encoded: Callable[[Labels], bytes]) -> bytes:
    """The compressed WriteRequest; ``encoded`` gives the bytes of a label set (`encode_labels`, perhaps kept)."""
    import cramjam

    plain = b"".join(
        _field(1, encoded(labels) + b"".join(_field(2, _sample(at, value)) for at, value in samples)) for labels, samples in series
    )
    return bytes(cramjam.snappy.compress_raw(plain))


def encode_labels(labels: Labels) -> bytes:
    """The labels of a TimeSeries message."""
    return b"".join(_field(1, _field(1, name.encode()) + _field(2, value.encode("utf-8", "replace"))) for name, value in labels)


def _sample(at: int, value: float) -> bytes:
    """A Sample message; NaN keeps its bits, so that stale markers stay ones."""
    return b"\x09" + _DOUBLE.pack(value) + b"\x10" + _varint(at & 0xFFFFFFFFFFFFFFFF)


def _field(number: int, data: bytes) -> bytes:
    """A length-delimited field."""
    return bytes((number << 3 | 2,)) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
