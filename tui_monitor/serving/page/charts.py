"""Charts of pages: each drawn twice, as text in a drawing shrinks with it and narrow screens need their own."""

from __future__ import annotations

from tui_monitor.board.svg_chart import chart_svg
from tui_monitor.board.values import Chart
from tui_monitor.serving.page.render import marked
from tui_monitor.serving.page.view import PageView

_chart = marked(chart_svg)


def charts_of(view: PageView, chart: Chart, label: str) -> list[object]:
    """The drawing for wide and the one for narrow screens; the style sheet shows one of them."""
    start, end = view.board.at - view.span.whole, view.board.at
    return [
        _chart(chart, start, end, label, zone=view.words.zone, width=1100, height=220, shade="wide"),
        _chart(chart, start, end, label, zone=view.words.zone, width=380, height=200, shade="narrow"),
    ]
