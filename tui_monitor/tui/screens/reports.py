"""The screen of reports: the newest of a kind; other kinds and periods by keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.report import KIND_NAMES, Report
from tui_monitor.board.report_format import zone_named
from tui_monitor.core.catalogue.languages import report_phrases
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.widgets.cell_line import Hints, Line, RenderStyle, note
from tui_monitor.widgets.list_panes import TextPane
from tui_monitor.widgets.report import report_screen_lines


class ReportsScreen(PaneScreen):
    """One report as a page; it is made in a process of its own, which takes a second."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("report")
    HINTS: ClassVar[Hints] = (*hints(("range", "kind"), "report_period"), *hints("filter", "screens", "back"))

    def __init__(self, context: ScreenContext) -> None:
        self.report: Report | None = None
        self._kind = 0
        self._said = ""
        self._page = TextPane("Reports", self._draw, look=context.look, text_styles=context.text_styles)
        super().__init__(context, self._page)

    @property
    def kind(self) -> str:
        """The kind that is shown."""
        return KIND_NAMES[self._kind]

    async def load(self) -> None:
        """Begin to make the newest one and open at once."""
        self._begin("")

    def _begin(self, day: str) -> None:
        self.report, self._said = None, "Making the report ..."
        self._show()
        self.context.start(self._make(self.kind, day))

    async def _make(self, kind: str, day: str) -> None:
        try:
            found = await self.context.backend.report(kind, day)
        except CommandRefused as error:
            if kind == self.kind:
                self._said = f"It cannot be made: {error}"
                self._show()
            return
        if kind == self.kind:
            self.report = found
            self._show()

    def _show(self) -> None:
        title = report_phrases(self.report.language if self.report else "en").kinds[self.kind]
        self._page.top = 0
        self._page.change(f"{title} ({self._kind + 1} of {len(KIND_NAMES)})", self._draw)

    def _draw(self, width: int, look: RenderStyle) -> Sequence[Line]:
        return [note(self._said, width, look)] if self.report is None else report_screen_lines(self.report, width, look)

    def action_range(self, step: int) -> None:
        """Show the next or previous kind."""
        self._kind = (self._kind + step) % len(KIND_NAMES)
        self._begin("")

    def action_period(self, step: int) -> None:
        """Show the period before, or after where it has begun."""
        found = self.report
        if found is None or found.kind == "health":
            return
        zone = zone_named(found.zone)
        if step < 0:
            self._begin((datetime.fromtimestamp(found.begin / 1000, zone).date() - timedelta(days=1)).isoformat())
        elif found.end < self.context.now():
            self._begin(datetime.fromtimestamp(found.end / 1000, zone).date().isoformat())
