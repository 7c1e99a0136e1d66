"""Prefetched samples, so that queries over hours are evaluated in the event loop without waiting for the disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_monitor.alerts.rules.rule import CompiledQuery
from tui_monitor.promql.queryable import Matcher, Queryable, Series


class Prefetched:
    """A Queryable of prefetched selectors; every other one goes to ``otherwise`` (memory)."""

    def __init__(self, otherwise: Queryable) -> None:
        self._otherwise = otherwise
        self._found: dict[tuple[Matcher, ...], Sequence[Series]] = {}

    def fetch(self, queries: Iterable[CompiledQuery], source: Queryable, now_ms: int) -> Prefetched:
        """Read the selections of these queries over their longest windows; runs in the thread of ``source``."""
        windows: dict[tuple[Matcher, ...], int] = {}
        for query in queries:
            for matchers in query.matchers:
                windows[matchers] = max(windows.get(matchers, 0), query.longest_window_ms)
        for matchers, window in windows.items():
            self._found[matchers] = list(source.select(matchers, now_ms - window - 1, now_ms))
        return self

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Iterable[Series]:
        """As `promql.queryable.Queryable.select`."""
        found = self._found.get(matchers)
        return self._otherwise.select(matchers, after_ms, until_ms) if found is None else found
