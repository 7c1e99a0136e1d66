"""Cumulative counts of one log check: lines by level, lines without format, requests and their durations; kept over restarts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tui_monitor.core.values import Sample, labels_of
from tui_monitor.sources.log.histogram import BUCKETS, Histogram
from tui_monitor.sources.log.levels import UNKNOWN
from tui_monitor.sources.log.matches import whole
from tui_monitor.sources.log.record import Request
from tui_monitor.sources.log.routes import OTHER, Routes

_MOST_METHODS = 20


class Counts:
    """Cumulative counters. Series: `log_lines_total{level}`, `log_unmatched_total`, `http_requests_total{method,route,status_code}`,
    `http_request_duration_seconds{method,route}` (histogram)."""

    def __init__(self, routes: Routes, buckets: Iterable[float] = BUCKETS) -> None:
        self._routes = routes
        self._buckets = tuple(buckets)
        self._levels: dict[str, int] = {}
        self._unmatched = 0
        self._methods: set[str] = set()
        self._requests: dict[tuple[str, str, str], int] = {}
        self._durations: dict[tuple[str, str], Histogram] = {}

    @property
    def lines(self) -> int:
        """All lines so far."""
        return sum(self._levels.values())

    @property
    def unmatched(self) -> int:
        """Lines that did not match their file's format."""
        return self._unmatched

    def add_lines(self, levels: Mapping[str | None, int]) -> None:
        """Count lines by level; None: not of the format."""
        for level, count in levels.items():
            self._levels[level or UNKNOWN] = self._levels.get(level or UNKNOWN, 0) + count
        self._unmatched += levels.get(None, 0)

    def add_request(self, request: Request) -> None:
        """Count a request of an access log; labels of a missing method or path are left out."""
        method, route = self._method(request.method), self._routes.route(request.path)
        key = (method, route, request.status)
        self._requests[key] = self._requests.get(key, 0) + 1
        if request.seconds is not None:
            histogram = self._durations.get((method, route))
            if histogram is None:
                histogram = self._durations[method, route] = Histogram(self._buckets)
            histogram.observe(request.seconds)

    def _method(self, method: str) -> str:
        """The method label, at most 20 distinct ones, since scanners invent methods."""
        if method and method not in self._methods:
            if len(self._methods) >= _MOST_METHODS:
                return OTHER
            self._methods.add(method)
        return method

    def samples(self) -> list[Sample]:
        """All series."""
        found = [Sample(labels_of("log_lines_total", level=level), float(count)) for level, count in self._levels.items()]
        found.append(Sample(labels_of("log_unmatched_total"), float(self._unmatched)))
        for (method, route, status), count in self._requests.items():
            labels = labels_of("http_requests_total", method=method, route=route, status_code=status)
            found.append(Sample(labels, float(count)))
        for (method, route), histogram in self._durations.items():
            name = "http_request_duration_seconds"
            found += histogram.samples(name, labels_of(name, method=method, route=route))
        return found

    def to_json(self) -> dict[str, Any]:
        """The state to save for a restart."""
        return {
            "levels": dict(self._levels),
            "unmatched": self._unmatched,
            "requests": [[*key, count] for key, count in self._requests.items()],
            "durations": [[*key, histogram.to_json()] for key, histogram in self._durations.items()],
        }

    def restore(self, value: object) -> None:
        """Restore saved counts; invalid parts are ignored."""
        if not isinstance(value, Mapping):
            return
        levels = value.get("levels")
        self._levels = {str(level): whole(count) for level, count in levels.items()} if isinstance(levels, Mapping) else {}
        self._unmatched = whole(value.get("unmatched"))
        for entry in _rows(value.get("requests"), 4):
            self._requests[str(entry[0]), str(entry[1]), str(entry[2])] = whole(entry[3])
        for entry in _rows(value.get("durations"), 3):
            self._durations[str(entry[0]), str(entry[1])] = histogram = Histogram(self._buckets)
            histogram.restore(entry[2])
        self._methods.update(method for method, _, _ in self._requests if method)
        self._routes.learn([route for _, route, _ in self._requests if route])


def _rows(value: object, width: int) -> list[list[Any]]:
    return [row for row in value if isinstance(row, list) and len(row) == width] if isinstance(value, list) else []
