"""The live alerts as the last round left them: written by the alert engine, read by the board and the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.alerts.alert import Alert


class LiveAlerts:
    """The pending and firing alerts, computed once per round, as a storm of 1,000 is too expensive for each reader."""

    def __init__(self) -> None:
        self._alerts: Sequence[Alert] = ()

    def __call__(self) -> Sequence[Alert]:
        """The alerts, gravest first, then newest."""
        return self._alerts

    def publish(self, alerts: Sequence[Alert]) -> None:
        """Replace the alerts after a round."""
        self._alerts = alerts
