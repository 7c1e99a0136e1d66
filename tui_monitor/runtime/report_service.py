"""Starts the job of reports for a configuration that has some; nothing of reports is loaded for others."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_monitor.config.settings import Settings
from tui_monitor.core.catalogue.languages import language_in_use
from tui_monitor.core.clock import Clock
from tui_monitor.core.report_failures import ReportFailures
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.dispatch.message import Message
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.storage.repository import StateRepository


class ReportService:
    """What the job of every configuration shares. ``config``: the file, which a child reads again."""

    def __init__(
        self,
        directory: StateDirectory,
        config: Path | None,
        state: StateRepository,
        outbox: Outbox,
        clock: Clock,
        failures: ReportFailures,
    ) -> None:
        self._directory = directory
        self._config = config
        self._state = state
        self._outbox = outbox
        self._clock = clock
        self.failures = failures

    def job(self, settings: Settings) -> Coroutine[Any, Any, None] | None:
        """The job of this configuration; None for one without reports."""
        self.failures.configure([report.name for report in settings.reports if report.to])
        if not settings.reports:
            return None
        from tui_monitor.runtime.report_job import ReportJob
        from tui_monitor.runtime.report_messages import Sender
        from tui_monitor.runtime.wiring import host_of, link_of, origin_of_settings

        sender = Sender(host_of(settings), language_in_use(settings.language), link_of(settings), origin_of_settings(settings))
        return ReportJob(settings, sender, self._state, self._clock, self.failures, self._make, self._queued).run()

    async def _make(self, name: str, order: str) -> Mapping[str, Any]:
        from tui_monitor.runtime.analysis_process import report_package

        return await report_package(self._directory, self._config, name, order)

    def _queued(self, messages: Sequence[Message]) -> None:
        self._outbox.announce(messages)
        self._outbox.wake()
