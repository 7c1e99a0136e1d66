"""A screen by role: the panels of one [[screens]] table."""

from __future__ import annotations

from typing import ClassVar

from tui_monitor.board.screens import find_screen
from tui_monitor.tui.screens.grid_screen import GridScreen

LOOK_AGAIN = 30
"""Boards after which the definition is read again: a reload may have changed it."""


class RoleScreen(GridScreen):
    """One configured screen; a reload of the configuration shows within half a minute."""

    RELOAD_EVERY: ClassVar[int] = LOOK_AGAIN

    async def load(self) -> None:
        """Take the definition as it is now; one that is gone stays until the screen is left."""
        found = find_screen(await self.context.backend.screens(), self.reader.screen.name)
        if found is not None and found != self.reader.screen:
            self.grid.heading = found.title or found.name
            self.use(found)
