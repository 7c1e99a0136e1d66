"""The base class of screens that analyse the last days: backtest and noise."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.tui.keymap import bindings
from tui_monitor.tui.screens.pane_screen import ListScreen

SINCE = ("1d", "7d", "30d")


class StudyScreen(ListScreen):
    """A list that takes seconds to compute; left and right change how many days it covers."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("study")
    _range = 1

    async def load(self) -> None:
        """Start the analysis in the background and open at once."""
        self.begin()

    @property
    def since(self) -> str:
        """The range before now, for example "7d"."""
        return SINCE[self._range]

    def begin(self) -> None:
        """Start the analysis again."""
        self.context.start(self.study(self.since))

    async def study(self, since: str) -> None:
        """Analyse a range and show its rows, unless another range was chosen meanwhile."""
        raise NotImplementedError

    def action_range(self, step: int) -> None:
        """Change to a longer or shorter range."""
        chosen = max(0, min(len(SINCE) - 1, self._range + step))
        if chosen != self._range:
            self._range = chosen
            self.begin()
