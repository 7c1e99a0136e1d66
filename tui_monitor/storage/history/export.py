"""Export of stored samples as OpenMetrics text with timestamps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path

from tui_monitor.core.values import METRIC_NAME, Labels, is_stale, label
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.reader import HistoryReader

SLICE_MS = 6 * 3_600_000
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_BARE_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_BARE_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def export(path: Path, matchers: Sequence[Matcher], start_ms: int, end_ms: int, write: Callable[[str], None]) -> int:
    """Write the samples with start <= time <= end of all series that fulfil the matchers; the last line is ``# EOF``.

    A line each: ``name{label="value"} value seconds.milliseconds``, a series' lines together, in time order; a stale marker is the value
    ``StaleNaN``. Raw samples where they are kept, else the last one of each minute or hour. Reads six hours of one series at a time.
    Returns the number of samples. Raises HistoryFault.
    """
    count = 0
    with closing(HistoryReader(path)) as reader:
        first, last = reader.span() or (0, -1)
        start_ms, end_ms = max(start_ms, first), min(end_ms, last)
        for name, group in groupby(sorted(reader.series(matchers), key=_by_name), key=lambda labels: label(labels, METRIC_NAME)):
            typed = False
            for labels in group:
                for line in _lines(reader, labels, start_ms, end_ms):
                    if not typed:
                        write(f"# TYPE {_quoted(name, _BARE_METRIC)} unknown\n")
                        typed = True
                    write(line)
                    count += 1
    write("# EOF\n")
    return count


def _by_name(labels: Labels) -> tuple[str, Labels]:
    return label(labels, METRIC_NAME), labels


def _lines(reader: HistoryReader, labels: Labels, start_ms: int, end_ms: int) -> Iterator[str]:
    head = exposition(labels)
    exact = tuple(Matcher(name, "=", value) for name, value in labels)
    for after in range(start_ms - 1, end_ms, SLICE_MS):
        until = min(end_ms, after + SLICE_MS)
        for series in reader.select(exact, after, until):
            if series.labels == labels:
                times, values = series.window(after, until)
                for at, value in zip(times, values, strict=True):
                    yield f"{head} {value_text(value)} {seconds_text(at)}\n"


def exposition(labels: Labels) -> str:
    """A series in the syntax of OpenMetrics; names outside the old character set are quoted."""
    name = label(labels, METRIC_NAME)
    pairs = [f'{_quoted(key, _BARE_LABEL)}="{value.translate(_ESCAPES)}"' for key, value in labels if key != METRIC_NAME]
    if name and not _BARE_METRIC.fullmatch(name):
        pairs.insert(0, _quoted(name, _BARE_METRIC))
        name = ""
    return f"{name}{{{','.join(pairs)}}}" if pairs else name


def _quoted(name: str, bare: re.Pattern[str]) -> str:
    return name if bare.fullmatch(name) else f'"{name.translate(_ESCAPES)}"'


def value_text(value: float) -> str:
    """The text of a value; parsing it gives the same double."""
    if value != value:
        return "StaleNaN" if is_stale(value) else "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)


def seconds_text(at_ms: int) -> str:
    """Seconds since 1970 to the millisecond."""
    return f"{at_ms // 1000}.{at_ms % 1000:03d}"
