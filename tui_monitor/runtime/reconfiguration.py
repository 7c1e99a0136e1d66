"""Reload: every part of the leader gets the new configuration, or none does."""

from __future__ import annotations

import asyncio

from tui_monitor.checks.collector import Collector
from tui_monitor.config.faults import Configuration
from tui_monitor.core.clock import Clock
from tui_monitor.core.commands import CommandResult
from tui_monitor.core.troubles import Troubles
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.runtime.added_rules import AddedRules
from tui_monitor.runtime.alert_engine import AlertEngine
from tui_monitor.runtime.background_jobs import BackgroundJobs
from tui_monitor.runtime.live_board import LiveBoard
from tui_monitor.runtime.notifier_watch import NotifierWatch
from tui_monitor.runtime.recording_rules import RecordingRules
from tui_monitor.runtime.registration import Registration
from tui_monitor.runtime.request_tables import RequestTables
from tui_monitor.runtime.role_screens import RoleScreens
from tui_monitor.runtime.self_watch import SelfWatch
from tui_monitor.runtime.statistics_refresh import StatisticsRefresh
from tui_monitor.runtime.wiring import (
    alert_settings_of,
    board_settings_of,
    configuration_hash,
    labels_of_checks,
    notifiers_of,
    problems_of,
    rules_of,
)
from tui_monitor.storage.history.interface import HistoryStore

ADDED_RULES = "added-rules"
"""The trouble of added rules that cannot be used."""


class Reconfiguration:
    """The parts that depend on the configuration."""

    def __init__(
        self,
        clock: Clock,
        self_watch: SelfWatch,
        recording: RecordingRules,
        recorder: HistoryStore,
        collector: Collector,
        engine: AlertEngine,
        outbox: Outbox,
        jobs: BackgroundJobs,
        live_board: LiveBoard,
        statistics: StatisticsRefresh,
        requests: RequestTables,
        notifier_watch: NotifierWatch,
        registration: Registration,
        added_rules: AddedRules,
        role_screens: RoleScreens,
        troubles: Troubles,
        loaded: Configuration,
    ) -> None:
        self._clock = clock
        self._self_watch = self_watch
        self._recording = recording
        self._recorder = recorder
        self._collector = collector
        self._engine = engine
        self._outbox = outbox
        self._jobs = jobs
        self._live_board = live_board
        self._statistics = statistics
        self._requests = requests
        self._notifier_watch = notifier_watch
        self._registration = registration
        self._added_rules = added_rules
        self._role_screens = role_screens
        self._troubles = troubles
        self._loaded = loaded
        self._lock = asyncio.Lock()

    async def apply(self, loaded: Configuration) -> CommandResult:
        """Use another configuration, whole or not at all; unchanged parts keep counters, `for` and alerts."""
        async with self._lock:
            return await self._apply(loaded)

    async def again(self) -> CommandResult:
        """Use the present configuration with the rules that are stored now."""
        async with self._lock:
            return await self._apply(self._loaded)

    async def _apply(self, of_file: Configuration) -> CommandResult:
        extended = await self._added_rules.extend(of_file)
        loaded = extended.loaded
        if problems := problems_of(loaded):
            return CommandResult(False, "reload rejected, still running the old configuration: " + "; ".join(problems))
        self._loaded = of_file
        self._troubles.set(ADDED_RULES, extended.trouble)
        settings = loaded.settings
        rules, _, recording = rules_of(loaded)
        notifiers = notifiers_of(settings)
        self._self_watch.reconfigure(settings.guard)
        self._recording.configure(recording)
        await self._recorder.configure(settings.store)
        self._collector.configure(settings)
        await self._engine.reconfigure(alert_settings_of(settings, rules))
        self._outbox.reconfigure(notifiers)
        self._jobs.reconfigure(settings, notifiers)
        self._live_board.reconfigure(board_settings_of(settings))
        self._statistics.reconfigure(labels_of_checks(settings))
        self._requests.reconfigure(settings.requests)
        self._notifier_watch.reconfigure(tuple(notifiers))
        self._role_screens.configure(settings.screens)
        await self._registration.reconfigure(configuration_hash(loaded), self._clock.wall_ms())
        return CommandResult(True, f"reloaded {loaded.path or 'the defaults'}: {len(settings.checks)} checks, {len(rules)} rules")
