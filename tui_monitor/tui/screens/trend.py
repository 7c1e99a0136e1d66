"""The screen of a trend: a chart of the selected series."""

from __future__ import annotations

from tui_monitor.board.values import AlertView
from tui_monitor.tui.keymap import hints
from tui_monitor.tui.screens.chart import ChartScreen
from tui_monitor.tui.screens.context import ScreenContext

_ABOUT_AN_ALERT = ("acknowledge",)


class TrendScreen(ChartScreen):
    """Chart of one expression; ``alert`` is the alert that it belongs to, if any."""

    def __init__(self, context: ScreenContext, expr: str, alert: AlertView | None) -> None:
        about = _ABOUT_AN_ALERT if alert is not None else ()
        footer = hints("cursor", "zoom", "alone", *about, "compare", "add_series", "table", "again", "save_panel", "back")
        super().__init__(context, "Trend", footer, expr, alert=alert)
