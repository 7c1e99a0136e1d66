"""The tick row: all observations between two commits. Viewers follow these rows; after a crash they are folded."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from typing import NamedTuple

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Sample
from tui_monitor.storage.history.codec import CodecFault, deflate, inflate, planes, unplanes

_COUNT = struct.Struct("<I")
_HEAD = struct.Struct("<qI")


class Observed(NamedTuple):
    """Samples of one moment (UTC ms): ids of series and their values, side by side."""

    at: int
    ids: array[int]
    values: array[float]


@frozen
class Tick:
    """The observations of one moment: ``seq`` to continue from, UTC ms, samples, the look-back (ms) of the first."""

    seq: int
    at: int
    samples: tuple[Sample, ...]
    lookback_ms: int


@frozen
class Annotation:
    """An annotation: a moment (UTC ms) with a text and its author."""

    id: int
    at: int
    text: str
    author: str


def encode_tick(observed: Sequence[Observed]) -> bytes:
    """The observations of one commit, each with its own stamp."""
    ids, values = array("I"), array("d")
    heads = [_COUNT.pack(len(observed))]
    for one in observed:
        heads.append(_HEAD.pack(one.at, len(one.ids)))
        ids.extend(one.ids)
        values.extend(one.values)
    return deflate(b"".join(heads) + planes(ids.tobytes(), 4) + planes(values.tobytes(), 8), 1)


def decode_tick(data: bytes) -> list[Observed]:
    """The observations of ``encode_tick``. Raises CodecFault."""
    plain = inflate(data)
    try:
        (count,) = _COUNT.unpack_from(plain)
        at = _COUNT.size
        heads = [_HEAD.unpack_from(plain, at + number * _HEAD.size) for number in range(count)]
    except struct.error as error:
        raise CodecFault(f"tick: {error}") from error
    at += count * _HEAD.size
    total = sum(size for _, size in heads)
    if len(plain) != at + 12 * total:
        raise CodecFault("a tick is cut off")
    ids = array("I", unplanes(plain[at : at + 4 * total], 4))
    values = array("d", unplanes(plain[at + 4 * total :], 8))
    observed = []
    first = 0
    for stamp, size in heads:
        observed.append(Observed(stamp, ids[first : first + size], values[first : first + size]))
        first += size
    return observed
