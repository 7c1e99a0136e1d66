"""What stands above and below a chart: its series with their figures, limits that are off the scale, alerts and marks. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui_monitor.board.values import Chart, ChartLine
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle

LEAST_GAP = 0.1
"""A chart begins with its data where these begin later than this share of its range."""
LINE_STYLES = ("line-1", "line-2", "line-3", "line-4", "line-5", "line-6")
"""As many series have a colour of their own; further ones are faint until one of them is shown alone."""
FIGURES = 4
"""Figures of a series in the legend: last, minimum, mean, maximum."""
LIMIT_STYLES = {"critical": "critical", "error": "error", "warning": "warning", "degraded": "warning", "unhealthy": "critical"}


@frozen
class ChartFocus:
    """What of a chart is looked at: the moment under the cursor (UTC ms), and the series shown alone, by its place in the legend."""

    cursor: int | None = None
    alone: int | None = None


def ranked(chart: Chart) -> list[ChartLine]:
    """The series in the order of the legend: the greatest last value first."""
    return sorted(chart.lines, key=lambda line: (-_last(line), line.name))


def _last(line: ChartLine) -> float:
    return next((value for value in reversed(line.values) if math.isfinite(value)), -math.inf)


def first_value_at(lines: Sequence[ChartLine]) -> int:
    """When the first value of any series was (UTC ms); 0 without values."""
    known = (next((at for at, value in zip(line.times, line.values, strict=True) if math.isfinite(value)), 0) for line in lines)
    return min(filter(None, known), default=0)


def shown_from(lines: Sequence[ChartLine], start: int, end: int) -> int:
    """The left edge of a chart: the begin of its range, or of the data where a good part of the range has none."""
    begins = first_value_at(lines)
    return begins if begins - start > LEAST_GAP * (end - start) and begins < end else start


def flags_of(chart: Chart) -> list[tuple[int, str]]:
    """The marks that are no alerts: deploys and other annotations."""
    alerts = {(span.start, span.text) for span in chart.spans}
    return [mark for mark in chart.marks if mark not in alerts]


def legend_lines(
    chart: Chart,
    lines: Sequence[ChartLine],
    compared: bool,
    reach: tuple[float, float],
    focus: ChartFocus,
    width: int,
    look: RenderStyle,
    limit: int,
) -> list[Line]:
    """The series in at most ``limit`` lines, then limits beyond ``reach`` (lowest and highest value of the scale), and last week."""
    room = max(1, limit - 1 if len(lines) > limit else limit)
    first = 0 if focus.alone is None else max(0, focus.alone - room + 1)
    shown = lines[first : first + room]
    most = _figures_that_fit(shown, chart.unit, width, look)
    found = [_legend_line(index, one, chart.unit, focus, width, look, most) for index, one in enumerate(shown, first)]
    if len(found) < len(lines):
        text = f"and {len(lines) - len(found)} more, faint" if len(lines) > len(LINE_STYLES) else f"and {len(lines) - len(found)} more"
        found.append(LineBuilder(width, look).gap(4).say(text, "dim").line())
    beyond = [(value, severity) for value, severity in chart.thresholds if not reach[0] <= value <= reach[1]]
    if beyond or compared:
        row = LineBuilder(width, look).gap(1)
        for value, severity in beyond:
            row.append(look.glyphs.dash * 2, LIMIT_STYLES.get(severity, "info")).gap()
            sign = ">" if value > reach[1] else "<"
            row.say(f"{severity} {sign} {f.limit_text(value, chart.unit)} (off scale)", "dim").gap(3)
        if compared:
            row.append(look.glyphs.track * 2, "faint").gap().append("the same time last week", "dim")
        found.append(row.line())
    return found


def _figures_that_fit(lines: Sequence[ChartLine], unit: str, width: int, look: RenderStyle) -> int:
    """How many figures have room beside the whole name of every series, at least the last value."""
    names = max((f.cells(one.name) for one in lines), default=0)
    for most in range(FIGURES, 1, -1):
        if names + max((f.cells(_summary(one, unit, most, look)) for one in lines), default=0) + 6 <= width:
            return most
    return 1


def _legend_line(index: int, one: ChartLine, unit: str, focus: ChartFocus, width: int, look: RenderStyle, most: int) -> Line:
    style = LINE_STYLES[index] if index < len(LINE_STYLES) else "faint"
    alone = focus.alone == index
    row = LineBuilder(width, look).append(look.glyphs.selected if alone else " ", "accent").append(look.glyphs.full * 2, style).gap()
    tail = _figures(one, unit, focus.cursor, look, most)
    row.append(one.name or "value", "strong" if alone else "text", max(8, row.room - f.cells(tail) - 3)).gap(2)
    return row.append(tail, "dim").line()


def _figures(one: ChartLine, unit: str, cursor: int | None, look: RenderStyle, most: int) -> str:
    if cursor is not None and any(map(math.isfinite, one.values)):
        value = value_at(one, cursor)
        figure = f.unit_value(value, unit) if value is not None else f.NOTHING
        return look.words.say(f"at {f.clock(cursor, look.zone, seconds=True)} {figure}")
    return _summary(one, unit, most, look)


def _summary(one: ChartLine, unit: str, most: int, look: RenderStyle) -> str:
    """The last value, and as many of maximum, mean and minimum as ``most`` allows."""
    known = [value for value in one.values if math.isfinite(value)]
    if not known:
        return ""
    mean = sum(known) / len(known)
    figures = (("last", known[-1]), ("min", min(known)), ("avg", mean), ("max", max(known)))
    kept = figures if most == FIGURES else (figures[0], *figures[FIGURES + 1 - most :])
    return "  ".join(f"{look.words.exact(f'{word}:').removesuffix(':')} {f.unit_value(value, unit)}" for word, value in kept)


def value_at(line: ChartLine, at: int) -> float | None:
    """The newest value until a moment; None in a gap and before the first."""
    found: float | None = None
    for when, value in zip(line.times, line.values, strict=True):
        if when > at:
            break
        found = value if math.isfinite(value) else None
    return found


def events_line(chart: Chart, start: int, end: int, width: int, look: RenderStyle) -> Line:
    """The newest alerts and flags that fit, and how many earlier ones there are."""
    alerts = [(span.start, f"{span.text} {f.span(((span.end or end) - span.start) / 1000)}", span.severity) for span in chart.spans]
    found = sorted(one for one in (*alerts, *((at, text, "") for at, text in flags_of(chart))) if start <= one[0] <= end)
    texts = [(f"{f.stamp(at, end, look.zone)} {clean(text)}", severity) for at, text, severity in found]
    kept: list[tuple[str, str]] = []
    room = width - 1 - len("+999 earlier   ")
    for text, severity in reversed(texts):
        room -= f.cells(text) + 5
        if room < 0 and kept:
            break
        kept.insert(0, (text, severity))
    row = LineBuilder(width, look).gap(1)
    if len(kept) < len(texts):
        row.say(f"+{len(texts) - len(kept)} earlier", "faint").gap(3)
    for text, severity in kept:
        row.append(look.glyphs.mark if severity else look.glyphs.flag, LIMIT_STYLES.get(severity, "accent")).gap().append(text, "dim").gap(
            3
        )
    return row.line()
