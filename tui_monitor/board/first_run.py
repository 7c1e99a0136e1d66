"""The offer of a dashboard without a configuration: to find the services of this machine and write a file that checks them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from tui_monitor.core.frozen import frozen


@frozen
class FoundService:
    """One service that was found: its name in the configuration, its kind, where it is, and what was said of it.

    ``well``: its check would be healthy as it stands.
    """

    name: str
    kind: str
    place: str
    note: str
    well: bool


class FirstRun(Protocol):
    """Finds services and writes the configuration; `cli.first_run` implements it."""

    @property
    def path(self) -> str:
        """The file that would be written."""
        ...

    async def find(self) -> Sequence[FoundService]:
        """What listens on this machine, with names of pages, units and processes; takes a second."""
        ...

    async def write(self, names: Collection[str]) -> None:
        """Write the file with checks of these services, the others as comments. Raises OSError, FileExistsError where there is one."""
        ...
