"""The checks with changed results, whose rules are evaluated at once, not at the next tick."""

from __future__ import annotations

import asyncio

from tui_monitor.core.values import METRIC_NAME, CheckResult, HealthStatus, label

ALWAYS = ("probe_success", "check_health", "probe_duration_seconds")
"""Metrics that every result of a check writes."""


class ChangedChecks:
    """The changed results since the last round."""

    def __init__(self) -> None:
        self._arrived = asyncio.Event()
        self._metrics: set[str] = set()
        self._statuses: dict[str, HealthStatus] = {}
        self._status_changed = False

    def add(self, result: CheckResult) -> None:
        """Add a changed result."""
        if self._statuses.get(result.name) is not result.status:
            self._statuses[result.name] = result.status
            self._status_changed = True
        self._metrics.update(ALWAYS, (label(sample.labels, METRIC_NAME) for sample in result.probe.samples))
        self._arrived.set()

    async def wait(self) -> None:
        """Wait for a changed result."""
        await self._arrived.wait()

    def drain_metrics(self) -> set[str]:
        """The metrics of the results since the last call."""
        self._arrived.clear()
        metrics, self._metrics = self._metrics, set()
        return metrics

    def drain_status_changed(self) -> bool:
        """Whether a check's status has changed since the last call."""
        changed, self._status_changed = self._status_changed, False
        return changed
