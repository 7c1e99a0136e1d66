"""The settings of the board."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen


@frozen
class BoardSettings:
    """This machine's name, the notifiers' names, whether the terminal's bell rings at a new alert, and what the machine belongs to."""

    host: str
    notifiers: tuple[str, ...]
    bell: bool = False
    service: str = ""
    environment: str = ""
    theme: str = ""
    colors: str = ""
    layout: str = ""
    columns: tuple[str, ...] = ()
    sort: str = ""
    kill: bool = False
    redacted: bool = False
    language: str = ""
    title: bool = True
    notices: bool = False
    """How the configuration wants dashboards to look: `[dashboard]`."""
