"""Results of queries, and the small operations on label sets that all functions share."""

from __future__ import annotations

import re

from tui_monitor.core.values import METRIC_NAME, Labels, labels_of

Vector = list[tuple[Labels, float]]
"""An instant vector: label sets with their values, in the order in which they were evaluated."""

SeriesRange = tuple[Labels, list[int], list[float]]
"""One series over time: label set, UTC milliseconds, values."""


class Matrix(list[SeriesRange]):
    """A range vector: series with their samples. A class of its own so that an empty one is not taken for a Vector."""


Value = Vector | float | str | Matrix
"""Any answer of a query."""

_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_METADATA = (METRIC_NAME, "__type__", "__unit__")


def drop_name(labels: Labels) -> Labels:
    """The label set without the metric's name (and the type and unit that go with it)."""
    if labels and labels[0][0] == METRIC_NAME and (len(labels) == 1 or labels[1][0] > "__unit__"):
        return labels[1:]
    return tuple([pair for pair in labels if pair[0] not in _METADATA])


def keep(labels: Labels, names: frozenset[str]) -> Labels:
    """Only the named labels."""
    return tuple([pair for pair in labels if pair[0] in names])


def without(labels: Labels, names: frozenset[str]) -> Labels:
    """All but the named labels."""
    return tuple([pair for pair in labels if pair[0] not in names])


def format_labels(labels: Labels) -> str:
    """The label set as Prometheus writes it in errors and expressions: name{a="b"}; names that are no words are quoted."""
    name = next((value for key, value in labels if key == METRIC_NAME), "")
    pairs = [f"{key if _LABEL.fullmatch(key) else quote(key)}={quote(value)}" for key, value in labels if key != METRIC_NAME]
    if name and not _METRIC.fullmatch(name):
        pairs, name = [quote(name), *pairs], ""
    return f"{name}{{{', '.join(pairs)}}}" if pairs or not name else name


def selection(metric: str, **labels: str) -> str:
    """The PromQL that selects a metric with these labels."""
    return format_labels(labels_of(metric, **labels))


def quote(text: str) -> str:
    """The text as a PromQL string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return f'"{escaped}"'
