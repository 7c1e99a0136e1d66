"""Metadata of metrics (type, help, unit) as described by a probe's target."""

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
