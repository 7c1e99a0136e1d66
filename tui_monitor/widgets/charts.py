"""Charts as lines: plotext draws with braille dots, and its output becomes runs with style names. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from tui_monitor.board.values import Chart, ChartLine
from tui_monitor.core import humanize as f
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle

LINE_STYLES = ("line-1", "line-2", "line-3", "line-4", "line-5", "line-6")
SEVERITY_STYLES = {"critical": "critical", "error": "error", "warning": "warning"}
_CODES = {name: 100 + index for index, name in enumerate((*LINE_STYLES, "faint", "warning", "error", "critical", "info"))}
"""Colour numbers that stand for style names in plotext's output."""
_NAMES = {code: name for name, code in _CODES.items()}
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
MARKS_SHOWN = 30


def chart_lines(
    chart: Chart, start: int, end: int, width: int, height: int, look: RenderStyle, before: Sequence[ChartLine] = ()
) -> list[Line]:
    """A chart from ``start`` to ``end`` (UTC ms) of exactly ``width`` by ``height`` cells; ``before`` is drawn faint behind it."""
    if chart.error:
        return [LineBuilder(width, look).gap(2).append(chart.error, "critical").line()]
    values = [value for line in (*chart.lines, *before) for value in line.values if math.isfinite(value)]
    if not values:
        return [LineBuilder(width, look).line(), LineBuilder(width, look).gap(2).append("No samples in this range.", "dim").line()]
    legend = _legend(chart, before, _scale(chart, values), width, look, height // 4) if height >= 8 else []
    marks = [(at, text) for at, text in chart.marks if start <= at <= end]
    told = [_marks_line(marks, end, width, look)] if marks and height >= 8 else []
    plot = _plot(chart, before, marks, values, start, end, width, max(3, height - len(legend) - len(told)), look)
    return [*legend, *plot, *told][:height]


def _scale(chart: Chart, values: Sequence[float]) -> tuple[float, float]:
    """The chart's lowest and highest value, over all samples and the thresholds near them."""
    low, high = min(values), max(values)
    near = [value for value, _ in chart.thresholds if value <= high * 1.5 + 1e-9 and value >= low / 2 - 1e-9]
    low, high = min([low, *near]), max([high, *near])
    if chart.unit in ("ratio", "seconds", "bytes", "bytes_per_second") and 0 <= low <= high * (0.9 if chart.unit == "ratio" else 0.6):
        low = 0.0
    return (low, high) if low < high else (low - (abs(low) * 0.1 or 1.0), high + (abs(high) * 0.1 or 1.0))


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About ``count`` round values between two limits."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    raw = span / max(1, count)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def _legend(chart: Chart, before: Sequence[ChartLine], scale: tuple[float, float], width: int, look: RenderStyle, limit: int) -> list[Line]:
    lines, (low, high) = [], scale
    shown = chart.lines[: max(1, limit - 1)] if len(chart.lines) > limit else chart.lines
    for index, one in enumerate(shown):
        known = [value for value in one.values if math.isfinite(value)]
        row = LineBuilder(width, look).gap(1).append(look.glyphs.track * 2, LINE_STYLES[index % 6]).gap()
        tail = ""
        if known:
            unit = chart.unit
            mean = sum(known) / len(known)
            tail = f"last {f.unit_value(known[-1], unit)}  min {f.unit_value(min(known), unit)}  avg {f.unit_value(mean, unit)}"
            tail += f"  max {f.unit_value(max(known), unit)}"
        row.append(one.name or "value", "text", max(8, row.room - len(tail) - 3)).gap(2)
        lines.append(row.append(tail, "dim").line())
    if len(shown) < len(chart.lines):
        lines.append(LineBuilder(width, look).gap(4).append(f"and {len(chart.lines) - len(shown)} more series", "dim").line())
    if chart.thresholds:
        row = LineBuilder(width, look).gap(1)
        for value, severity in chart.thresholds:
            beyond = " above" if value > high else " below" if value < low else ""
            row.append(look.glyphs.track * 2, SEVERITY_STYLES.get(severity, "info")).gap()
            row.append(f"{severity} {f.unit_value(value, chart.unit)}{beyond}", "dim").gap(3)
        lines.append(row.line())
    if before:
        lines.append(
            LineBuilder(width, look).gap(1).append(look.glyphs.track * 2, "faint").gap().append("the same time last week", "dim").line()
        )
    return lines


def _marks_line(marks: Sequence[tuple[int, str]], now: int, width: int, look: RenderStyle) -> Line:
    """The newest marks that fit, and the number of earlier ones."""
    texts = [f"{f.stamp(at, now, look.zone)} {clean(text)}" for at, text in marks]
    shown: list[str] = []
    room = width - 1 - len("999 before   ")
    for text in reversed(texts):
        room -= f.cells(text) + 5
        if room < 0 and shown:
            break
        shown.insert(0, text)
    row = LineBuilder(width, look).gap(1)
    if len(shown) < len(texts):
        row.append(f"{len(texts) - len(shown)} before", "faint").gap(3)
    for text in shown:
        row.append(look.glyphs.mark, "warning").gap().append(text, "dim").gap(3)
    return row.line()


def _plot(
    chart: Chart,
    before: Sequence[ChartLine],
    marks: Sequence[tuple[int, str]],
    values: Sequence[float],
    start: int,
    end: int,
    width: int,
    height: int,
    look: RenderStyle,
) -> list[Line]:
    import plotext

    low, high = _scale(chart, values)
    marker = "braille" if look.glyphs.braille else "*"
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(width - 1, height)
    plotext.theme("clear")
    plotext.frame(False)
    plotext.xlim(start / 1000, end / 1000)
    plotext.ylim(low, high)
    for value, severity in chart.thresholds:
        if low <= value <= high:
            code = _CODES[SEVERITY_STYLES.get(severity, "info")]
            plotext.plot([start / 1000, end / 1000], [value, value], marker=marker if look.glyphs.braille else "-", color=code)
    for at, _ in marks[-MARKS_SHOWN:]:
        plotext.plot([at / 1000, at / 1000], [low, high], marker=marker if look.glyphs.braille else "|", color=_CODES["faint"])
    for one in before:
        _draw(plotext, one, _CODES["faint"], marker)
    for index, one in enumerate(chart.lines):
        _draw(plotext, one, _CODES[LINE_STYLES[index % 6]], marker)
    rows = ticks(low, high, max(2, height // 4))
    labels = [f.unit_value(value, chart.unit) for value in rows]
    wide = max((len(label) for label in labels), default=1)
    plotext.yticks(rows, [f"{label:>{wide}} " for label in labels])
    moments = _moments(start, end, max(2, width // 16))
    plotext.xticks(
        [at / 1000 for at in moments],
        [f.stamp(at, end, look.zone) if end - start > 86_400_000 else f.clock(at, look.zone) for at in moments],
    )
    return [_line(text, width, look) for text in plotext.build().split("\n")[:height]]


def _draw(plotext: object, one: ChartLine, code: int, marker: str) -> None:
    """Draw a line with gaps: plotext joins over NaN, so each unbroken part is drawn as its own line."""
    xs: list[float] = []
    ys: list[float] = []
    for at, value in zip((*one.times, 0), (*one.values, math.nan), strict=False):
        if math.isfinite(value):
            xs.append(at / 1000)
            ys.append(value)
        elif xs:
            plotext.plot(xs, ys, marker=marker, color=code)  # type: ignore[attr-defined]
            xs, ys = [], []


_STEPS = (60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800)


def _moments(start: int, end: int, count: int) -> list[int]:
    """Round times between two limits."""
    wanted = (end - start) / 1000 / count
    step = next((step for step in _STEPS if step >= wanted), 604800) * 1000
    return list(range(-(-start // step) * step, end + 1, step))


def _line(text: str, width: int, look: RenderStyle) -> Line:
    row, style, position = LineBuilder(width, look), "dim", 0
    for match in _SGR.finditer(text):
        row.append(text[position : match.start()], style)
        numbers = match[1].split(";")
        style = _NAMES.get(int(numbers[2]), "dim") if len(numbers) == 3 and numbers[2].isdigit() else "dim"
        position = match.end()
    return row.append(text[position:], style).line()


def table_lines(chart: Chart, now: int, width: int, look: RenderStyle) -> list[Line]:
    """Each series with its newest value and that value's time."""
    if chart.error:
        return [LineBuilder(width, look).gap(2).append(chart.error, "critical").line()]
    if not chart.lines:
        return [LineBuilder(width, look).line(), LineBuilder(width, look).gap(2).append("No series.", "dim").line()]
    lines = []
    for index, one in enumerate(chart.lines):
        newest = next(
            ((at, value) for at, value in zip(reversed(one.times), reversed(one.values), strict=False) if math.isfinite(value)), None
        )
        row = (
            LineBuilder(width, look)
            .gap(1)
            .append(one.name or "value", LINE_STYLES[index % 6] if index < 6 else "text", max(10, width - 32))
            .gap()
        )
        row.append(f.unit_value(newest[1], chart.unit) if newest else f.NOTHING, "strong", 14, right=True).gap(2)
        lines.append(row.append(f.stamp(newest[0], now, look.zone, seconds=True) if newest else "", "dim").line())
    return lines
