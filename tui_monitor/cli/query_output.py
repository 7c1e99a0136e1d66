"""Results of `query` as text and CSV, and the position of an error in its expression."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import datetime

from tui_monitor.cli.language import words
from tui_monitor.cli.output import Data, print_line, table
from tui_monitor.core.humanize import cells
from tui_monitor.core.sanitize import clean
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import Labels
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.numbers import format_float, format_sample
from tui_monitor.promql.values import Matrix, Value, format_labels


def print_people(value: Value) -> None:
    """Print series and values in columns, a matrix as one block per series."""
    if isinstance(value, float | int):
        print(format_float(float(value)))
    elif isinstance(value, str):
        print(clean(value))
    elif not value:
        print(words(sys.stderr).say("no series"), file=sys.stderr)
    elif isinstance(value, Matrix):
        for labels, times, values in value:
            print_line((Data(format_labels(labels)), "bold"))
            table([(_local(at), format_sample(number)) for at, number in zip(times, values, strict=True)], indent="  ")
    else:
        table([(Data(format_labels(labels)), format_sample(number)) for labels, number in value])


def _local(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000).isoformat(sep=" ", timespec="milliseconds" if at_ms % 1000 else "seconds")
    except (ValueError, OverflowError, OSError):  # times in a file may be outside datetime's range
        return f"{at_ms / 1000:.3f}"


def print_csv(value: Value, at_ms: int) -> None:
    """Print CSV (RFC 4180), one row per sample: time (RFC 3339 UTC), value, then one column per label name."""
    rows = list(_samples(value, at_ms))
    names = sorted({name for labels, _, _ in rows for name, _ in labels})
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["time", "value", *map(_safe, names)])
    for labels, at, number in rows:
        known = dict(labels)
        writer.writerow([_utc(at), number, *(_safe(known.get(name, "")) for name in names)])


def _samples(value: Value, at_ms: int) -> Iterator[tuple[Labels, int, str]]:
    if isinstance(value, float | int):
        yield (), at_ms, format_float(float(value))
    elif isinstance(value, str):
        yield (), at_ms, _safe(value)
    elif isinstance(value, Matrix):
        for labels, times, values in value:
            yield from ((labels, at, format_sample(number)) for at, number in zip(times, values, strict=True))
    else:
        yield from ((labels, at_ms, format_sample(number)) for labels, number in value)


def _utc(at_ms: int) -> str:
    try:
        return rfc3339(at_ms)
    except (ValueError, OverflowError, OSError):
        return f"{at_ms / 1000:.3f}"


def _safe(text: str) -> str:
    """The text, cleaned on a terminal and unchanged in a file or pipe."""
    return clean(text, newlines=True) if sys.stdout.isatty() else text


def pointer(error: PromqlError | EvaluationError) -> str:
    """The indented line of the expression with carets under the error; "" where the position is unknown."""
    line, _, marks = error.pointer().partition("\n") if isinstance(error, PromqlError) else ("", "", "")
    if not marks:
        return ""
    start, length = len(marks) - len(marks.lstrip()), marks.count("^")
    before, part = clean(line[:start]), clean(line[start : start + length])
    return f"  {before}{part}{clean(line[start + length :])}\n  {' ' * cells(before)}{'^' * max(1, cells(part))}\n"
