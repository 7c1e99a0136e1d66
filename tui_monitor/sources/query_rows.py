"""Conversion of query rows to samples: the column `value` is the value, all others are labels."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from tui_monitor.core.values import METRIC_NAME, Labels, Sample, labels_of
from tui_monitor.sources.distinct import kept_apart
from tui_monitor.sources.net.excerpt import clean

MOST_ROWS = 1000
LABEL_LENGTH = 120
VALUE = "value"
_TAKEN = {"check", "type", "category", METRIC_NAME}
_NOT_IN_LABEL_NAMES = re.compile(r"[^a-zA-Z0-9_]")


class Row(Protocol):
    """A result row: columns by name in their order; names can repeat."""

    def items(self) -> Iterable[tuple[str, Any]]:
        """The columns and their values."""
        ...


class NamedCells:
    """A row whose columns may have equal names."""

    __slots__ = ("_cells", "_columns")

    def __init__(self, columns: Sequence[str], cells: Sequence[Any]) -> None:
        self._columns, self._cells = columns, cells

    def items(self) -> list[tuple[str, Any]]:
        """The columns and their values."""
        return list(zip(self._columns, self._cells, strict=False))


def samples_of_rows(metric: str, rows: Iterable[Row]) -> tuple[tuple[Sample, ...], str]:
    """(samples, fault or ""), at most MOST_ROWS samples; a NULL value gives no sample, a NULL label no label.

    Columns whose names become the same label get suffixes: the second of "a-b" and "a b" is `a_b_2`.
    """
    names: dict[tuple[str, ...], list[str]] = {}
    samples: dict[Labels, Sample] = {}
    wrong = ""
    for count, row in enumerate(rows):
        if count == MOST_ROWS:
            return tuple(samples.values()), f"more than {MOST_ROWS:,} rows: the rest is left out"
        columns = tuple(column for column, _ in row.items())
        if columns.count(VALUE) != 1:
            return (), f'the query has {"no" if VALUE not in columns else "more than one"} column "{VALUE}"'
        cells = [cell for _, cell in row.items()]
        found = cells[columns.index(VALUE)]
        if found is None:
            continue
        value = _number(found)
        if value is None:
            wrong = f'"{clean(str(found), 40)}" in the column "{VALUE}" is not a number'
            continue
        labels = labels_of(metric, **_labels(names.setdefault(columns, label_names(columns)), cells))
        if labels in samples:
            wrong = "several rows have the same labels: the first of them counts"
        samples.setdefault(labels, Sample(labels, value))
    return tuple(samples.values()), wrong


def number_of(value: object) -> float | None:
    """A value as a float: seconds for times and intervals, 0 and 1 for booleans; None if not a finite number."""
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


def _number(value: object) -> float | None:
    try:
        return number_of(value)
    except (OverflowError, ValueError):  # an integer of 400 digits, a date outside datetime's range
        return None


def label_names(columns: Sequence[str]) -> list[str]:
    """A valid label name per column, "" for the value. Labels of every check's series become `exported_...`, as in Prometheus;
    duplicates get a number.
    """
    return kept_apart("" if column == VALUE else _label_name(column) for column in columns)


def _label_name(column: str) -> str:
    name = _NOT_IN_LABEL_NAMES.sub("_", column)[:LABEL_LENGTH]
    if name in _TAKEN:
        return f"exported_{name}"
    return f"column_{name}" if not name or name[0].isdigit() or name.startswith("__") else name


def _labels(names: Iterable[str], cells: Iterable[Any]) -> dict[str, str]:
    return {name: clean(_text(cell), LABEL_LENGTH) for name, cell in zip(names, cells, strict=True) if name and cell is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.hex() if isinstance(value, bytes) else str(value)
