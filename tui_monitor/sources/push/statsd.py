"""StatsD packets into the table of series. Known lines take 2 µs: the text beside the value leads to the finished series."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

from tui_monitor.sources.push.names import metric_name, pushed_labels
from tui_monitor.sources.push.series import Pushed, PushedDistribution, PushedHistogram, PushedNumber, PushedSet
from tui_monitor.sources.push.statsd_line import StatsdEvent, StatsdFault, StatsdSuffix, check_of, event_of, suffix_of
from tui_monitor.sources.push.table import SeriesTable

JOB = "statsd"
MOST_CACHED = 50_000
"""Known beginnings and ends of lines."""
_MILLISECOND = 0.001
_INFINITE = math.inf


Action = Callable[[bytes], None]
"""Takes a value's text. Raises ValueError, and changes nothing, where it cannot be read."""
_Known = dict[tuple[bytes, bytes], tuple[Pushed, Action]]


class StatsdReader:
    """Reads packets. ``faults`` counts lines that are no StatsD or cannot be taken, ``last_fault`` says why the newest could not."""

    def __init__(self, table: SeriesTable, on_event: Callable[[StatsdEvent], None], histograms: Collection[str] = ()) -> None:
        """``histograms``: names of timers and distributions that get buckets instead of quantiles, as the request table reads them."""
        self.lines = self.faults = 0
        self.last_fault = ""
        self._table = table
        self._on_event = on_event
        self._histograms = histograms
        self._known: dict[str, _Known] = {}
        self._cached = 0
        self._generation = table.generation

    def packet(self, data: bytes, sender: str, now: float) -> None:
        """Read the lines of one datagram; a bad one costs itself. ``now``: seconds of the monotonic clock."""
        if self._generation != self._table.generation:
            self._generation, self._cached = self._table.generation, 0
            self._known.clear()
        known = self._known.get(sender)
        if known is None:
            known = self._known[sender] = {}
        for line in data.split(b"\n") if b"\n" in data else (data,):
            name, _, rest = line.partition(b":")
            value, _, suffix = rest.partition(b"|")
            try:
                series, apply = known[name, suffix]
                apply(value)
            except (KeyError, ValueError):
                if line:
                    self._contained(line, known, sender, now)
                continue
            self.lines += 1
            if not series.changed:
                self._table.touch(series, now)

    def _contained(self, line: bytes, known: _Known, sender: str, now: float) -> None:
        """Read a line that is new, has several values, or is bad."""
        self.lines += 1
        try:
            self._line(line, known, sender, now)
        except (ValueError, OverflowError) as error:
            self.faults += 1
            self.last_fault = str(error)

    def _line(self, line: bytes, known: _Known, sender: str, now: float) -> None:
        if line[:1] == b"_" and self._special(line.decode("utf-8", "replace"), sender, now):
            return
        name, _, rest = line.partition(b":")
        value, _, suffix = rest.partition(b"|")
        found = known.get((name, suffix)) or self._learn(name, suffix, known, sender, now)
        if found is None:
            return
        series, apply = found
        for each in value.split(b":"):
            apply(each)
        self._table.touch(series, now)

    def _special(self, line: str, sender: str, now: float) -> bool:
        if line.startswith("_e{"):
            self._on_event(event_of(line))
            return True
        if not line.startswith("_sc|"):
            return False
        found = check_of(line)
        labels = pushed_labels("service_check_status", [*found.tags, ("service_check", found.name)], JOB)
        series = self._table.entry(PushedNumber, labels, sender, now, hold=True)
        if series is not None:
            series.value = float(found.status)
            self._table.touch(series, now)
        return True

    def _learn(self, name: bytes, suffix: bytes, known: _Known, sender: str, now: float) -> tuple[Pushed, Action] | None:
        """What lines of this name and suffix do; None beyond the sender's bound."""
        parsed = suffix_of(suffix.decode("utf-8", "replace"))
        kind, full = _series_of(parsed, metric_name(name.decode("utf-8", "replace")))
        if kind is PushedDistribution and full in self._histograms:
            kind = PushedHistogram
        series = self._table.entry(kind, pushed_labels(full, parsed.tags, JOB), sender, now, hold=True)
        if series is None:
            return None
        found = (series, _action(series, parsed))
        if self._cached < MOST_CACHED:
            self._cached += 1
            known[name, suffix] = found
        return found


def _series_of(suffix: StatsdSuffix, name: str) -> tuple[type[Any], str]:
    match suffix.kind:
        case "counter":
            return PushedNumber, name if name.endswith("_total") else f"{name}_total"
        case "gauge":
            return PushedNumber, name
        case "timer":
            return PushedDistribution, name if name.endswith("_seconds") else f"{name}_seconds"
        case "distribution":
            return PushedDistribution, name
        case _:
            return PushedSet, name


def _action(series: Any, suffix: StatsdSuffix) -> Action:
    """One function a line and no more: this is where the time goes."""
    weight = suffix.weight
    match suffix.kind:
        case "counter":
            return _counter(series, weight)
        case "gauge":
            return _gauge(series)
        case "timer" if weight == 1:
            return lambda text: series.observe_one(_number(text) * _MILLISECOND)
        case "timer":
            return lambda text: series.observe(_number(text) * _MILLISECOND, weight)
        case "distribution":
            return lambda text: series.observe(_number(text), weight)
        case _:
            return lambda text: series.add(text.decode("utf-8", "replace"))


def _counter(series: PushedNumber, weight: float) -> Action:
    def add(text: bytes) -> None:
        step = float(text)
        if not 0 <= step < _INFINITE:
            raise StatsdFault("a counter cannot go down; use a gauge (g)" if step < 0 else "what is no number cannot be added up")
        series.value += step * weight

    return add


def _gauge(series: PushedNumber) -> Action:
    """A sign in front changes the gauge instead of setting it (source: statsd/docs/metric_types.md)."""

    def change(text: bytes) -> None:
        value = _number(text)
        series.value = series.value + value if text[0] in b"+-" else value

    return change


def _number(text: bytes) -> float:
    value = float(text)
    if not -_INFINITE < value < _INFINITE:
        raise StatsdFault("what is no number cannot be added up")
    return value
