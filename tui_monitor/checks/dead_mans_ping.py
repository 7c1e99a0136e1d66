"""The dead man's ping: requests whose absence another service reports (paths as of healthchecks.io)."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from tui_monitor.checks.check_loop import probe_once
from tui_monitor.config.settings import HeartbeatSettings
from tui_monitor.core.clock import Clock
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import HealthStatus

log = logging.getLogger(__name__)
TROUBLE = "heartbeat"


class Heartbeat:
    """Pings the address each interval: /start once, then the plain address while all is well with this monitor, /fail while not."""

    def __init__(self, settings: HeartbeatSettings, clock: Clock, troubles: Troubles) -> None:
        self._settings = settings
        self._clock = clock
        self._troubles = troubles

    async def run(self) -> None:
        """Ping until cancelled."""
        await self.ping("/start")
        while True:
            await self.ping("/fail" if any(reason != TROUBLE for reason in self._troubles.reasons) else "")
            await self._clock.sleep(self._settings.interval)

    async def ping(self, suffix: str) -> bool:
        """Send one ping; True where it arrived. A failed ping is an own trouble."""
        from tui_monitor.sources.http.probe import HttpProbe
        from tui_monitor.sources.http.settings import HttpCheck

        parts = urlsplit(self._settings.url.reveal())
        url = parts._replace(path=parts.path.rstrip("/") + suffix) if suffix else parts
        check = HttpCheck(name="heartbeat", url=url.geturl(), timeout=self._settings.timeout, ca_file=self._settings.ca_file)
        try:
            probe = HttpProbe(check)
        except ValueError as error:  # ca_file was removed after the configuration was read
            self._troubles.set(TROUBLE, f"the dead man's ping cannot be sent: {error}")
            return False
        try:
            result = await probe_once(probe, check, self._clock)
        finally:
            await probe.close()
        well = result.status is HealthStatus.HEALTHY
        self._troubles.set(TROUBLE, "" if well else f"the dead man's ping does not arrive: {result.reason}")
        return well
