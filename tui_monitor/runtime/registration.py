"""Registration of the leader in state.db, and the presence of viewers."""

from __future__ import annotations

import contextlib

from tui_monitor.core.troubles import Troubles
from tui_monitor.core.version import VERSION
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.runtime.leader_identity import LeaderIdentity
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.records import LeaderRow
from tui_monitor.storage.repository import StateRepository

EVERY_MS = 5_000
STATE_GONE = "the state directory was removed or replaced: nothing that happens now outlives this process; restart it"


class Registration:
    """The leader's row and its heartbeat. ``configuration``: the hash that decides which dashboard may succeed a daemon."""

    def __init__(
        self, state: StateRepository, directory: StateDirectory, troubles: Troubles, identity: LeaderIdentity, configuration: str
    ) -> None:
        self.viewers = False
        """Whether a viewer was registered at the last check."""
        self._state = state
        self._directory = directory
        self._troubles = troubles
        self._identity = identity
        self._configuration = configuration
        self._lock_file = directory.lock_identity()
        self._at = 0

    async def reconfigure(self, configuration: str, now: int) -> None:
        """Write the hash of another configuration at once."""
        self._configuration = configuration
        await self.heartbeat(now)

    async def step(self, now: int) -> None:
        """Write the row every 5 s."""
        if now - self._at >= EVERY_MS or now < self._at:
            await self.heartbeat(now)

    def clock_set(self, delta_ms: int) -> None:
        """Shift the start after the wall clock was set, and make the row due."""
        self._identity.clock_set(delta_ms)
        self._at = 0

    async def heartbeat(self, now: int) -> None:
        """Write the row now."""
        self._at = now
        self._troubles.set("state-gone", STATE_GONE if self._directory.lock_identity() != self._lock_file else "")
        row = LeaderRow(self._identity.pid, self._identity.kind, VERSION, self._configuration, self._identity.since, now)
        try:
            await self._state.transaction(lambda state: state.processes.save_leader(row), durable=False)
        except StorageFault as error:
            self._troubles.raise_("state", f"the state cannot be written: {error}")

    @property
    def watched(self) -> bool:
        """Whether a screen shows the board: this process' own, or a viewer's."""
        return self._identity.kind == "dashboard" or self.viewers

    async def find_viewers(self, now: int) -> None:
        """Look for registered viewers; the last result stays where the state cannot be read."""
        if self._identity.kind == "dashboard":
            return  # its own screen shows each board anyway
        with contextlib.suppress(StorageFault):
            self.viewers = bool(await self._state.read(lambda state: state.processes.viewers(now)))

    async def clear(self) -> None:
        """Delete the row at an orderly end."""
        with contextlib.suppress(StorageFault):
            await self._state.transaction(lambda state: state.processes.clear_leader(self._identity.pid))
