"""What runs beside a leader and is no part of it: the HTTP interface. The front doors (cli, daemon) give it to the runtime."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tui_monitor.board.backend import Backend

if TYPE_CHECKING:  # a viewer needs no settings
    from tui_monitor.config.settings import Settings


class LeaderService(Protocol):
    """Opened when a process begins to lead, told of each new configuration, closed when it ends to lead."""

    async def configure(self, settings: Settings) -> None:
        """Run as these settings say; must not raise."""
        ...

    async def close(self) -> None:
        """End within about a second."""
        ...


ServiceFactory = Callable[[Backend, Callable[[str], None]], LeaderService]
"""Makes the service for a backend; the function is called with what is wrong with it, "" for nothing."""


class NoService:
    """For a process that serves nothing."""

    async def configure(self, settings: Settings) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to close."""
