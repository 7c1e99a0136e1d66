"""The base of screens that work out something over the last days: backtest and noise."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.tui.keymap import bindings
from tui_monitor.tui.screens.pane_screen import ListScreen

SINCE = ("1d", "7d", "30d")


class StudyScreen(ListScreen):
    """A list that takes seconds to fill; left and right change how many days it covers."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("study")
    _range = 1

    async def load(self) -> None:
        """Open at once and fill in the background."""
        self.begin()

    @property
    def since(self) -> str:
        """How far back: "7d"."""
        return SINCE[self._range]

    def begin(self) -> None:
        """Fill the list anew."""
        self.context.start(self.study(self.since))

    async def study(self, since: str) -> None:
        """Ask for the rows of a range and show them, unless another range has been chosen since."""
        raise NotImplementedError

    def action_range(self, step: int) -> None:
        """A longer or a shorter range."""
        chosen = max(0, min(len(SINCE) - 1, self._range + step))
        if chosen != self._range:
            self._range = chosen
            self.begin()
