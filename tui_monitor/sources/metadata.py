"""What a probe may offer beside its result: type, help and unit of its metrics, as the target itself describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from tui_monitor.promql.exposition_comment import Metadata

_SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_info")
"""What a series' name has in addition to that of its metric (OpenMetrics counters and infos; histograms and summaries)."""


@runtime_checkable
class HasMetadata(Protocol):
    """A probe whose target describes its metrics."""

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """By the metric's name, as of the last good answer."""
        ...


def metadata_of(probes: Iterable[object]) -> dict[str, Metadata]:
    """What all of these describe; of a metric that several have the first counts."""
    found: dict[str, Metadata] = {}
    for probe in probes:
        if isinstance(probe, HasMetadata):
            for name, described in probe.metadata.items():
                found.setdefault(name, described)
    return found


def described(name: str, known: Mapping[str, Metadata]) -> Metadata:
    """What is known of a series' metric: by its own name, else by that of the histogram, summary or counter that it is part of."""
    if name in known:
        return known[name]
    stems = (name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix))
    return next((known[stem] for stem in stems if stem in known), Metadata())
