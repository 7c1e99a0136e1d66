"""The request table: rates, errors and latencies per route from an application's counters and histograms. Pure, in short steps.

Input are counters and classic histograms of applications, exporters and access logs: one series per method, route and status.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import le
from typing import Protocol

from tui_monitor.board.values import RequestNames, RequestRow, RequestTable
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME
from tui_monitor.promql.histograms import bucket_quantile
from tui_monitor.promql.numbers import parse_float
from tui_monitor.promql.queryable import Matcher, Queryable, Series

MOST_TABLES = 8
STEP = 32
"""Series that are read between two steps: about 0.1 ms."""
_SOURCES = ("check", "job", "service")
"""Labels that say whose requests these are; the first that is there counts."""
_WHOLE = ("", "")


LEAST_WINDOW = 60.0
"""Seconds that a past table covers at least: the present one may have begun just now."""
IN_FLIGHT = ("http_requests_in_flight", "http_requests_in_progress")


class RequestSeries(Protocol):
    """Which series count requests, and how the tables are made: the keys of the configuration's [requests]."""

    @property
    def count(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def duration(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def in_flight(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def route(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def method(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def status(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def errors(self) -> str: ...  # noqa: D102
    @property
    def window(self) -> float: ...  # noqa: D102
    @property
    def top(self) -> int: ...  # noqa: D102


@frozen
class NamedSeries:
    """`RequestSeries` as the tables of a board name them."""

    count: Sequence[str]
    duration: Sequence[str]
    route: Sequence[str]
    method: Sequence[str]
    status: Sequence[str]
    errors: str
    window: float
    top: int
    in_flight: Sequence[str] = IN_FLIGHT


def tables_then(now: Sequence[RequestTable], stored: Queryable, at: int) -> tuple[RequestTable, ...]:
    """The tables of a past moment (UTC ms) from the stored series, of what the tables of the present board count."""
    if not now:
        return ()

    def named(names: Iterable[str]) -> list[str]:
        return [name for name in dict.fromkeys(names) if name]

    series = NamedSeries(
        count=named(table.names.count for table in now if not table.names.count.endswith("_count")),
        duration=named(table.names.duration for table in now),
        route=named(table.names.route for table in now),
        method=named(table.names.method for table in now),
        status=named(table.names.status for table in now),
        errors=now[0].errors,
        window=max(LEAST_WINDOW, *(table.window for table in now)),
        top=max(len(table.rows) for table in now),
    )
    work = request_tables(series, stored, at)
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: tuple[RequestTable, ...] = done.value
            return found


class _Row:
    """Counts of one route."""

    __slots__ = ("buckets", "count", "errors", "in_flight", "observed", "seconds")

    def __init__(self) -> None:
        self.count = self.seconds = self.observed = 0.0
        self.errors: float | None = None
        self.in_flight: float | None = None
        self.buckets: dict[float, float] = {}


class _Source:
    """The routes of one application, by (method, route)."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], _Row] = {}
        self.gauges: dict[tuple[str, str], float] = {}
        self.begin, self.end = math.inf, 0
        self.has_counters = False
        self.names = RequestNames()

    def row(self, key: tuple[str, str]) -> _Row:
        found = self.rows.get(key)
        if found is None:
            found = self.rows[key] = _Row()
        return found

    def covers(self, begin: int, end: int) -> None:
        self.begin, self.end = min(self.begin, begin), max(self.end, end)


def request_tables(settings: RequestSeries, memory: Queryable, at: int) -> Generator[None, None, tuple[RequestTable, ...]]:
    """One table for each check that counts requests, the busiest routes first; ``at`` is UTC ms. Yields after every few series."""
    after, sources = at - int(settings.window * 1000), dict[str, _Source]()
    reading = _Reading(settings, sources, after, at)
    for metrics, take in (
        (settings.count, reading.counter),
        ([f"{name}_count" for name in settings.duration], reading.observed),
        ([f"{name}_sum" for name in settings.duration], reading.seconds),
        ([f"{name}_bucket" for name in settings.duration], reading.bucket),
        (settings.in_flight, reading.gauge),
    ):
        for number, series in enumerate(_series(memory, metrics, after, at)):
            take(series)
            if number % STEP == STEP - 1:
                yield
    tables = [_table(settings, name, source) for name, source in sources.items()]
    found = sorted((table for table in tables if table is not None), key=lambda table: -table.total.count)
    return tuple(found[:MOST_TABLES])


def _series(memory: Queryable, metrics: Iterable[str], after: int, at: int) -> Iterator[Series]:
    for metric in metrics:
        yield from memory.select((Matcher(METRIC_NAME, "=", metric),), after, at)


class _Reading:
    """Accumulator that adds series to their routes."""

    def __init__(self, settings: RequestSeries, sources: dict[str, _Source], after: int, at: int) -> None:
        self._settings, self._sources, self._after, self._at = settings, sources, after, at
        self._first_error = "4" if settings.errors == "4xx" else "5"

    def counter(self, series: Series) -> None:
        source, row, labels = self._place(series)
        if not source.has_counters:
            source.names = self._names(labels, count=labels[METRIC_NAME])
        source.has_counters = True
        self._count(source, row, labels, series)

    def observed(self, series: Series) -> None:
        source, row, labels = self._place(series)
        row.observed += growth(series, self._after, self._at)
        if not source.names.duration:
            name = labels[METRIC_NAME]
            known = source.names if source.names.count else self._names(labels, count=name)
            source.names = replace(known, duration=name.removesuffix("_count"))
        if not source.has_counters:
            self._count(source, row, labels, series)

    def seconds(self, series: Series) -> None:
        self._place(series)[1].seconds += growth(series, self._after, self._at)

    def bucket(self, series: Series) -> None:
        _, row, labels = self._place(series)
        try:
            bound = parse_float(labels.get("le", ""))
        except ValueError:
            return
        row.buckets[bound] = row.buckets.get(bound, 0.0) + growth(series, self._after, self._at)

    def gauge(self, series: Series) -> None:
        newest = series.latest(self._at)
        if newest is not None and newest[0] > self._at - series.lookback_ms and math.isfinite(newest[1]):
            source, key, _ = self._key(series)
            source.gauges[key] = source.gauges.get(key, 0.0) + newest[1]

    def _names(self, labels: dict[str, str], *, count: str) -> RequestNames:
        settings = self._settings
        return RequestNames(
            count,
            "",
            _first_name(labels, _SOURCES),
            _first_name(labels, settings.method),
            _first_name(labels, settings.route),
            _first_name(labels, settings.status),
        )

    def _key(self, series: Series) -> tuple[_Source, tuple[str, str], dict[str, str]]:
        labels = dict(series.labels)
        source = self._sources.setdefault(_first(labels, _SOURCES), _Source())
        return source, (_first(labels, self._settings.method), _first(labels, self._settings.route)), labels

    def _place(self, series: Series) -> tuple[_Source, _Row, dict[str, str]]:
        source, key, labels = self._key(series)
        return source, source.row(key), labels

    def _count(self, source: _Source, row: _Row, labels: dict[str, str], series: Series) -> None:
        found = growth(series, self._after, self._at)
        row.count += found
        if status := _first(labels, self._settings.status):
            row.errors = (row.errors or 0.0) + (found if status[:1] >= self._first_error and status[:1].isdigit() else 0.0)
        begin, end = series.latest(self._after), series.latest(self._at)
        times = series.window(self._after, self._at)[0]
        if end is not None and times:
            source.covers(begin[0] if begin else times[0], end[0])


def _first(labels: dict[str, str], names: Sequence[str]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


def _first_name(labels: dict[str, str], names: Sequence[str]) -> str:
    return next((name for name in names if labels.get(name)), "")


def growth(series: Series, after: int, at: int) -> float:
    """Increase of a counter in (after, at], from the sample before, with resets, ending at stale markers, not extrapolated."""
    values = series.window(after, at)[1]
    before = series.latest(after)
    known = [before[1], *values] if before is not None else list(values)
    if len(known) > 1 and all(map(le, known, known[1:])):
        return _finite(known[-1] - known[0])
    total, last = 0.0, math.nan
    for value in known:
        if last == last and value == value:
            total += value - last if value >= last else value
        last = value
    return _finite(total)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _table(settings: RequestSeries, name: str, source: _Source) -> RequestTable | None:
    """The table of one application; None without request counters, for example with a gauge only."""
    span = (source.end - source.begin) / 1000
    if span <= 0:
        return None
    _give_gauges(source)
    routes = sorted(source.rows.items(), key=lambda entry: (-entry[1].count, entry[0]))
    rows = tuple(_view(key, row, span) for key, row in routes[: settings.top])
    return RequestTable(name, span, settings.errors, len(routes), _view(_WHOLE, _sum(source), span), rows, source.names)


def _give_gauges(source: _Source) -> None:
    """Assign gauges of requests in flight to routes; a gauge without method belongs to a route with one method only."""
    for (method, route), value in source.gauges.items():
        fitting = [row for key, row in source.rows.items() if key == (method, route) or (not method and key[1] == route)]
        if len(fitting) == 1:
            fitting[0].in_flight = value


def _sum(source: _Source) -> _Row:
    whole = _Row()
    whole.in_flight = sum(source.gauges.values()) if source.gauges else None
    for row in source.rows.values():
        whole.count += row.count
        whole.seconds += row.seconds
        whole.observed += row.observed
        if row.errors is not None:
            whole.errors = (whole.errors or 0.0) + row.errors
        for bound, count in row.buckets.items():
            whole.buckets[bound] = whole.buckets.get(bound, 0.0) + count
    return whole


def _view(key: tuple[str, str], row: _Row, span: float) -> RequestRow:
    method, route = key
    buckets = sorted(row.buckets.items())
    p50, p95, p99 = (_quantile(q, buckets) for q in (0.5, 0.95, 0.99))
    return RequestRow(
        route=route,
        method=method,
        count=row.count,
        per_second=row.count / span,
        errors=row.errors,
        error_ratio=row.errors / row.count if row.errors is not None and row.count else None,
        average=row.seconds / row.observed if row.observed else None,
        p50=p50,
        p95=p95,
        p99=p99,
        in_flight=row.in_flight,
    )


def _quantile(q: float, buckets: list[tuple[float, float]]) -> float | None:
    found = bucket_quantile(q, buckets) if buckets else math.nan
    return found if math.isfinite(found) else None
