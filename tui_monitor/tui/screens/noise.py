"""The screen of the noise report: alerts that notified too often over the last days, with advice."""

from __future__ import annotations

from typing import ClassVar

from tui_monitor.tui.keymap import hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import LIST_HINTS
from tui_monitor.tui.screens.study_screen import StudyScreen
from tui_monitor.widgets.analysis_panes import NoisePane
from tui_monitor.widgets.cell_line import Hints


class NoiseScreen(StudyScreen):
    """One row per alert that fired, the noisiest first."""

    HINTS: ClassVar[Hints] = (*hints(("range", "time span")), *LIST_HINTS)

    def __init__(self, context: ScreenContext) -> None:
        self.report = NoisePane(look=context.look, text_styles=context.text_styles)
        super().__init__(context, self.report)

    async def study(self, since: str) -> None:
        """Load the report of a range."""
        self.report.show_progress(f"Reading the last {since} ...")
        found = await self.context.backend.noise(since)
        if since == self.since:
            self.report.show(found, since)
