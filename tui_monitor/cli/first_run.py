"""The first configuration: its place, what is found on this machine, and the text with it; for `config init` and the dashboard."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from tui_monitor.board.first_run import FoundService
from tui_monitor.platform.container_sockets import FoundSocket, discover_sockets
from tui_monitor.platform.listener_names import names_of_ports
from tui_monitor.platform.log_discovery import access_logs
from tui_monitor.platform.paths import SYSTEM_CONFIG, config_home
from tui_monitor.platform.service_discovery import DiscoveredService, discover, listening_ports


def first_path(given: Namespace) -> Path:
    """The file that the next start will look for: as named, else of the system for root, else of this user."""
    named = given.config or os.environ.get("TUI_MONITOR_CONFIG")
    for_all = os.geteuid() == 0 and "XDG_CONFIG_HOME" not in os.environ
    return Path(named) if named else SYSTEM_CONFIG if for_all else config_home(os.environ) / "config.toml"


def write_first(path: Path, text: str, *, replace_it: bool = False) -> None:
    """Write the configuration, readable by owner and group. Raises FileExistsError, and other OSErrors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    how = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if replace_it else os.O_EXCL)
    with os.fdopen(os.open(path, how, 0o640), "w", encoding="utf-8") as file:
        file.write(text)


class MachineSearch:
    """What runs on this machine; ``find`` keeps it for ``text``."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._services: Sequence[DiscoveredService] = ()
        self._units: Sequence[str] = ()
        self._engines: Sequence[FoundSocket] = ()

    async def find(self) -> Sequence[FoundService]:
        """The listening services; container engines and systemd units become checks too, without a question."""
        from tui_monitor.sources.systemd.discovery import services_to_watch  # loads its driver

        names = await asyncio.to_thread(names_of_ports)
        self._services, self._engines, self._units = await asyncio.gather(
            discover(listening_ports(), names), discover_sockets(), services_to_watch()
        )
        return [FoundService(one.name, one.kind, f"{one.host}:{one.port}", one.note, one.well) for one in self._services]

    def text(self, names: Collection[str] | None = None) -> str:
        """The whole file; ``names``: the services that become checks, the others stay comments (None: those that answer well)."""
        from tui_monitor.config.example import example_text  # loads every kind's settings: a dashboard needs them only here

        chosen = [one if names is None else replace(one, well=one.name in names) for one in self._services]
        return example_text(chosen, access_logs(), self._units, self._engines)

    async def write(self, names: Collection[str]) -> None:
        """Write the file with checks of these services."""
        await asyncio.to_thread(write_first, Path(self.path), self.text(names))
