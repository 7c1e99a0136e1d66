"""The inside of a panel of a screen by role, as lines, for each kind. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_monitor.board.screen_values import PanelRow, PanelValues
from tui_monitor.board.values import Chart
from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.screen_phrases import ENGLISH, ScreenPhrases
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.big_digits import HEIGHT, big_figure
from tui_monitor.widgets.cell_line import HEALTH_STYLES, SEVERITY_WORDS, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.chart_legend import LINE_STYLES
from tui_monitor.widgets.charts import chart_lines
from tui_monitor.widgets.graphs import graph
from tui_monitor.widgets.strip_cells import append_strip

STYLES = {"critical": "critical", "error": "error", "warning": "warning", "info": "info", **HEALTH_STYLES}
LONG = frozenset({"reason", "summary", "message", "operation", "route"})
"""Columns that take the room that is left."""
LEAST_STRIP = 8
Draw = Callable[[PanelValues, int, int, RenderStyle, ScreenPhrases], list[Line]]


def panel_lines(values: PanelValues, width: int, height: int, look: RenderStyle, phrases: ScreenPhrases = ENGLISH) -> list[Line]:
    """The lines of a panel in ``width`` by ``height`` cells; as many as there are, at most ``height``."""
    if height <= 0:
        return []
    below = _note(values, width, height, look)
    room = height - len(below)
    if values.loading:
        lines = [_say("...", width, look)]
    elif values.error:
        lines = [_say(text, width, look, "critical") for text in f.wrap(clean(values.error), max(8, width - 2))]
    elif not values.rows and not values.lines and values.panel.kind != "text":
        lines = [_say(text, width, look) for text in f.wrap(values.empty, max(8, width - 2))]
    else:
        lines = _DRAW.get(values.panel.kind, _table)(values, width, room, look, phrases)[:room]
    if not below:
        return lines[:height]
    return [*lines[:room], *[_blank(width, look)] * (room - len(lines)), *below]


def _say(text: str, width: int, look: RenderStyle, style: str = "dim") -> Line:
    return LineBuilder(width, look).gap(1).append(text, style).line()


def _blank(width: int, look: RenderStyle) -> Line:
    return LineBuilder(width, look).line()


def _note(values: PanelValues, width: int, height: int, look: RenderStyle) -> list[Line]:
    """The text below a panel of another kind, in at most a third of its lines."""
    if values.panel.kind == "text" or not values.panel.text:
        return []
    return [_say(text, width, look) for text in f.wrap(values.panel.text, max(8, width - 2), max(1, height // 3))]


def _text(values: PanelValues, width: int, height: int, look: RenderStyle, phrases: ScreenPhrases) -> list[Line]:
    return [_say(text, width, look, "text") for text in f.wrap(values.panel.text, max(8, width - 2), height)]


def _stat(values: PanelValues, width: int, height: int, look: RenderStyle, phrases: ScreenPhrases) -> list[Line]:
    """One series as a big figure beside or above its sparkline; several as rows."""
    if len(values.rows) > 1 or height < HEIGHT:
        return [_stat_row(row, values.rows, width, look) for row in values.rows]
    (row,) = values.rows
    style = STYLES.get(row.status, "strong")
    big = big_figure(row.cells[1], width - 2, look.glyphs)
    figure, unit = big if big is not None else ([row.cells[1]], "")
    if height >= HEIGHT + 3:
        drawn = graph(row.values, width - 2, height - len(figure) - 1, look.glyphs)
        head = [_figure_line(text, unit if last else "", style, width, look) for text, last in _with_last(figure)]
        return [*head, _blank(width, look), *(_say(line, width, look, "bar") for line in drawn)]
    taken = max(map(f.cells, figure)) + (f.cells(unit) + 1 if unit else 0) + 3
    drawn = graph(row.values, width - taken - 1, len(figure), look.glyphs) if width - taken - 1 >= 6 else ("",) * len(figure)
    lines = []
    for (text, last), line in zip(_with_last(figure), drawn, strict=True):
        built = LineBuilder(width, look).gap(1).append(text, style)
        built.append(f" {unit}" if last and unit else "", style)
        lines.append(built.gap(taken - built.used).append(line, "bar").line())
    return lines


def _with_last(lines: Sequence[str]) -> list[tuple[str, bool]]:
    return [(line, number == len(lines) - 1) for number, line in enumerate(lines)]


def _figure_line(text: str, unit: str, style: str, width: int, look: RenderStyle) -> Line:
    return LineBuilder(width, look).gap(1).append(text, style).append(f" {unit}" if unit else "", style).line()


def _stat_row(row: PanelRow, every: Sequence[PanelRow], width: int, look: RenderStyle) -> Line:
    names = min(width // 2, max(f.cells(one.cells[0]) for one in every))
    figures = max(f.cells(one.cells[1]) for one in every)
    line = LineBuilder(width, look).gap(1).append(row.cells[0], "dim", names).gap()
    line.append(row.cells[1], STYLES.get(row.status, "strong"), figures, right=True).gap()
    return line.append(graph(row.values, max(0, line.room - 1), 1, look.glyphs)[0] if line.room > 6 else "", "bar").line()


def _chart(values: PanelValues, width: int, height: int, look: RenderStyle, phrases: ScreenPhrases) -> list[Line]:
    chart = Chart(values.lines, values.unit, values.panel.limits)
    return chart_lines(chart, values.start, values.end, width, height, look)


def _bars(values: PanelValues, width: int, height: int, look: RenderStyle, phrases: ScreenPhrases) -> list[Line]:
    """Name, bar, value, and a detail where there is room."""
    rows = values.rows
    names = min(max(8, width * 2 // 5), max(f.cells(row.cells[0]) for row in rows))
    figures = max(f.cells(row.cells[1]) for row in rows)
    details = max((f.cells(row.cells[2]) for row in rows if len(row.cells) > 2), default=0)
    details = details if width - names - figures - details >= 16 else 0
    wide = max(0, width - names - figures - details - 4 - bool(details))
    lines = []
    for row in rows:
        style = STYLES.get(row.status, "bar")
        line = LineBuilder(width, look).gap(1).append(row.cells[0], "text", names).gap()
        filled = 0 if row.ratio is None else min(wide, max(row.ratio > 0, round(row.ratio * wide)))
        if row.ratio is None:
            line.gap(wide)
        else:
            line.append(look.glyphs.full * filled, style).append(look.glyphs.empty * (wide - filled), "track")
        line.gap().append(row.cells[1], STYLES.get(row.status, "strong"), figures, right=True)
        lines.append((line.gap().append(row.cells[2] if len(row.cells) > 2 else "", "dim") if details else line).line())
    return _fitted(lines, values.more, width, height, look, phrases)


def _shares(values: PanelValues, width: int, height: int, look: RenderStyle, phrases: ScreenPhrases) -> list[Line]:
    """The whole as one bar in the colours of its parts, then a row a part."""
    bar, left = LineBuilder(width, look).gap(1), max(1, width - 2)
    for number, row in enumerate(values.rows):
        wide = left if number == len(values.rows) - 1 else min(left, round((row.ratio or 0) * (width - 2)))
        bar.append(look.glyphs.full * wide, LINE_STYLES[number % 6])
        left -= wide
    figures = max(f.cells(row.cells[1]) for row in values.rows)
    lines = []
    for number, row in enumerate(values.rows):
        line = LineBuilder(width, look).gap(1).append(look.glyphs.full, LINE_STYLES[number % 6]).gap()
        line.append(row.cells[0], "text", max(4, width - figures - 11)).gap()
        lines.append(line.append(row.cells[1], "strong", figures, right=True).append(row.cells[2], "dim", 5, right=True).line())
    return [bar.line(), *_fitted(lines, values.more, width, height - 1, look, phrases)]


def _fitted(lines: Sequence[Line], more: int, width: int, height: int, look: RenderStyle, phrases: ScreenPhrases) -> list[Line]:
    """The lines that fit; the last says how many more there are."""
    if len(lines) <= height and not more:
        return list(lines)
    kept = list(lines[: max(0, height - 1)])
    return [*kept, _say(f"+{phrases.more.format(count=len(lines) - len(kept) + more)}", width, look)]


# --- tables ---------------------------------------------------------------------------------------------------------------------


def _table(values: PanelValues, width: int, height: int, look: RenderStyle, phrases: ScreenPhrases) -> list[Line]:
    """Rows under their heads; a column that does not fit is left out from the right, a long one is cut."""
    signs = values.panel.kind in ("checks", "hosts", "containers")
    strips = any(row.strip for row in values.rows)
    texts = [phrases.heads.get(head, head) for head in values.heads]
    heads = height >= 5 and values.panel.kind not in ("alerts", "logs", "checks", "hosts")
    shown = values.rows[: max(1, height)]
    widths = _widths(
        values.heads, texts if heads else [""] * len(texts), shown, width - 2 - 2 * signs, reserved=LEAST_STRIP if strips else 0
    )
    left = width - 2 - 2 * signs - sum(wide + 1 for wide in widths if wide)
    apart = 1 if strips else 1 + max(0, min(3, left // max(1, len(widths))))
    lines = [_row_line(values, row, widths, (left if strips else 0, apart), width, look, signs=signs) for row in values.rows]
    if not heads:
        return _fitted(lines, values.more, width, height, look, phrases)
    built = LineBuilder(width, look).gap(1 + 2 * signs)
    for head, text, wide in zip(values.heads, texts, widths, strict=True):
        built.append(text, "faint", wide, right=values.is_number(head)).gap(apart if wide else 0)
    return [built.line(), *_fitted(lines, values.more, width, height - 1, look, phrases)]


def _widths(heads: Sequence[str], texts: Sequence[str], rows: Sequence[PanelRow], room: int, reserved: int) -> list[int]:
    """The width of each column; 0 for one that is left out. Long texts get what the others leave."""
    wanted = [max([f.cells(text), *(f.cells(_shown(heads[place], row.cells[place])) for row in rows)]) for place, text in enumerate(texts)]
    widths = [0 if head in LONG else min(wide, max(8, room // 2)) for head, wide in zip(heads, wanted, strict=True)]
    left = room - reserved - sum(wide + 1 for wide in widths if wide)
    for place in reversed(range(1, len(widths))):
        if left < 0 and widths[place] and heads[place] not in LONG:
            left += widths[place] + 1
            widths[place] = 0
    for place, head in enumerate(heads):
        if head in LONG and left > 4:
            widths[place] = min(wanted[place], left - 1)
            left -= widths[place] + 1
    return widths


def _row_line(
    values: PanelValues, row: PanelRow, widths: Sequence[int], room: tuple[int, int], width: int, look: RenderStyle, *, signs: bool
) -> Line:
    """One row; ``room``: the width of its strip (0: none) and the cells between columns."""
    strip, apart = room
    style = STYLES.get(row.status, "text")
    line = LineBuilder(width, look).gap(1)
    if signs:
        line.append(look.glyphs.health(row.status), style).gap()
    for place, (head, cell, wide) in enumerate(zip(values.heads, row.cells, widths, strict=True)):
        if not wide:
            continue
        line.append(_shown(head, cell), _tone(head, place, row, style), wide, right=values.is_number(head)).gap(apart)
        if place == 0 and strip:
            append_strip(line, row.strip, strip - 1, look.glyphs).gap()
    return line.line()


def _shown(head: str, cell: str) -> str:
    return SEVERITY_WORDS.get(cell, cell) if head == "severity" else cell


def _tone(head: str, place: int, row: PanelRow, style: str) -> str:
    if head in ("severity", "level", "reason", "state", "route"):
        return style
    if place == 0 or head in ("summary", "message", "operation"):
        return "strong" if row.status not in ("", "healthy") else "text"
    return style if head == "value" else "dim"


_DRAW: dict[str, Draw] = {"text": _text, "stat": _stat, "chart": _chart, "bars": _bars, "resources": _bars, "pie": _shares}
