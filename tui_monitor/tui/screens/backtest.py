"""The screen of the backtest: when each rule would have fired over the last days."""

from __future__ import annotations

from typing import ClassVar

from tui_monitor.core.sanitize import clean
from tui_monitor.tui.keymap import hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import LIST_HINTS
from tui_monitor.tui.screens.study_screen import StudyScreen
from tui_monitor.widgets.analysis_panes import BacktestPane, alert_of_row
from tui_monitor.widgets.cell_line import Hints


class BacktestScreen(StudyScreen):
    """One row per rule; Enter backtests a change of it in a row of its own."""

    HINTS: ClassVar[Hints] = (*hints(("range", "time span"), ("open", "try a change")), *LIST_HINTS)

    def __init__(self, context: ScreenContext) -> None:
        self.outcomes = BacktestPane(look=context.look, text_styles=context.text_styles)
        super().__init__(context, self.outcomes)

    async def study(self, since: str) -> None:
        """Backtest all rules without changes."""
        self.outcomes.show_progress(f"Evaluating the last {since} ...")
        found = await self.context.backend.backtest("", since, ())
        if since == self.since:
            self.outcomes.show(found, (), since)

    async def _try(self, alert: str, change: str) -> None:
        since, before = self.since, self.outcomes.tried
        tried = before
        self.outcomes.show_remark(f"trying {clean(change)} on {alert} ...")
        try:
            found = await self.context.backend.backtest(alert, since, (change,))
            tried = (*before, *(row for row in found.rows if row.tried))
        finally:
            if since == self.since:
                self.outcomes.show(self.outcomes.found, tried, since)

    def open_row(self, key: str) -> None:
        """Ask for a change of the rule and backtest it."""
        alert = alert_of_row(key)
        self.context.prompt(
            f"Try a change of {alert}", lambda text: self.context.start(self._try(alert, text.strip())),
            placeholder="for=10m   expr=avg_over_time(cpu_usage_ratio[5m]) > 0.95",
            hint="Enter backtests it; the rule stays   Esc cancel",
        )  # fmt: skip
