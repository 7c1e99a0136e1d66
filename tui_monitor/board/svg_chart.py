"""A line chart with axes as SVG text: scale, times, thresholds, marks; pure, for the page and for reports in mail."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import tzinfo

from tui_monitor.board.svg import filled, runs_of, said
from tui_monitor.board.values import Chart, ChartLine
from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import clock, stamp, unit_value

LINES = ("line", "line b", "line c", "line d", "line e", "line f")


@frozen
class Frame:
    """The picture's size in units and the plot's edges within it."""

    width: int
    height: int
    left: int = 52
    right: int = 8
    top: int = 12
    bottom: int = 22

    @property
    def across(self) -> int:
        """The plot's width."""
        return self.width - self.left - self.right

    @property
    def down(self) -> int:
        """The plot's height."""
        return self.height - self.top - self.bottom


def chart_svg(
    chart: Chart, start: int, end: int, label: str, *, zone: tzinfo | None = None, width: int = 720, height: int = 200, shade: str = ""
) -> str:
    """Lines over time (UTC ms) with a scale from 0, thresholds and marks; ``shade``: one more class of the drawing."""
    values = [value for line in chart.lines for value in line.values if math.isfinite(value)]
    high = max([*values, *_near_limits(chart, values)], default=1.0) or 1.0
    ticks = nice_ticks(min([0.0, *values]), high)
    low, high = ticks[0], max(ticks[-1], high)
    longest = max(len(unit_value(tick, chart.unit)) for tick in ticks)
    frame = Frame(width, height, left=max(52, 7 * longest + 10))

    def x(at: float) -> float:
        return frame.left + frame.across * (at - start) / max(1, end - start)

    def y(value: float) -> float:
        return frame.top + frame.down * (1 - (value - low) / (high - low))

    parts = [
        *_scale(frame, ticks, y, chart.unit), *_hours(frame, start, end, x, zone), *_limits(frame, chart, high, y),
        *_marks(frame, chart, start, end, x), *_drawn(frame, chart.lines, x, y),
    ]  # fmt: skip
    name = f"chart {shade}".strip()
    return f'<svg class="{name}" viewBox="0 0 {width} {height}" role="img" aria-label="{said(label)}">{"".join(parts)}</svg>'


def _near_limits(chart: Chart, values: Sequence[float]) -> list[float]:
    """The thresholds that the scale includes: one far above the values would press the line flat."""
    return [limit * 1.05 for limit, _ in chart.thresholds if values and limit <= 2.5 * max(values)]


def nice_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values that cover the range, at most ``most`` steps apart by 1, 2 or 5 times a power of ten."""
    span = max(high - low, 1e-12)
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _scale(frame: Frame, ticks: Sequence[float], y: Callable[[float], float], unit: str) -> list[str]:
    right = frame.width - frame.right
    return [
        f'<path class="grid" d="M{frame.left} {y(tick):.1f}H{right}"/>'
        f'<text x="{frame.left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{said(unit_value(tick, unit))}</text>'
        for tick in ticks
    ]


HOUR = 3_600_000
_STEPS = (60_000, 300_000, 600_000, 900_000, 1_800_000, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 168 * HOUR, 720 * HOUR)


def _hours(frame: Frame, start: int, end: int, x: Callable[[float], float], zone: tzinfo | None) -> list[str]:
    """Times below the plot, as many as there is room for; dates where the steps are days."""
    most = max(2, frame.across // 80)
    step = next((each for each in _STEPS if (end - start) / each <= most), _STEPS[-1])
    times = range(start - start % step + step, end + 1, step)
    return [
        f'<text x="{x(at):.1f}" y="{frame.height - 5}" text-anchor="middle">{said(_time(at, end, step, zone))}</text>'
        for at in times
        if frame.left + 12 <= x(at) <= frame.width - 20
    ]


def _time(at: int, end: int, step: int, zone: tzinfo | None) -> str:
    return stamp(at, end, zone)[:-6] or clock(at, zone) if step >= 24 * HOUR else clock(at, zone)


def _limits(frame: Frame, chart: Chart, high: float, y: Callable[[float], float]) -> list[str]:
    across = f"H{frame.width - frame.right}"
    return [
        f'<path class="limit {"warn" if severity in ("info", "warning") else "bad"}" d="M{frame.left} {y(limit):.1f}{across}"/>'
        for limit, severity in chart.thresholds
        if limit <= high
    ]


def _marks(frame: Frame, chart: Chart, start: int, end: int, x: Callable[[float], float]) -> list[str]:
    base = frame.height - frame.bottom
    return [
        f'<path class="mark" d="M{x(at):.1f} {frame.top}V{base}"><title>{said(text)}</title></path>'
        for at, text in chart.marks
        if start <= at <= end
    ]


def _drawn(frame: Frame, lines: Sequence[ChartLine], x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    drawn = []
    for number, line in enumerate(lines[: len(LINES)]):
        points = [(x(at), y(value) if math.isfinite(value) else math.nan) for at, value in zip(line.times, line.values, strict=True)]
        for run in runs_of(points):
            if len(lines) == 1:
                drawn.append(filled(run, frame.height - frame.bottom))
            drawn.append(f'<polyline class="{LINES[number]}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in run)}"/>')
    return drawn
