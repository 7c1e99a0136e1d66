"""Find services that are worth a check, for `config init`: those that start with the machine and run, and those that have failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.systemd.bus import SYSTEMD, Bus, BusCall, open_bus
from tui_monitor.sources.systemd.units import MANAGER_PATH, by_patterns, listed, rows_of

MOST = 30
TIMEOUT = 2.0
_OWN = ("systemd-", "getty@", "serial-getty@", "user@", "user-runtime-dir@", "dbus")
"""Parts of systemd and of logins, whose end is seen by other means."""


async def services_to_watch(opened: Callable[[bool], Awaitable[Bus]] = open_bus) -> list[str]:
    """Names of services, the failed ones first; none where systemd cannot be asked."""
    try:
        async with asyncio.timeout(TIMEOUT):
            bus = await opened(False)
            try:
                return await _services(bus)
            finally:
                bus.close()
    except (OwnTrouble, TimeoutError):
        return []


async def _services(bus: Bus) -> list[str]:
    files = await bus.ask(
        BusCall(MANAGER_PATH, f"{SYSTEMD}.Manager", "ListUnitFilesByPatterns", "asas", (["enabled", "enabled-runtime"], ["*.service"]))
    )
    enabled = {path.rpartition("/")[2] for path, _ in rows_of(files, 2)}
    found = listed(await bus.ask(by_patterns(["*.service"], ["running", "failed"])))
    units = [unit for unit in found if not unit.name.startswith(_OWN)]
    failed = sorted(unit.name for unit in units if unit.active == "failed")
    return (failed + sorted(unit.name for unit in units if unit.name in enabled and unit.name not in failed))[:MOST]
