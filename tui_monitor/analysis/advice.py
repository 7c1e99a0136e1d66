"""Remarks from the history, which raise no alert: "disk / full in 3 d 4 h", "CPU twice the usual for this hour". Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Protocol

from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import DAY, HOUR, MINUTE, span_words
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import METRIC_NAME, Labels, label
from tui_monitor.promql.queryable import Matcher
from tui_monitor.promql.robust_statistics import finite, median, seconds_to_zero, trend
from tui_monitor.storage.history.trend import Point

MOST_REMARKS = 3
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
FREE = "disk_free_bytes"
DAYS_BACK = 14
FEWEST_DAYS = 5
UNUSUAL = 1.8
PRESENT_MS = 15 * MINUTE_MS
_FAR = 20.0
_NAME_LENGTH = 40


class Charts(Protocol):
    """The part of HistoryQueries that the remarks need."""

    def downsampled_all(self, matchers: Sequence[Matcher], after_ms: int, until_ms: int, points: int) -> Mapping[Labels, Sequence[Point]]:
        """Charts of all series that fulfil the matchers: at most ``points`` steps of equal length."""
        ...


@frozen
class _Trend:
    """A trend to compute: its window (ms), its number of points, and its longest forecast (ms)."""

    back: int
    points: int
    ahead: int


_TRENDS = (_Trend(HOUR_MS, 60, 6 * HOUR_MS), _Trend(DAY_MS, 48, 4 * DAY_MS), _Trend(7 * DAY_MS, 168, 30 * DAY_MS))
"""Fast growth shows within an hour, slow growth over days; a forecast reaches only some times the window's length."""


@frozen
class _Watched:
    """A metric that is compared with its usual value: its least notable value, the label that names it, and the sentence."""

    least: float
    by: str
    sentence: str


_WATCHED = {
    "cpu_usage_ratio": _Watched(0.3, "", "CPU {times} the usual for this hour"),
    "memory_usage_ratio": _Watched(0.4, "", "memory {times} the usual for this hour"),
    "network_receive_bytes_per_second": _Watched(1e6, "interface", "{name} receives {times} the usual for this hour"),
    "network_transmit_bytes_per_second": _Watched(1e6, "interface", "{name} sends {times} the usual for this hour"),
    "probe_duration_seconds": _Watched(0.1, "check", "{name} takes {times} the usual time for this hour"),
}
_EVERY = (Matcher(METRIC_NAME, "=~", "|".join(_WATCHED)),)


@frozen
class Remarks:
    """At most three remarks for the dashboard, and the seconds until each mount is full."""

    advice: tuple[str, ...] = ()
    forecasts: Mapping[str, str] = field(default_factory=dict)


def remarks(storage: Charts, now: int) -> Remarks:
    """Compute the remarks, about 50 ms for 300 series; call it once a minute in a thread that may read.

    ``now`` is UTC ms. Raises what ``storage`` raises.
    """
    filling = sorted((seconds, mount) for mount, seconds in seconds_until_full(storage, now).items())
    found = [f"disk {_display_name(mount)} {_full(seconds)}" for seconds, mount in filling]
    if len(found) < MOST_REMARKS:
        found += [text for _, text in sorted(_unusual(storage, now), key=lambda one: (-one[0], one[1]))]
    return Remarks(tuple(found[:MOST_REMARKS]), {mount: _full(seconds) for seconds, mount in filling})


# --- what fills -------------------------------------------------------------------------------------------------------


def seconds_until_full(storage: Charts, now: int) -> dict[str, float]:
    """Mount → seconds until it is full, by the shortest trend that shows it."""
    found: dict[str, float] = {}
    free: dict[str, float] = {}
    for look in _TRENDS:
        charts = storage.downsampled_all((Matcher(METRIC_NAME, "=", FREE),), now - look.back, now, look.points)
        for labels, points in charts.items():
            mount = label(labels, "mount")
            if look is _TRENDS[0]:
                free[mount] = median([point.last for point in points[-3:]])
            if mount in free and mount not in found and (seconds := _seconds_left(points, look, now, free[mount])) is not None:
                found[mount] = seconds
    return found


def _seconds_left(points: Sequence[Point], look: _Trend, now: int, free: float) -> float | None:
    """The seconds until full; None unless free space falls steadily, was measured for most of the time, and did not rise again since."""
    if len(points) < 0.8 * look.points or points[0].at > now - 0.8 * look.back:
        return None
    line = trend([point.at for point in points], [point.last for point in points], now)
    if line is None or line.slope >= 0:
        return None
    fallen = -line.slope * look.back / 1000
    if fallen < 4 * line.spread or free > line.level + max(4 * line.spread, fallen / 4):
        return None
    seconds = seconds_to_zero(line)
    return seconds if seconds * 1000 <= look.ahead else None


def _full(seconds: float) -> str:
    """The forecast in words: minutes below six hours, then hours, from a day on days and hours; later ends are less certain."""
    if seconds < MINUTE:
        return "full in a minute"
    return f"full in {span_words(round(seconds / MINUTE) * MINUTE, most=1 if 6 * HOUR <= seconds < DAY else 2)}"


# --- what is unusual --------------------------------------------------------------------------------------------------


def _unusual(storage: Charts, now: int) -> list[tuple[float, str]]:
    """(multiple of the usual value, sentence) of every metric that is clearly above it."""
    present = storage.downsampled_all(_EVERY, now - PRESENT_MS, now, 1)
    high = {labels: points[-1].average for labels, points in present.items() if points and _worth_it(labels, points[-1].average)}
    if not high:
        return []
    usual = _same_hour_before(storage, now, frozenset(high))
    found = []
    for labels, value in high.items():
        before = sorted(usual[labels])
        if len(before) < FEWEST_DAYS:
            continue
        middle = median(before)
        # a weekly job is usual: no remark where two earlier days were as high as now
        if value >= UNUSUAL * middle and value > before[-2]:
            times = value / middle if middle > 0 else math.inf
            watched = _WATCHED[label(labels, METRIC_NAME)]
            found.append((times, watched.sentence.format(times=_times(times), name=_display_name(label(labels, watched.by)))))
    return found


def _worth_it(labels: Labels, value: float) -> bool:
    return math.isfinite(value) and value >= _WATCHED[label(labels, METRIC_NAME)].least


def _same_hour_before(storage: Charts, now: int, wanted: frozenset[Labels]) -> Mapping[Labels, Sequence[float]]:
    """The means of this hour of the day on each of the days before; whole hours, so that one stored row each answers."""
    found: dict[Labels, list[float]] = defaultdict(list)
    hour = now // HOUR_MS * HOUR_MS
    names = sorted({label(labels, METRIC_NAME) for labels in wanted})
    matchers = (Matcher(METRIC_NAME, "=~", "|".join(names)),)
    for back in range(1, DAYS_BACK + 1):
        begin = hour - back * DAY_MS
        for labels, points in storage.downsampled_all(matchers, begin - 1, begin + HOUR_MS - 1, 1).items():
            if labels in wanted:
                found[labels] += finite([point.average for point in points])
    return found


def _times(ratio: float) -> str:
    if ratio < 2.5:
        return "twice"
    if ratio < 3.5:
        return "three times"
    return f"{ratio:.0f} times" if ratio < _FAR else "many times"


def _display_name(name: str) -> str:
    return clip(clean(name), _NAME_LENGTH)
