"""Which process of a state directory leads: claiming the lock, yielding it to a daemon, taking it over from a leader that ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_monitor.board.backend import CommandRefused
from tui_monitor.core.clock import Clock
from tui_monitor.core.commands import YieldLeadership
from tui_monitor.platform.state_directory import LeaderLock, StateDirectory

if TYPE_CHECKING:
    from tui_monitor.config.faults import Configuration
    from tui_monitor.runtime.viewer import Viewer
    from tui_monitor.storage.records import LeaderRow

log = logging.getLogger(__name__)
ASK_TO_YIELD_EVERY = 2.0
YIELD_FOR = 10.0


class Leadership:
    """The claim of this process to lead. It leads while it holds the lock; the kernel releases the lock when a process dies.

    ``kind`` is "dashboard" or "headless": a daemon asks a leading dashboard to yield, a dashboard never replaces a daemon that had
    another configuration. ``allowed`` False: this process only follows.
    """

    def __init__(self, directory: StateDirectory, load: Callable[[], Configuration], clock: Clock, kind: str, allowed: bool) -> None:
        self.allowed = allowed
        self._directory = directory
        self._load = load
        self._clock = clock
        self._kind = kind
        self._lock = LeaderLock(directory)
        self._loaded: Configuration | None = None
        self._not_before = float("-inf")
        self._asked = float("-inf")
        self._last: LeaderRow | None = None

    @property
    def held(self) -> bool:
        """Whether this process leads."""
        return self._lock.held

    def claim(self) -> bool:
        """Try to lead, without waiting."""
        return self._may_lead() and self._lock.acquire()

    def release(self, *, yielded: bool) -> None:
        """Stop leading; after yielding, the daemon has YIELD_FOR seconds to take over."""
        self._loaded = None
        self._lock.release()
        if yielded:
            self._not_before = self._clock.monotonic() + YIELD_FOR

    def configuration(self) -> Configuration:
        """The configuration to lead with, read and checked once per claim. Releases the lock and raises ConfigurationError if invalid."""
        if self._loaded is None:
            self._loaded = self._checked()
        return self._loaded

    def take_over(self, viewer: Viewer) -> bool:
        """Whether this process has just become the leader. The viewer is told where it stays a viewer although no process leads."""
        if self._kind == "headless":
            self._request_yield(viewer)
        self._last = viewer.leader or self._last
        if viewer.leader is not None and viewer.leader.kind == "headless":
            self._not_before = float("-inf")  # the daemon to which this process yielded has led; after its end there is none to wait for
        if viewer.leader_alive and not _yielded(viewer):
            return False
        if not self.claim():
            return False
        from tui_monitor.config.faults import ConfigurationError

        try:
            loaded = self.configuration()
        except ConfigurationError as error:
            viewer.block(f"no leader, and this configuration cannot lead: {error.faults[0]}")
            return False
        if self._replaces_another_daemon(loaded):
            self.release(yielded=False)
            viewer.block("no leader: the daemon has ended, and this dashboard has another configuration")
            return False
        return True

    def _may_lead(self) -> bool:
        if not self.allowed:
            return False
        return (self._directory.writable or self._directory.unrecorded) and self._clock.monotonic() >= self._not_before

    def _replaces_another_daemon(self, loaded: Configuration) -> bool:
        from tui_monitor.runtime.wiring import configuration_hash

        last = self._last  # a leader that ended in good order has deleted its row
        return self._kind == "dashboard" and last is not None and last.kind == "headless" and last.config_hash != configuration_hash(loaded)

    def _checked(self) -> Configuration:
        from tui_monitor.config.faults import ConfigurationError
        from tui_monitor.runtime.wiring import check, completed

        try:
            loaded = self._load()
            if faults := check(loaded):
                raise ConfigurationError(faults)
        except ConfigurationError as error:
            self._lock.release()
            raise completed(error) from None
        return loaded

    def _request_yield(self, viewer: Viewer) -> None:
        now = self._clock.monotonic()
        if viewer.leader is None or viewer.leader.kind != "dashboard" or now - self._asked < ASK_TO_YIELD_EVERY:
            return
        self._asked = now
        try:
            viewer.leave_command(YieldLeadership())
        except CommandRefused as error:
            log.warning("the leading dashboard cannot be asked to yield: %s", error)


def _yielded(viewer: Viewer) -> bool:
    """Whether the last leader has stopped leading: its process may still run, but the lock is free."""
    return viewer.leader is not None and viewer.leader.kind == "dashboard"
