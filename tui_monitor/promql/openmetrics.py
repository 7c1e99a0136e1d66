"""Samples of OpenMetrics text files with timestamps, in memory, so that queries run over them instead of the store."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path

from tui_monitor.core.values import METRIC_NAME, STALE_NAN, Labels
from tui_monitor.promql.exposition_line import read_head, read_seconds, read_value
from tui_monitor.promql.queryable import DEFAULT_LOOKBACK_MS, Matcher, exact_name, fulfils

_EXEMPLAR = re.compile(r"\s#\s.*$")


class FileError(ValueError):
    """The file is not readable as OpenMetrics text; the message names the file and the line."""


class FileSeries:
    """One series of a file, in time order."""

    __slots__ = ("labels", "lookback_ms", "times", "values")

    def __init__(self, labels: Labels, samples: dict[int, float]) -> None:
        self.labels = labels
        self.lookback_ms = DEFAULT_LOOKBACK_MS
        self.times = array("q", sorted(samples))
        self.values = array("d", (samples[time] for time in self.times))

    def latest(self, until_ms: int) -> tuple[int, float] | None:
        """The newest sample with time <= until, stale markers too."""
        index = bisect_right(self.times, until_ms)
        return (self.times[index - 1], self.values[index - 1]) if index else None

    def window(self, after_ms: int, until_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Times and values with after < time <= until."""
        first = bisect_right(self.times, after_ms)
        last = bisect_right(self.times, until_ms, first)
        return self.times[first:last], self.values[first:last]


class FileStorage:
    """The series of a file; implements promql.storage.Queryable. Nothing changes after it was made."""

    generation = 0

    def __init__(self, series: Iterable[FileSeries]) -> None:
        self.series = sorted(series, key=lambda one: one.labels)
        self._by_name: dict[str, list[FileSeries]] = {}
        for one in self.series:
            self._by_name.setdefault(dict(one.labels).get(METRIC_NAME, ""), []).append(one)

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> list[FileSeries]:
        """The series that fulfil all matchers, sorted by labels; the times do not narrow it."""
        name = exact_name(matchers)
        candidates = self._by_name.get(name, []) if name else self.series
        return [one for one in candidates if fulfils(one.labels, matchers)]

    def times(self) -> tuple[int, int] | None:
        """The first and the last time of all samples (UTC ms); None of an empty file."""
        filled = [one for one in self.series if one.times]
        if not filled:
            return None
        return min(one.times[0] for one in filled), max(one.times[-1] for one in filled)


def read_file(path: Path | str) -> FileStorage:
    """Read a file in UTF-8; raises FileError with file and line, or OSError."""
    name = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as reason:
        line = reason.object[: reason.start].count(b"\n") + 1
        raise FileError(f"{name}, line {line}: not valid UTF-8") from None
    return read_text(text, name)


def read_text(text: str, name: str = "text") -> FileStorage:
    """Read OpenMetrics text: each sample with a time in seconds, rounded to the millisecond.

    Samples may stand in any order; of several with the same labels and time the last one counts. ``StaleNaN`` as a value ends
    the series. Comments, metadata, exemplars and a missing ``# EOF`` are no errors; what follows ``# EOF`` is one.
    """
    found: dict[Labels, dict[int, float]] = {}
    heads: dict[str, Labels] = {}
    ended = False
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip(" \t\r")
        if not line:
            continue
        if ended:
            raise FileError(f"{name}, line {number}: something follows '# EOF'")
        if line.startswith("#"):
            ended = line == "# EOF"
            continue
        try:
            labels, value, at = _sample(line, heads)
        except ValueError as reason:
            raise FileError(f"{name}, line {number}: {reason}") from None
        found.setdefault(labels, {})[at] = value
    return FileStorage(FileSeries(labels, samples) for labels, samples in found.items())


def _sample(line: str, heads: dict[str, Labels]) -> tuple[Labels, float, int]:
    """Labels, value and time; ``heads`` are the names with labels that were read before, as most lines repeat one."""
    end = line.rfind("}") + 1
    known = heads.get(line[:end])
    if known is not None and len(words := line[end:].split()) == 2:
        return known, _value(words[0]), read_seconds(words[1])
    pairs, at = read_head(line)
    rest = line[at:]
    words = _EXEMPLAR.sub("", rest).split()
    if len(words) == 1:
        raise ValueError("the sample has no timestamp (seconds after the value)")
    if len(words) != 2:
        raise ValueError(f"a value and a timestamp are expected, not {rest.strip()!r}")
    labels = tuple(sorted((key, value) for key, value in pairs.items() if value))
    heads[line[: len(line) - len(rest)]] = labels
    return labels, _value(words[0]), read_seconds(words[1])


def _value(word: str) -> float:
    return STALE_NAN if word.lower() == "stalenan" else read_value(word)
