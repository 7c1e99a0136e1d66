"""The configured screens of a leader; viewers read them from the history, as they need no configuration."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.screens import STORED_AS, ScreenDefinition, encode_screens
from tui_monitor.checks.collector import Collector
from tui_monitor.config.screens import ScreenSettings
from tui_monitor.core.clock import Clock


class RoleScreens:
    """The screens in force."""

    def __init__(self, collector: Collector, clock: Clock) -> None:
        self.screens: tuple[ScreenDefinition, ...] = ()
        self._collector = collector
        self._clock = clock

    def configure(self, configured: Sequence[ScreenSettings]) -> None:
        """Use these from now on, and store them for viewers."""
        if configured:
            from tui_monitor.board.screen_settings import screens_of

            self.screens = screens_of(configured)
        else:
            self.screens = ()
        self._collector.save_own(STORED_AS, self._clock.wall_ms(), encode_screens(self.screens))
