"""The series that the leader makes of others: of recording rules, and of its alerts."""

from __future__ import annotations

from collections.abc import Mapping

from tui_monitor.checks.collector import Collector
from tui_monitor.runtime.alert_series import AlertSeries
from tui_monitor.runtime.live_alerts import LiveAlerts
from tui_monitor.runtime.recording_rules import RecordingRules
from tui_monitor.storage.history.interface import HistoryReading
from tui_monitor.storage.memory import SeriesMemory

FAR_BACK_MS = 1000


class DerivedSeries:
    """Stores them through the collector, as samples of no check."""

    def __init__(
        self, memory: SeriesMemory, reading: HistoryReading, collector: Collector, recording: RecordingRules, live: LiveAlerts
    ) -> None:
        self._memory = memory
        self._reading = reading
        self._collector = collector
        self._recording = recording
        self._live = live
        self._alerts = AlertSeries(memory)
        self._alerts_at = 0

    @property
    def errors(self) -> Mapping[str, str]:
        """Recording rule → the error of its evaluation."""
        return self._recording.errors

    async def record(self, now: int) -> None:
        """Evaluate the recording rules that are due."""
        await self._recording.run(now, self._memory, self._reading, self._collector.observe)

    def note_alerts(self, now: int) -> None:
        """Store which alerts are pending and firing, after a round; a second round of one millisecond counts as the next one."""
        if self._alerts_at - FAR_BACK_MS < now <= self._alerts_at:
            now = self._alerts_at + 1
        samples = self._alerts.samples(now, self._live())
        if samples:
            self._alerts_at = now
            self._collector.observe(now, samples)
