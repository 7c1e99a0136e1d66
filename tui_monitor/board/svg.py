"""Small drawings as SVG text: a strip, an area, shares of a whole; pure, for the page and for reports in mail (charts: svg_chart.py).

Colours are classes ("ok", "warn", "bad", "none", "line", "fill", "axis" ...), which the page's style sheet gives light and dark values;
`standalone` puts fixed colours into a drawing for a file. Every text is escaped; no drawing refers to anything outside itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from tui_monitor.board.strip import Strip
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import HealthStatus

SHADES: Mapping[HealthStatus | None, str] = {
    HealthStatus.HEALTHY: "ok", HealthStatus.DEGRADED: "warn", HealthStatus.UNHEALTHY: "bad", HealthStatus.UNKNOWN: "none", None: "none",
}  # fmt: skip
COLOURS = {
    "ok": "#57b877", "warn": "#e0a53a", "bad": "#e5484d", "none": "#dfe3e8", "fill": "#2f6feb", "line": "#2f6feb", "axis": "#5b6470",
    "grid": "#e3e6ea",
}  # fmt: skip
BAR, GAP = 8, 2
HEIGHT = 26


def said(text: str) -> str:
    """A text for a drawing: without control characters, of bounded length, escaped."""
    return escape(clip(clean(text), 500))


def strip_svg(strip: Strip, label: str, tips: Sequence[str] = ()) -> str:
    """Bars from left to right, one path per state; with ``tips`` (one per bar) a rectangle per bar with its title."""
    width = len(strip) * (BAR + GAP) - GAP if strip else BAR
    bars = _tipped_bars(strip, tips) if tips else _paths(strip)
    return (
        f'<svg class="strip" viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{said(label)}">{bars}</svg>'
    )


def _paths(strip: Strip) -> str:
    shapes: dict[str, list[str]] = {}
    for number, slot in enumerate(strip):
        tall = max(2, round(slot.height * HEIGHT))
        shapes.setdefault(SHADES[slot.status], []).append(f"M{number * (BAR + GAP)} {HEIGHT - tall}h{BAR}v{tall}h-{BAR}z")
    return "".join(f'<path class="{shade}" d="{"".join(parts)}"/>' for shade, parts in shapes.items())


def _tipped_bars(strip: Strip, tips: Sequence[str]) -> str:
    def bar(number: int, shade: str, height: float, tip: str) -> str:
        tall = max(2, round(height * HEIGHT))
        place = f'x="{number * (BAR + GAP)}" y="{HEIGHT - tall}" width="{BAR}" height="{tall}"'
        return f'<rect class="{shade}" {place}><title>{said(tip)}</title></rect>'

    return "".join(bar(number, SHADES[slot.status], slot.height, tip) for number, (slot, tip) in enumerate(zip(strip, tips, strict=True)))


def area_svg(values: Sequence[float], label: str = "", *, width: int = 300, height: int = 56, ceiling: float | None = None) -> str:
    """A filled line without axes, stretched to the room it gets. NaN is a gap; ``ceiling``: the value of the upper edge."""
    known = [value for value in values if math.isfinite(value)]
    if len(known) < 2:
        return ""
    low, high = (0.0, ceiling) if ceiling is not None else _padded(min(known), max(known))
    step = width / (len(values) - 1)
    runs = runs_of([(number * step, _place(value, low, high, height)) for number, value in enumerate(values)])
    drawn = "".join(_area(run, height) for run in runs)
    role = f'role="img" aria-label="{said(label)}"' if label else 'aria-hidden="true"'
    return f'<svg class="area" viewBox="0 0 {width} {height}" preserveAspectRatio="none" {role}>{drawn}</svg>'


def _area(run: Sequence[tuple[float, float]], height: int) -> str:
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
    return filled(run, height) + f'<polyline class="line" points="{line}"/>'


def filled(run: Sequence[tuple[float, float]], base: float) -> str:
    """The area between a line and the height ``base``."""
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
    return f'<polygon class="fill" points="{run[0][0]:.1f},{base} {line} {run[-1][0]:.1f},{base}"/>'


def _padded(low: float, high: float) -> tuple[float, float]:
    """Bounds with room above and below, so that a flat line lies in the middle and its noise is not blown up."""
    room = max((high - low) * 0.2, abs(high) * 0.05, 1e-9)
    return max(0.0, low - room) if low >= 0 else low - room, high + room


def _place(value: float, low: float, high: float, height: float) -> float:
    if not math.isfinite(value):
        return math.nan
    share = (value - low) / (high - low) if high > low else 0.5
    return 1 + (height - 2) * (1 - min(1.0, max(0.0, share)))


def runs_of(points: Iterable[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The stretches without a gap, of two points at least."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y == y:
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def share_bar_svg(parts: Sequence[tuple[str, float]], label: str) -> str:
    """Shares of a whole side by side, each with its name as title; empty for a whole of nothing."""
    whole = sum(value for _, value in parts)
    if whole <= 0:
        return ""
    drawn, at = [], 0.0
    for number, (name, value) in enumerate(parts):
        wide = 1000 * value / whole
        drawn.append(f'<rect class="share s{number % 6}" x="{at:.1f}" width="{wide:.1f}" height="14"><title>{said(name)}</title></rect>')
        at += wide
    head = f'class="shares" viewBox="0 0 1000 14" preserveAspectRatio="none" role="img" aria-label="{said(label)}"'
    return f"<svg {head}>{''.join(drawn)}</svg>"


def standalone(svg: str) -> str:
    """The drawing as a file of its own: with its namespace and fixed colours for a light background."""
    rules = "".join(f".{name}{{fill:{colour}}}" for name, colour in COLOURS.items() if name not in ("line", "grid", "axis", "fill"))
    rules += f".fill{{fill:{COLOURS['fill']};fill-opacity:.13}}.line{{fill:none;stroke:{COLOURS['line']};stroke-width:1.6}}"
    rules += f".grid{{stroke:{COLOURS['grid']}}}text{{fill:{COLOURS['axis']};font:11px sans-serif}}.limit{{fill:none;stroke-dasharray:4 3}}"
    rules += "".join(f".limit.{name}{{stroke:{COLOURS[name]}}}" for name in ("warn", "bad")) + f".mark{{stroke:{COLOURS['axis']}}}"
    head, _, rest = svg.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{rules}</style>{rest}'
