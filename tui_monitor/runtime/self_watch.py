"""The self-check at each tick: jumps of the clock, late ticks, descriptors, the network."""

from __future__ import annotations

import logging

from tui_monitor.checks.collector import Collector
from tui_monitor.checks.self_diagnosis import Guard, Jump, TimeWatch
from tui_monitor.config.settings import GuardSettings
from tui_monitor.core.troubles import Troubles

log = logging.getLogger(__name__)


class SelfWatch:
    """The self-check; raises the troubles "lag" and "descriptors" and lets the guard recheck a network that was down."""

    def __init__(self, settings: GuardSettings, guard: Guard, time_watch: TimeWatch, troubles: Troubles, collector: Collector) -> None:
        self._settings = settings
        self._guard = guard
        self._time_watch = time_watch
        self._troubles = troubles
        self._collector = collector

    def reconfigure(self, settings: GuardSettings) -> None:
        """Use other limits and references from now on."""
        self._settings = settings
        self._guard.reconfigure(settings)

    def jump(self, now: int, monotonic: float) -> Jump:
        """The jump of time since the last tick."""
        jump = self._time_watch.measure(now, monotonic)
        if jump.any:
            log.warning("time jumped: slept %.1f s, the clock was set by %.1f s", jump.slept, jump.stepped)
        return jump

    def step(self, lag: float) -> None:
        """Check this process, after this machine was read; ``lag``: seconds by which the tick came late (0 after a jump)."""
        late = f"this machine is too busy: a tick came {lag:.1f}s late" if lag > self._settings.loop_lag else ""
        self._troubles.set("lag", late)
        own = self._collector.machine.reading.own if self._collector.machine.reading else None
        self._troubles.set("descriptors", "nearly out of file descriptors" if own and own.descriptors_scarce else "")
        self._guard.recheck()
