"""The settings of the board."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen


@frozen
class BoardSettings:
    """This machine's name, the notifiers' names, whether the terminal's bell rings at a new alert."""

    host: str
    notifiers: tuple[str, ...]
    bell: bool = False
