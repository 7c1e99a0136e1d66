"""The screen of panels: saved queries with their newest values."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.values import Chart, PanelView
from tui_monitor.core.commands import DropPanel
from tui_monitor.core.sanitize import clean
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import LIST_HINTS, ListScreen
from tui_monitor.widgets.analysis_rows import panel_line
from tui_monitor.widgets.cell_line import Hints, Line, RenderStyle
from tui_monitor.widgets.list_panes import ListRow

POINTS = 96
LINES = 8
"""How many series of a panel are listed."""


class PanelsScreen(ListScreen):
    """The saved queries; Enter opens one in explore, `x` removes it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("panels")
    TITLE_TEXT = "Panels"
    EMPTY_TEXT = "No panel yet. Ctrl+S on a trend (t) or in explore (e) saves one."
    HINTS: ClassVar[Hints] = (*hints("open", "remove"), *LIST_HINTS)
    RELOAD_EVERY: ClassVar[int] = 10

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(context)
        self._panels: dict[str, PanelView] = {}

    async def load(self) -> None:
        """Load the panels with the values of their ranges up to the moment shown."""
        rows: list[ListRow] = []
        known: dict[str, PanelView] = {}
        end = self.context.view.past_at or self.context.now()
        for panel in await self.context.backend.panels():
            chart = await self.context.backend.chart(panel.expr, end - panel.span, end, POINTS)
            for index in range(max(1, min(LINES, len(chart.lines)))):
                key = f"{panel.name}\n{index}"
                known[key] = panel
                rows.append(ListRow(key, f"{panel.name} {panel.expr}", partial(_line, panel, chart, index)))
        self._panels = known
        self.rows.fill(rows, f"{len({panel.name for panel in known.values()})} saved")

    def open_row(self, key: str) -> None:
        """Open the panel's query in explore."""
        from tui_monitor.tui.screens.explore import ExploreScreen

        panel = self._panels[key]
        self.context.start(self.context.open(ExploreScreen(self.context, panel.expr, panel.span)))

    def action_remove(self) -> None:
        """Remove the selected panel after a confirmation."""
        panel = self._panels.get(self.rows.selection)
        if panel is not None and self.context.may_act():
            question = f"Remove panel {clean(panel.name)}?"
            self.context.prompt(question, lambda _: self.context.start(self._remove(panel.name)), hint="Enter removes it   Esc leaves")

    async def _remove(self, name: str) -> None:
        await self.context.send(DropPanel(name))
        await self.load()


def _line(panel: PanelView, chart: Chart, index: int, width: int, look: RenderStyle, selected: bool) -> Line:
    return panel_line(panel, chart, index, width, look)
