"""Charts as lines: one series as a filled area, several as lines, with limits, alerts, marks, a cursor and a legend. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tui_monitor.board.strip import Strip
from tui_monitor.board.values import AlertSpan, Chart, ChartLine
from tui_monitor.core import humanize as f
from tui_monitor.core.sanitize import clean
from tui_monitor.core.values import HealthStatus, severity_rank
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.chart_legend import (
    LIMIT_STYLES,
    LINE_STYLES,
    ChartFocus,
    events_line,
    flags_of,
    legend_lines,
    ranked,
)
from tui_monitor.widgets.palettes import FILLS
from tui_monitor.widgets.plot import Plot, columns_of
from tui_monitor.widgets.scale import Scale, extent, moments, scale_of, time_text

EXCEEDED = {"warning": "slot-slow", "degraded": "slot-slow", "critical": "slot-down", "error": "slot-down", "unhealthy": "slot-down"}
OWN_LIMITS = ("degraded", "unhealthy")
"""Limits of a check itself: a greater value is beyond them."""
STATUS_STYLES = {HealthStatus.DEGRADED: "slot-slow", HealthStatus.UNHEALTHY: "slot-down"}
GRADIENT = (*FILLS, "line-1")
"""Of an area, from below."""


def chart_lines(
    chart: Chart,
    start: int,
    end: int,
    width: int,
    height: int,
    look: RenderStyle,
    before: Sequence[ChartLine] = (),
    focus: ChartFocus = ChartFocus(),  # noqa: B008 - frozen
    strip: Strip = (),
    legend: bool = True,
    events: bool = True,
    begun: int = 0,
    least: float = 0.0,
) -> list[Line]:
    """A chart from ``start`` to ``end`` (UTC ms) of exactly ``width`` by at most ``height`` cells.

    ``before`` is drawn faint behind it. ``strip``: the status of the check whose series it is; a column in which it failed is full,
    and its latency (the time limit) does not press the others flat. ``events``: name alerts and flags in a line below. ``begun``: when
    the alert that it is about began (UTC ms), marked on the axis. ``least``: the scale reaches at least so high.
    """
    if chart.error:
        return [LineBuilder(width, look).gap(2).append(chart.error, "critical").line()]
    lines = ranked(chart)
    shown = lines if focus.alone is None else lines[focus.alone : focus.alone + 1]
    values = [value for line in before for value in line.values if math.isfinite(value)]
    values += _measured(shown, strip)
    if not values:
        return [LineBuilder(width, look).line(), LineBuilder(width, look).gap(2).append("No samples in this range.", "dim").line()]
    low, high = extent([*values, max(least, min(values))], [value for value, _ in chart.thresholds], chart.unit)
    heads = legend_lines(chart, lines, bool(before), (low, high), focus, width, look, max(1, height // 4)) if legend and height >= 8 else []
    named = [events_line(chart, start, end, width, look)] if events and height >= 8 and (chart.marks or chart.spans) else []
    spans = [span for span in chart.spans if span.start <= end and (span.end is None or span.end >= start)]
    room = height - len(heads) - len(named) - bool(spans) - 1
    scale = scale_of(low, high, chart.unit, max(2, room))
    gutter = max((f.cells(text) for _, text in scale.labels), default=0) + 1
    wide = max(1, width - gutter - 1)
    plot = _drawn(chart, lines, shown, before, (start, end), (wide, scale), look, focus, strip)
    if not heads:
        _label_beyond(plot, chart, look)
    labels = dict(scale.labels)
    body = [_plot_line(plot, row, labels.get(row), gutter, width, look) for row in range(scale.rows - 1, -1, -1)]
    bands = [_bands(spans, start, end, gutter, wide, width, look)] if spans else []
    axis = _axis(chart, start, end, gutter, wide, width, look, begun)
    return [*heads, *body, *bands, axis, *named][:height]


def _measured(lines: Sequence[ChartLine], strip: Strip) -> list[float]:
    """The values that the scale has to hold: all, or those of a check while it answered, where it ever did."""
    known = [(at, value) for line in lines for at, value in zip(line.times, line.values, strict=True) if math.isfinite(value)]
    # a failing probe's value stands until the next sample, which may be a slot later
    down = [(2 * slot.begin - slot.end, 2 * slot.end - slot.begin) for slot in strip if slot.status is HealthStatus.UNHEALTHY]
    answered = [value for at, value in known if not any(begin <= at < end for begin, end in down)] if down else []
    return answered or [value for _, value in known]


def _drawn(
    chart: Chart,
    lines: Sequence[ChartLine],
    shown: Sequence[ChartLine],
    before: Sequence[ChartLine],
    times: tuple[int, int],
    room: tuple[int, Scale],
    look: RenderStyle,
    focus: ChartFocus,
    strip: Strip,
) -> Plot:
    (start, end), (wide, scale) = times, room
    plot = Plot(wide, scale, look.glyphs)
    within = [(value, severity) for value, severity in chart.thresholds if scale.low <= value <= scale.high]
    for value, severity in within:
        plot.dashes(value, LIMIT_STYLES.get(severity, "info"))
    for at, _ in flags_of(chart):
        if start <= at <= end:
            plot.column(_column(at, start, end, wide), "faint")
    for one in before:
        plot.line(one, start, end, "faint")
    for line in reversed(lines[len(LINE_STYLES) :]):
        plot.line(line, start, end, "faint")
    if len(shown) == 1:
        style = _filled(chart, scale, focus.alone)
        plot.area(columns_of(shown[0], start, end, wide), style if not strip else _by_status(style, strip, start, end, wide))
        _failures(plot, strip, start, end, wide)
    else:
        for index in range(min(len(LINE_STYLES), len(lines)) - 1, -1, -1):
            plot.line(lines[index], start, end, LINE_STYLES[index])
    for value, severity in within:
        plot.label(value, limit_text(value, severity, chart.unit, look), LIMIT_STYLES.get(severity, "info"))
    if focus.cursor is not None and start <= focus.cursor <= end:
        plot.column(_column(focus.cursor, start, end, wide), "strong")
    return plot


def _filled(chart: Chart, scale: Scale, alone: int | None) -> Callable[[int, int], str]:
    """The style of a filled cell: a gradient up to the limits, then the colour of the limit."""
    limits = upper_limits(chart.thresholds)
    own = LINE_STYLES[alone] if alone is not None and 0 < alone < len(LINE_STYLES) else ""
    styles = []
    for row in range(scale.rows):
        beyond = [severity for value, severity in limits if scale.value_at(row) > value]
        styles.append(EXCEEDED[beyond[-1]] if beyond else own or GRADIENT[row * len(GRADIENT) // scale.rows])
    return lambda _, row: styles[row]


def upper_limits(limits: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """The limits above which it is bad, ascending: a check's own, and those whose graver one is the higher. Of others it is not known."""
    found = sorted(limit for limit in limits if limit[1] in EXCEEDED)
    if all(severity in OWN_LIMITS for _, severity in found):
        return found
    ranks = [severity_rank(severity) for _, severity in found if severity not in OWN_LIMITS]
    return found if len(set(ranks)) > 1 and ranks == sorted(ranks) else [limit for limit in found if limit[1] in OWN_LIMITS]


