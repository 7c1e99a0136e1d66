"""The watch over notifiers: a long failure is an own trouble, which the other notifiers report."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from tui_monitor.core.troubles import Troubles
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.repository import StateRepository

EVERY_MS = 5_000
FAILING_MS = 600_000
"""Milliseconds of failed sends after which a notifier has a trouble; retries cover shorter outages."""


class NotifierWatch:
    """The watch; it reads the outbox every 5 s."""

    def __init__(self, state: StateRepository, troubles: Troubles, names: Collection[str]) -> None:
        self._state = state
        self._troubles = troubles
        self._names = names
        self._at = 0

    def reconfigure(self, names: Collection[str]) -> None:
        """Watch these notifiers from now on."""
        self._names = names
        self._troubles.retain("notifier", names)

    async def step(self, now: int) -> None:
        """Read the outbox where that is due; ``now`` in UTC ms."""
        if 0 <= now - self._at < EVERY_MS:
            return
        self._at = now
        with contextlib.suppress(StorageFault):
            failing = await self._state.read(lambda state: {name: state.outbox.failing(name, now) for name in self._names})
            for name, (lasted, error) in failing.items():
                text = f"{name}: nothing delivered for {FAILING_MS // 60_000}m: {error}"
                self._troubles.set("notifier", text if lasted >= FAILING_MS and name in self._names else "", name)
