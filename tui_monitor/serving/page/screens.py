"""Screens by role as pages: the list of them, and one with its panels, of the same values as in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.screen_values import PanelRow, PanelValues
from tui_monitor.board.screens import ScreenDefinition, find_screen
from tui_monitor.board.strip import Strip
from tui_monitor.board.svg import area_svg, strip_svg
from tui_monitor.board.svg_chart import LINES, chart_svg
from tui_monitor.board.svg_ring import bar_svg, ring_svg
from tui_monitor.board.values import Chart
from tui_monitor.core.catalogue.screen_phrases import screen_phrases
from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import unit_value
from tui_monitor.serving.page.overview import strip_label
from tui_monitor.serving.page.parts import PageContent, PagePart
from tui_monitor.serving.page.render import marked
from tui_monitor.serving.page.view import PageView, content, notices
from tui_monitor.serving.page.words import tidy

COLUMNS = 12
"""Columns of the page's grid; a screen's own are mapped on them."""
LEAST_ROWS, CELL, GAPS = 6, 95, 44
"""Rows that every list may have, whatever its height; width of a column in pixels, and of what surrounds a panel's inside."""
_SHADES = {
    "critical": "bad", "error": "bad", "unhealthy": "bad", "warning": "warn", "degraded": "warn", "healthy": "ok", "unknown": "none",
}  # fmt: skip
_area, _bar, _chart, _ring, _strip = (marked(draw) for draw in (area_svg, bar_svg, chart_svg, ring_svg, strip_svg))


@frozen
class PanelRowPage:
    """A row with what its template needs."""

    row: PanelRow
    shade: str
    drawing: object = ""


@frozen
class PanelPage:
    """What a panel's template shows beside the values: heads in the reader's language, drawings, shades by row."""

    ident: str
    title: str
    wide: int
    values: PanelValues
    heads: Sequence[tuple[str, bool]]
    """(text, whether its column holds numbers)."""
    rows: Sequence[PanelRowPage]
    more: int
    drawings: Sequence[object] = ()
    legend: Sequence[tuple[str, str, str]] = ()
    """(class of the colour, name, last value)."""


async def screens_page(view: PageView, name: str) -> PageContent:
    """The list of screens."""
    screens = await view.data.screens()
    phrases = screen_phrases(view.words.t.language)
    listed = view.part("screens", "screens.html", screens=screens, phrases=phrases)
    return content(view, [notices(view), listed], phrases.screens)


async def screen_page(view: PageView, name: str) -> PageContent | None:
    """The panels of one screen, each sent by itself when it changes; None where there is no such screen."""
    screen = find_screen(await view.data.screens(), name)
    if screen is None:
        return None
    values = await view.data.screen_values(screen, view.backend, view.board, view.words)
    phrases = screen_phrases(view.words.t.language)
    panels = [_panel(view, screen, number, each) for number, each in enumerate(values.panels)]
    rows = tuple((panel.ident, view.html("panel.html", panel=panel, phrases=phrases)) for panel in panels)
    title = tidy(screen.title or screen.name, 80)
    before = view.html("screen_before.html", title=title)
    return content(view, [notices(view), PagePart("screen", before, rows, "</div></section>")], title)


def _panel(view: PageView, screen: ScreenDefinition, number: int, values: PanelValues) -> PanelPage:
    phrases = screen_phrases(view.words.t.language)
    heads = [(phrases.heads.get(_head(values, head), head), values.is_number(head)) for head in values.heads]
    most = max(LEAST_ROWS, values.panel.height)
    label = f"{values.title}: {', '.join(row.cells[0] + ' ' + row.cells[1] for row in values.rows[:6] if len(row.cells) > 1)}"
    wide = max(1, round(COLUMNS * min(values.panel.width, screen.columns) / screen.columns))
    return PanelPage(
        ident=f"panel-{number}",
        title=tidy(values.title, 80),
        wide=wide,
        values=values,
        heads=heads,
        rows=[_row(view, values, row) for row in values.rows[:most] if row.cells],
        more=values.more + max(0, len(values.rows) - most),
        drawings=_drawings(view, values, label, wide),
        legend=_legend(values),
    )


def _head(values: PanelValues, head: str) -> str:
    """Here the strip stands below the reason."""
    return "strip" if head == "reason" and values.panel.kind in ("checks", "hosts") else head


def _row(view: PageView, values: PanelValues, row: PanelRow) -> PanelRowPage:
    shade = _SHADES.get(row.status, "")
    drawing: object = ""
    if values.panel.kind == "stat" and row.values:
        drawing = _area([float("nan") if value is None else value for value in row.values])
    elif values.panel.kind in ("bars", "resources") and row.ratio is not None:
        drawing = _bar(row.ratio, shade)
    elif row.strip:
        drawing = _strip_of(view, row.cells[0], row.strip)
    return PanelRowPage(row, shade, drawing)


def _strip_of(view: PageView, name: str, strip: Strip) -> object:
    return _strip(strip, strip_label(view.words, tidy(name, 80), view.words.span((strip[-1].end - strip[0].begin) / 1000), strip))


def _drawings(view: PageView, values: PanelValues, label: str, wide: int) -> Sequence[object]:
    """A chart for wide and one for narrow screens (its texts shrink with it), or a ring."""
    if values.panel.kind == "pie" and values.rows:
        return [_ring([(f"{row.cells[0]} {row.cells[2]}", row.ratio or 0.0) for row in values.rows], label)]
    if values.panel.kind != "chart" or not values.lines:
        return ()
    chart = Chart(values.lines[: len(LINES)], values.unit, values.panel.limits)
    said = f"{values.title}: {', '.join(f'{name} {last}' for _, name, last in _legend(values))}"
    across = max(380, CELL * wide - GAPS)
    return [
        _chart(chart, values.start, values.end, said, zone=view.words.zone, width=across, height=240, shade="wide"),
        _chart(chart, values.start, values.end, said, zone=view.words.zone, width=380, height=200, shade="narrow"),
    ]


def _legend(values: PanelValues) -> Sequence[tuple[str, str, str]]:
    found = zip(LINES, values.lines, strict=False)
    return [(shade, tidy(line.name, 60), unit_value(line.values[-1], values.unit) if line.values else "") for shade, line in found]
