"""Metadata of metrics (type, help, unit) as described by a probe's target."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Protocol, runtime_checkable

from tui_monitor.promql.exposition_comment import Metadata

_SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_info")
"""What a series' name has in addition to that of its metric (OpenMetrics counters and infos; histograms and summaries)."""

STORED_AS = "\0metadata"
"""The source (core.values.SavedState) under which the leader stores what its targets say, for viewers; no check can have this name."""
MOST_STORED = 20_000
LONGEST_HELP = 500


@runtime_checkable
class HasMetadata(Protocol):
    """A probe whose target describes its metrics."""

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """Metadata by metric name, from the last good answer."""
        ...


def metadata_of(probes: Iterable[object]) -> dict[str, Metadata]:
    """Metadata of all probes; the first one wins for a metric."""
    found: dict[str, Metadata] = {}
    for probe in probes:
        if isinstance(probe, HasMetadata):
            for name, described in probe.metadata.items():
                found.setdefault(name, described)
    return found


def described(name: str, known: Mapping[str, Metadata]) -> Metadata:
    """Metadata of a series' metric, by its own name or that of its histogram, summary or counter."""
    if name in known:
        return known[name]
    stems = (name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix))
    return next((known[stem] for stem in stems if stem in known), Metadata())


def encode_metadata(known: Mapping[str, Metadata]) -> bytes:
    """The stored form of what targets describe, at most 20,000 metrics with 500 characters of help; b"" for nothing."""
    if not known:
        return b""
    rows = [(name, said.type, said.unit, said.help[:LONGEST_HELP]) for name, said in islice(known.items(), MOST_STORED)]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 1)


def decode_metadata(data: bytes) -> dict[str, Metadata]:
    """The inverse of `encode_metadata`; {} where the bytes cannot be decoded."""
    try:
        rows = json.loads(zlib.decompress(data)) if data else []
        return {str(name): Metadata(type=str(kind), unit=str(unit), help=str(text)) for name, kind, unit, text in rows}
    except (zlib.error, ValueError, TypeError, RecursionError):
        return {}
