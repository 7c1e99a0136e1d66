"""The figures of a check: the newest values of its own series by short names. Standard library only."""

from __future__ import annotations

from functools import lru_cache

from tui_monitor.core.values import METRIC_NAME, Labels, ProbeResult, label

_PHASES = "probe_phase_seconds"
"""Shown as the phases themselves."""
MOST = 200


def figures_of(probe: ProbeResult) -> dict[str, float]:
    """The values of one probe by `figure_name`, the first 200: a thousand containers have four thousand, each second on every board."""
    shown = probe.samples[:MOST]
    return {figure_name(sample.labels): sample.value for sample in shown if label(sample.labels, METRIC_NAME) != _PHASES}


@lru_cache(maxsize=4096)
def figure_name(labels: Labels) -> str:
    """Name of a series in a check's row: the metric, and in braces the labels that distinguish it."""
    rest = ",".join(value for key, value in labels if key not in (METRIC_NAME, "check", "type", "category"))
    name = label(labels, METRIC_NAME)
    return f"{name}{{{rest}}}" if rest else name
