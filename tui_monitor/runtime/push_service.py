"""Push: opens the StatsD sockets, answers pushed bodies, and stores their series once a second. Without [push] nothing of it is loaded."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.push import PushAnswer, PushRequest
from tui_monitor.checks.collector import Collector
from tui_monitor.core.clock import Clock
from tui_monitor.core.troubles import Troubles
from tui_monitor.runtime.pushed_telemetry import PushedTelemetry

if TYPE_CHECKING:
    from tui_monitor.config.push import PushSettings
    from tui_monitor.promql.exposition_comment import Metadata
    from tui_monitor.runtime.push_receiver import PushReceiver

log = logging.getLogger(__name__)
EVERY = 1.0
RETRY_S = 5.0
"""An address that is in use is tried again."""
NOT_CONFIGURED = CommandRefused("push is not configured; add [push] to the configuration")


class PushService:
    """``run`` works until it is cancelled; `configure` may be called before and meanwhile."""

    def __init__(self, collector: Collector, troubles: Troubles, telemetry: PushedTelemetry, clock: Clock, saved: bytes = b"") -> None:
        self._collector = collector
        self._troubles = troubles
        self._telemetry = telemetry
        self._clock = clock
        self._saved = saved
        self._settings: PushSettings | None = None
        self._histograms: Collection[str] = ()
        self._receiver: PushReceiver | None = None
        self._opened: PushSettings | None = None
        self._retry_at = float("-inf")

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """Type and help of pushed metrics, as senders describe them."""
        return self._receiver.intake.metadata if self._receiver is not None else {}

    @property
    def statsd_port(self) -> int:
        """The UDP port, 0 while there is none."""
        return self._receiver.port if self._receiver is not None else 0

    def configure(self, settings: PushSettings | None, histograms: Collection[str]) -> None:
        """Use these settings from the next step on; ``histograms`` only where push begins."""
        self._histograms = histograms
        self._settings = settings
        self._retry_at = float("-inf")
        self._telemetry.configure(*((settings.logs, settings.traces) if settings else (0, 0)))

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            while True:
                self._contained(self.step)
                await self._clock.sleep(EVERY)
        finally:
            self._contained(self._end)

    def _contained(self, work: Callable[[], None]) -> None:
        """A boundary: a bug costs one step."""
        try:
            work()
        except Exception:
            log.exception("internal error: pushed series")

    def step(self) -> None:
        """The work of one second."""
        if self._settings is None and self._receiver is None:
            return
        now = self._clock.monotonic()
        self._open(now)
        if self._receiver is not None:
            self._receiver.flush(now)

    def _open(self, now: float) -> None:
        settings = self._settings
        if settings is None:
            self._end()
            self._receiver = None
            self._troubles.retain("push", ())
            return
        if self._receiver is None:
            from tui_monitor.runtime.push_receiver import PushReceiver

            self._receiver = PushReceiver(
                settings, self._histograms, self._collector, self._troubles, self._telemetry, self._clock, self._saved
            )
        if settings != self._opened and now >= self._retry_at:
            self._retry_at = now + RETRY_S
            fault = self._receiver.configure(settings)
            self._troubles.set("push", fault, "statsd")
            self._opened = None if fault else settings
            if fault:
                log.error("StatsD does not listen, trying again each %g s: %s", RETRY_S, fault)

    def _end(self) -> None:
        """Store what has come, and stop listening."""
        if self._receiver is not None:
            self._receiver.flush(self._clock.monotonic())
            self._receiver.close()
            self._opened = None

    async def receive(self, request: PushRequest) -> PushAnswer:
        """Take one body. Raises CommandRefused where push is not configured."""
        if self._settings is None:
            raise NOT_CONFIGURED
        if self._receiver is None:
            self._open(self._clock.monotonic())
        assert self._receiver is not None
        return await self._receiver.receive(request)
