"""Percentiles and uptime of every check over 5 m, 1 h and 24 h, updated a few checks at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from tui_monitor.board.values import Board, Spark, Window, spark_series
from tui_monitor.core.kept import Kept
from tui_monitor.core.values import Labels, labels_of
from tui_monitor.storage.history.interface import HistoryQueries
from tui_monitor.storage.memory import SeriesMemory

WINDOWS = {"5m": 300_000, "1h": 3_600_000, "24h": 86_400_000}
QUANTILES = (0.5, 0.95, 0.99)
_NONE = (math.nan,) * len(QUANTILES)
RENEW_MS = 60_000
AGAIN_MS = 10_000
"""After this long the long windows are read again where the short one has changed."""
SPARK_POINTS = 120
SPARK_STEP_MS = 5000
"""Sparklines of the present move this often: a shift rewrites the whole line, which a slow connection feels."""
NEW_A_TURN = 10
"""How many checks without figures are read in one second."""
LOT, LOT_EVERY_MS = 5, 5_000
"""So many checks are read again together, each at most once a minute: most of a read looks through the newest samples of all checks."""


class Statistics:
    """The windows of each check: the shortest from memory, the long ones from the history."""

    def __init__(self, memory: SeriesMemory) -> None:
        self._memory = memory
        self._long: dict[str, Mapping[str, Window]] = {}
        self._read_at: dict[str, int] = {}
        self._renewed_at = 0
        self._success: dict[str, float | None] = {}
        self._changed: dict[str, None] = {}

    def turn(self, checks: Mapping[str, Mapping[str, str]], now_ms: int) -> dict[str, Mapping[str, str]]:
        """The next checks (name → labels) whose long windows are due for reading."""
        changed = [name for name in self._changed if name in checks]
        unknown = [name for name in checks if name not in self._long and self._is_older(name, AGAIN_MS, now_ms)]
        chosen = list(dict.fromkeys([*changed, *unknown]))[:NEW_A_TURN]
        if not chosen and not 0 <= now_ms - self._renewed_at < LOT_EVERY_MS:
            self._renewed_at = now_ms
            due = [name for name in checks if self._is_older(name, RENEW_MS, now_ms)]
            chosen = sorted(due, key=lambda name: self._read_at.get(name, 0))[:LOT]
        return {name: checks[name] for name in chosen}

    def _is_older(self, name: str, age_ms: int, now_ms: int) -> bool:
        return not 0 <= now_ms - self._read_at.get(name, 0) < age_ms

    def take(self, found: Mapping[str, Mapping[str, Window]], now_ms: int) -> None:
        """Store the result of `read_windows`; a check without samples stays new."""
        self._long.update({name: windows for name, windows in found.items() if any(one.uptime is not None for one in windows.values())})
        self._read_at.update(dict.fromkeys(found, now_ms))
        for name in found:
            self._changed.pop(name, None)

    def long_windows(self, name: str) -> Mapping[str, Window] | None:
        """The windows that were read from the history last; the same object until they are read again."""
        return self._long.get(name)

    def windows(self, name: str, labels: Mapping[str, str], now_ms: int, interval: float = 0.0) -> dict[str, Window]:
        """All windows of a check that end now; before the long ones are read, windows from memory replace them.

        ``interval``: seconds between two probes, by which the windows say how much they have seen. Where the uptime of the last five
        minutes has begun to differ, the long windows are read again, so that they do not contradict it.
        """
        recent = self._recent(labels, now_ms, interval)
        if self._success.setdefault(name, recent.uptime) != recent.uptime and now_ms - self._read_at.get(name, 0) >= AGAIN_MS:
            self._success[name] = recent.uptime
            self._changed[name] = None
        found = dict.fromkeys(WINDOWS, recent)
        for span, window in self._long.get(name, {}).items():
            found[span] = replace(window, seen=_seconds(window.seen, span, interval))
        return found

    def _recent(self, labels: Mapping[str, str], now_ms: int, interval: float) -> Window:
        after = now_ms - WINDOWS["5m"]
        of = partial(self._memory.within, after_ms=after, until_ms=now_ms)
        durations = sorted(value for value in of(labels_of("probe_duration_seconds", **labels)) if value == value)
        good = of(labels_of("probe_success", **labels))
        p50, p95, p99 = (durations[min(len(durations) - 1, int(q * len(durations)))] if durations else None for q in QUANTILES)
        return Window(p50, p95, p99, sum(good) / len(good) if good else None, _seconds(len(good), "5m", interval))


def _seconds(probes: float | None, span: str, interval: float) -> float | None:
    """The measured seconds of a window with this number of probes so many seconds apart."""
    return min(WINDOWS[span] / 1000, probes * interval) if probes is not None and interval else None


def read_windows(
    reader: HistoryQueries, checks: Mapping[str, Mapping[str, str]], now_ms: int, spans: Sequence[str] = ("1h", "24h")
) -> dict[str, dict[str, Window]]:
    """The windows of these checks that end now, with one read per span for all checks. Raises HistoryFault."""
    durations = {name: labels_of("probe_duration_seconds", **labels) for name, labels in checks.items()}
    good = {name: labels_of("probe_success", **labels) for name, labels in checks.items()}
    answer: dict[str, dict[str, Window]] = {name: {} for name in checks}
    for span in spans:
        found = reader.figures((*durations.values(), *good.values()), QUANTILES, now_ms - WINDOWS[span], now_ms)
        for name, windows in answer.items():
            timed, tried = found.get(durations[name]), found.get(good[name])
            p50, p95, p99 = map(_known, timed.percentiles if timed else _NONE)
            windows[span] = Window(p50, p95, p99, tried.mean if tried else None, tried.samples if tried else None)
    return answer


def _known(value: float) -> float | None:
    return value if value == value else None


def with_sparks(board: Board, recent: Callable[[Labels, int], Sequence[float]], kept: Kept[Mapping[str, Spark]] | None = None) -> Board:
    """The board with values for its sparklines, read through ``recent``; NaN (a gap) becomes None. With ``kept`` they move each 5 s."""

    def sparks() -> Mapping[str, Spark]:
        return {key: tuple(map(_known, recent(labels, SPARK_POINTS))) for key, labels in spark_series(board).items()}

    if kept is None:
        return replace(board, sparks=sparks())
    names = ([one.name for one in board.resources.interfaces], [one.name for one in board.resources.disks])
    return replace(board, sparks=kept.of("", (board.at // SPARK_STEP_MS, board.loading, *names), sparks))
