"""Rows of a configured SQL query become samples: the column `value` is the value, the other columns are labels."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tui_monitor.core.values import METRIC_NAME, Labels, Sample, labels_of
from tui_monitor.sources.net.excerpt import clean

MOST_ROWS = 1000
LABEL_LENGTH = 120
VALUE = "value"
_TAKEN = {"check", "type", "category", METRIC_NAME}
_NOT_IN_LABEL_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def samples_of_rows(metric: str, rows: Iterable[Mapping[str, Any]]) -> tuple[tuple[Sample, ...], str]:
    """(samples, what was wrong or ""): at most MOST_ROWS of them; a NULL value is no sample, a NULL label no label."""
    samples: dict[Labels, Sample] = {}
    wrong = ""
    for count, row in enumerate(rows):
        if count == MOST_ROWS:
            return tuple(samples.values()), f"more than {MOST_ROWS:,} rows: the rest is left out"
        if VALUE not in row:
            return (), f'the query has no column "{VALUE}"'
        if row[VALUE] is None:
            continue
        try:
            value = number_of(row[VALUE])
        except (OverflowError, ValueError):  # a whole number of 400 digits, a date that this machine's calendar does not know
            value = None
        if value is None:
            wrong = f'"{clean(str(row[VALUE]), 40)}" in the column "{VALUE}" is not a number'
            continue
        labels = labels_of(metric, **_labels(row))
        if labels in samples:
            wrong = "several rows have the same labels: the first of them counts"
        samples.setdefault(labels, Sample(labels, value))
    return tuple(samples.values()), wrong


def number_of(value: object) -> float | None:
    """Seconds for times and intervals, 0 and 1 for truth; None for what is no finite number."""
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.datetime):
        if value.replace(tzinfo=None) in (datetime.datetime.max, datetime.datetime.min):  # the driver's form of 'infinity'
            return None
        return (value if value.tzinfo else value.replace(tzinfo=datetime.UTC)).timestamp()
    if isinstance(value, bool | int | float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    return None


def _labels(row: Mapping[str, Any]) -> dict[str, str]:
    """Label names are made valid; those that every check's series carry become `exported_...`, as Prometheus does."""
    labels: dict[str, str] = {}
    for column, value in row.items():
        if column == VALUE or value is None:
            continue
        name = _NOT_IN_LABEL_NAMES.sub("_", column)[:LABEL_LENGTH]
        if name in _TAKEN:
            name = f"exported_{name}"
        elif not name or name[0].isdigit() or name.startswith("__"):
            name = f"column_{name}"
        labels[name] = clean(_text(value), LABEL_LENGTH)
    return labels


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.hex() if isinstance(value, bytes) else str(value)