def _by_status(style: Callable[[int, int], str], strip: Strip, start: int, end: int, wide: int) -> Callable[[int, int], str]:
    """The style by the check's status where it was not healthy."""
    found: dict[int, str] = {}
    for slot in strip:
        if slot.status in STATUS_STYLES and slot.end > start and slot.begin < end:
            for column in range(_column(slot.begin, start, end, wide), _column(min(slot.end - 1, end), start, end, wide) + 1):
                found[column] = STATUS_STYLES[slot.status]
    return lambda column, row: found.get(column) or style(column, row)


def _failures(plot: Plot, strip: Strip, start: int, end: int, wide: int) -> None:
    for slot in strip:
        if slot.status is HealthStatus.UNHEALTHY and slot.end > start and slot.begin < end:
            for column in range(_column(slot.begin, start, end, wide), _column(min(slot.end - 1, end), start, end, wide) + 1):
                plot.full(column, "slot-down")


def _column(at: int, start: int, end: int, wide: int) -> int:
    return min(wide - 1, max(0, (at - start) * wide // max(1, end - start)))


def _label_beyond(plot: Plot, chart: Chart, look: RenderStyle) -> None:
    """The nearest limit above the scale, in the top row: without a legend nothing else names it."""
    beyond = [(value, severity) for value, severity in sorted(chart.thresholds) if value > plot.scale.high]
    if beyond:
        value, severity = beyond[0]
        plot.label(plot.scale.high, look.words.say(f"{severity} > {f.limit_text(value, chart.unit)} (off scale)"), "dim")


def limit_text(value: float, severity: str, unit: str, look: RenderStyle) -> str:
    """The label of a limit: "unhealthy > 1s", or "warning 300ms" where the rule may ask for less."""
    return f"{look.words.exact(severity)}{' >' if severity in OWN_LIMITS else ''} {f.limit_text(value, unit)}"


def _plot_line(plot: Plot, row: int, label: str | None, gutter: int, width: int, look: RenderStyle) -> Line:
    line = LineBuilder(width, look).append(label or "", "dim", gutter - 1, right=True).append(look.glyphs.axis(label is not None), "border")
    for text, style in plot.runs(row):
        line.append(text, style)
    return line.line()


def _bands(spans: Sequence[AlertSpan], start: int, end: int, gutter: int, wide: int, width: int, look: RenderStyle) -> Line:
    """When alerts fired, below the axis: each column in the gravest severity of its time."""
    ranks = [-1] * wide
    words = [""] * wide
    for span in spans:
        for column in range(_column(span.start, start, end, wide), _column(span.end or end, start, end, wide) + 1):
            if severity_rank(span.severity) + 1 > ranks[column]:
                ranks[column], words[column] = severity_rank(span.severity) + 1, span.severity
    row = LineBuilder(width, look).append("alerts" if gutter > 6 else "", "dim", gutter - 1, right=True).gap()
    for rank, word in zip(ranks, words, strict=True):
        grave = rank >= 3
        row.append(" " if rank < 0 else look.glyphs.block(0.5 if grave else 0.25), LIMIT_STYLES.get(word, "info"))
    return row.line()


def _axis(chart: Chart, start: int, end: int, gutter: int, wide: int, width: int, look: RenderStyle, begun: int) -> Line:
    """The begin of the alert, flags with their labels, and round times where they leave room."""
    cells: list[tuple[str, str]] = [(" ", "dim")] * wide
    begins = start <= begun <= end
    if begins:
        _place(cells, _column(begun, start, end, wide), look.glyphs.unhealthy, "critical")
    for at, text in reversed(flags_of(chart)):
        if start <= at <= end:
            label, column = f.cut(clean(text), 14, look.glyphs.cut), _column(at, start, end, wide)
            if not _place(cells, column, look.glyphs.flag + label, "accent"):
                _place(cells, column - f.cells(label), label + look.glyphs.flag, "accent")
    if begins:
        text = time_text(begun, start, end, look.zone)
        _place(cells, _column(begun, start, end, wide) - len(text) - 1, text, "critical")
    for at in moments(start, end, max(2, wide // 16), look.zone):
        text = time_text(at, start, end, look.zone)
        _place(cells, _column(at, start, end, wide) - len(text) // 2, text, "dim")
    row = LineBuilder(width, look).gap(gutter)
    for text, style in cells:
        if text:
            row.append(text, style)
    return row.line()


def _place(cells: list[tuple[str, str]], at: int, text: str, style: str) -> bool:
    """Write a text into free cells; nothing where it has no room. Whether it had."""
    long = f.cells(text)
    at = max(0, min(at, len(cells) - long))
    if long > len(cells) or any(held[0] != " " for held in cells[max(0, at - 1) : at + long + 1]):
        return False
    cells[at : at + long] = [(text, style), *[("", style)] * (long - 1)]
    return True


def table_lines(chart: Chart, now: int, width: int, look: RenderStyle) -> list[Line]:
    """Each series with its newest value and that value's time."""
    if chart.error:
        return [LineBuilder(width, look).gap(2).append(chart.error, "critical").line()]
    if not chart.lines:
        return [LineBuilder(width, look).line(), LineBuilder(width, look).gap(2).append("No series.", "dim").line()]
    lines = []
    for index, one in enumerate(ranked(chart)):
        newest = next(
            ((at, value) for at, value in zip(reversed(one.times), reversed(one.values), strict=False) if math.isfinite(value)), None
        )
        row = LineBuilder(width, look).gap(1)
        row.append(one.name or "value", LINE_STYLES[index] if index < len(LINE_STYLES) else "text", max(10, width - 32)).gap()
        row.append(f.unit_value(newest[1], chart.unit) if newest else f.NOTHING, "strong", 14, right=True).gap(2)
        lines.append(row.append(f.stamp(newest[0], now, look.zone, seconds=True) if newest else "", "dim").line())
    return lines
