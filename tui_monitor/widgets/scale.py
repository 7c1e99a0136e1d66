"""The axes of a chart: a vertical scale whose labels differ and stand at even distances, and round times below. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen

DAY_MS = 86_400_000
MOST_LABELS = 6
"""Steps of a vertical scale at most; more are hard to read."""
_FACTORS = {
    "seconds": ((86400.0, "d"), (3600.0, "h"), (60.0, "m"), (1.0, "s"), (0.001, "ms")),
    "bytes": ((float(1 << 40), "T"), (float(1 << 30), "G"), (float(1 << 20), "M"), (float(1 << 10), "K"), (1.0, "B")),
    "ratio": ((0.01, "%"),),
    "": ((1e9, "G"), (1e6, "M"), (1.0, "")),
}
"""Factors and names of the units that a scale is labelled in, the greatest first."""
_LARGE = {"seconds": 3.0, "": 10.0}
"""How many of a unit there have to be at least before it is used: 90 s stay seconds."""
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)


@frozen
class Scale:
    """A vertical scale over ``rows`` lines of cells; a value is in the middle of its row. ``labels``: (row from below, text)."""

    low: float
    high: float
    rows: int
    labels: tuple[tuple[int, str], ...]

    def place(self, value: float) -> float:
        """The height of a value in rows, 0 to ``rows``, within the scale."""
        share = (min(self.high, max(self.low, value)) - self.low) / (self.high - self.low)
        return share * (self.rows - 1) + 0.5

    def value_at(self, row: int) -> float:
        """The value in the middle of a row."""
        return self.low + (self.high - self.low) * row / max(1, self.rows - 1)


def scale_of(low: float, high: float, unit: str, height: int) -> Scale:
    """A scale that holds both values in at most ``height`` rows; its labels are round and an equal number of rows apart."""
    low, high = _apart(low, high)
    factor, name = _factor(max(abs(low), abs(high)), unit)
    best: tuple[float, float, float, int, int] | None = None
    for count in range(1, min(MOST_LABELS, max(2, height // 3)) + 1):
        step = _round_step((high - low) / count / factor) * factor
        bottom, parts = _bounds(low, high, step)
        if parts > height - 1 or (parts > 1 and parts > (height - 1) // 2):
            continue
        rows = (height - 1) // parts * parts + 1
        span = parts * step
        cost = (height - rows) / height + (span - (high - low)) / span + 0.3 / parts
        if best is None or cost < best[0]:
            best = (cost, bottom, step, parts, rows)
    if best is None:
        return Scale(low, high, max(1, height), ())
    _, bottom, step, parts, rows = best
    texts = _texts([(bottom + index * step) / factor for index in range(parts + 1)], name + ("/s" if unit == "bytes_per_second" else ""))
    apart = (rows - 1) // parts
    labels = tuple((index * apart, text) for index, text in enumerate(texts))
    if rows > 1 and unit != "ratio":  # rows that are left continue the scale above its last label
        return Scale(bottom, bottom + parts * step * (height - 1) / (rows - 1), height, labels)
    return Scale(bottom, bottom + parts * step, rows, labels)


def _apart(low: float, high: float) -> tuple[float, float]:
    if low < high:
        return low, high
    return (0.0, high * 2) if high > 0 else (low * 2, 0.0) if low < 0 else (0.0, 1.0)


def _factor(most: float, unit: str) -> tuple[float, str]:
    kind = "bytes" if unit.startswith("bytes") else unit if unit in _FACTORS else ""
    large = _LARGE.get(kind, 1.0)
    known = _FACTORS[kind]
    return next(((factor, name) for factor, name in known if most >= factor * (large if factor > 1 else 1.0)), known[-1])


def _round_step(raw: float) -> float:
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 and math.isfinite(raw) else 1.0
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * (1 - 1e-9) or factor == 10)


def _bounds(low: float, high: float, step: float) -> tuple[float, int]:
    """The multiple of a step below both values, and how many steps reach the upper one."""
    bottom = math.floor(low / step + 1e-9) * step
    return bottom, max(1, math.ceil((high - bottom) / step - 1e-9))


def _texts(values: Sequence[float], name: str) -> list[str]:
    """The values with as few digits as tell each exactly."""
    for digits in range(7):
        texts = [f"{value:.{digits}f}" for value in values]
        if all(abs(float(text) - value) <= 1e-6 * max(1e-9, max(map(abs, values))) for text, value in zip(texts, values, strict=True)):
            break
    else:
        texts = [f"{value:.3g}" for value in values]
    return [("0" if float(text) == 0 else text + name) for text in texts]


def extent(values: Iterable[float], limits: Iterable[float], unit: str) -> tuple[float, float]:
    """The lowest and highest value of a chart, with the limits near them; from 0 where the values are not all far above it."""
    known = list(values)
    low, high = min(known), max(known)
    near = [limit for limit in limits if low / 2 - 1e-9 <= limit <= high * 1.5 + 1e-9]
    low, high = min([low, *near]), max([high, *near])
    return (0.0 if 0 <= low <= high * (0.9 if unit == "ratio" else 0.6) else low), high


def moments(start: int, end: int, count: int, zone: tzinfo | None) -> list[int]:
    """About ``count`` round times of the zone between two stamps (UTC ms)."""
    wanted = (end - start) / 1000 / max(1, count)
    step = next((step for step in _STEPS if step >= wanted), _STEPS[-1]) * 1000
    offset = datetime.fromtimestamp(end / 1000, zone).astimezone().utcoffset() if zone is None else zone.utcoffset(_moment(end, zone))
    shift = round(offset.total_seconds() * 1000) if offset else 0
    first = -(-(start + shift) // step) * step - shift
    return list(range(first, end + 1, step))


def _moment(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at / 1000, zone).replace(tzinfo=None)


def time_text(at: int, start: int, end: int, zone: tzinfo | None) -> str:
    """A time below a chart: of the day, or with the date where the chart is longer than a day."""
    if end - start <= DAY_MS:
        return f.clock(at, zone, seconds=end - start <= 300_000)
    text = f.stamp(at, end, zone)
    return text.removesuffix(" 00:00") if end - start > 2 * DAY_MS else text
