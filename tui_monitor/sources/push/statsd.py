"""StatsD packets into the table of series. Known lines take 2 µs: the text beside the value leads to the finished series."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.push.names import UnusableSeries, metric_name, pushed_labels
from tui_monitor.sources.push.series import Pushed, PushedDistribution, PushedHistogram, PushedNumber, PushedSet
from tui_monitor.sources.push.statsd_line import StatsdEvent, StatsdFault, StatsdSuffix, check_of, event_of, suffix_of, values_of
from tui_monitor.sources.push.table import SeriesTable

JOB = "statsd"
MOST_CACHED = 50_000
"""Known beginnings and ends of lines."""
_MILLISECOND = 0.001


@frozen
class _Line:
    """What a known line does: ``apply`` takes the value's text; ``series``: what it changes."""

    series: Pushed
    apply: Callable[[str], None]


class StatsdReader:
    """Reads packets. ``faults`` counts lines that are no StatsD or cannot be taken, ``last_fault`` says why the newest could not."""

    def __init__(self, table: SeriesTable, on_event: Callable[[StatsdEvent], None], histograms: Collection[str] = ()) -> None:
        """``histograms``: names of timers and distributions that get buckets instead of quantiles, as the request table reads them."""
        self.lines = self.faults = 0
        self.last_fault = ""
        self._table = table
        self._on_event = on_event
        self._histograms = histograms
        self._known: dict[tuple[str, str, str], _Line] = {}
        self._generation = table.generation

    def packet(self, data: bytes, sender: str, now: float) -> None:
        """Read the lines of one datagram; a bad one costs itself. ``now``: seconds of the monotonic clock."""
        if self._generation != self._table.generation:
            self._generation = self._table.generation
            self._known.clear()
        for line in data.decode("utf-8", "replace").split("\n"):
            if line:
                self.lines += 1
                try:
                    self._line(line, sender, now)
                except (ValueError, OverflowError) as error:
                    self.faults += 1
                    self.last_fault = str(error)

    def _line(self, line: str, sender: str, now: float) -> None:
        name, _, rest = line.partition(":")
        value, _, suffix = rest.partition("|")
        known = self._known.get((name, suffix, sender))
        if known is None:
            if line[0] == "_" and self._special(line, sender, now):
                return
            known = self._learn(name, suffix, sender, now)
            if known is None:
                return
        if ":" in value:
            for each in values_of(value):
                known.apply(each)
        else:
            known.apply(value)
        if not known.series.changed:
            self._table.touch(known.series, now)

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

    def _learn(self, name: str, suffix: str, sender: str, now: float) -> _Line | None:
        """What lines of this name and suffix do; None beyond the sender's bound."""
        parsed = suffix_of(suffix)
        kind, full = _series_of(parsed, metric_name(name))
        if kind is PushedDistribution and full in self._histograms:
            kind = PushedHistogram
        series = self._table.entry(kind, pushed_labels(full, parsed.tags, JOB), sender, now, hold=True)
        if series is None:
            return None
        line = _Line(series, _action(series, parsed))
        if len(self._known) < MOST_CACHED:
            self._known[name, suffix, sender] = line
        return line


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


def _action(series: Any, suffix: StatsdSuffix) -> Callable[[str], None]:
    match suffix.kind:
        case "counter":
            return lambda text: _add(series, _number(text) * suffix.weight)
        case "gauge":
            return lambda text: _gauge(series, text)
        case "timer":
            return lambda text: series.observe(_number(text) * _MILLISECOND, suffix.weight)
        case "distribution":
            return lambda text: series.observe(_number(text), suffix.weight)
        case _:
            return lambda text: series.add(text)


def _add(series: PushedNumber, step: float) -> None:
    if step < 0:
        raise StatsdFault("a counter cannot go down; use a gauge (g)")
    series.value += step


def _gauge(series: PushedNumber, text: str) -> None:
    """A sign in front changes the gauge instead of setting it (source: statsd/docs/metric_types.md)."""
    series.value = series.value + _number(text) if text[:1] in ("+", "-") else _number(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise UnusableSeries(f'"{text[:20]}" is no number') from None
    if not math.isfinite(value):
        raise UnusableSeries(f'"{text[:20]}" is no number that can be added up')
    return value
