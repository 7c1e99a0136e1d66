"""The leader's background jobs: stored commands, chat buttons, pruning, balances, check of history.db, feeds, push, actions, reports."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from tui_monitor.checks.dead_mans_ping import Heartbeat
from tui_monitor.config.export import ExportSettings
from tui_monitor.config.settings import Settings
from tui_monitor.core.catalogue.languages import language_in_use, phrases
from tui_monitor.core.clock import Clock
from tui_monitor.core.commands import Acknowledge
from tui_monitor.core.tasks import isolated
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import Sample
from tui_monitor.notifiers.abilities import Prepaid, PressDesk, press_listeners
from tui_monitor.notifiers.api import Notifier, SendError
from tui_monitor.runtime.actions import ActionRunner
from tui_monitor.runtime.alert_engine import AlertEngine
from tui_monitor.runtime.feed_services import FeedServices
from tui_monitor.runtime.push_service import PushService
from tui_monitor.runtime.pushed_telemetry import PushedTelemetry
from tui_monitor.runtime.report_service import ReportService
from tui_monitor.runtime.stored_commands import StoredCommands
from tui_monitor.runtime.wiring import host_of
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.interface import HistoryStore
from tui_monitor.storage.repository import StateRepository, prune

log = logging.getLogger(__name__)
CHECK_HISTORY_AFTER = 30.0
EVERY = 3600.0


class BackgroundJobs:
    """The background jobs; `run` ends when it is cancelled."""

    def __init__(
        self,
        settings: Settings,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        state: StateRepository,
        recorder: HistoryStore,
        engine: AlertEngine,
        troubles: Troubles,
        feeds: FeedServices,
        push: PushService,
        actions: ActionRunner,
        commands: StoredCommands,
        telemetry: PushedTelemetry,
        telemetry_db: Path,
        reports: ReportService,
    ) -> None:
        self._settings = settings
        self._notifiers = notifiers
        self._clock = clock
        self._state = state
        self._recorder = recorder
        self._engine = engine
        self._troubles = troubles
        self._feeds = feeds
        self.push = push
        self._actions = actions
        self._commands = commands
        self._telemetry, self._telemetry_db = telemetry, telemetry_db
        actions.configure(settings.actions)
        self._reports = reports
        self._configured: list[asyncio.Task[None]] = []
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """All jobs, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._start_configured(group)
                group.create_task(isolated(self._run_hourly()), name="hourly")
                group.create_task(isolated(self._feeds.run()), name="feeds")
                group.create_task(isolated(self.push.run()), name="push")
                group.create_task(isolated(self._actions.run()), name="actions")
                group.create_task(isolated(self._commands.run()), name="stored commands")
        finally:
            self._group = None

    def samples(self) -> Iterable[Sample]:
        """Which reports could not be made, as samples."""
        return self._reports.failures.samples()

    def reconfigure(self, settings: Settings, notifiers: Mapping[str, Notifier]) -> None:
        """Use other chats, balances and another dead man's ping from now on."""
        for task in self._configured:
            task.cancel()
        self._settings, self._notifiers = settings, notifiers
        self.push.configure(settings.push, settings.requests.duration)
        self._actions.configure(settings.actions)
        prepaid = {name for name, notifier in notifiers.items() if isinstance(notifier, Prepaid) and notifier.low_balance}
        self._troubles.retain("balance", prepaid)
        self._troubles.clear("chat")
        if self._group is not None:
            self._start_configured(self._group)

    def _start_configured(self, group: asyncio.TaskGroup) -> None:
        settings = self._settings
        desk = PressDesk(
            self._acknowledge_from_chat,
            lambda text: log.warning("%s", text),
            language_in_use(settings.language),
            host_of(settings),
            lambda text: self._troubles.set("chat", text),
        )
        listeners = press_listeners(self._notifiers.values(), desk, self._clock)
        self._configured = [group.create_task(isolated(listener.run()), name="chat") for listener in listeners]
        if settings.heartbeat is not None:
            heartbeat = Heartbeat(settings.heartbeat, self._clock, self._troubles)
            self._configured.append(group.create_task(isolated(heartbeat.run()), name="heartbeat"))
        if (job := self._reports.job(settings)) is not None:
            self._configured.append(group.create_task(isolated(job), name="reports"))
        if settings.remote_write is not None:
            from tui_monitor.delivery.remote_write.sender import RemoteWriteSender

            sender = RemoteWriteSender(
                settings.remote_write, host_of(settings), self._recorder.reading, self._state, self._clock, self._troubles
            )
            self._configured.append(group.create_task(isolated(sender.run()), name="remote_write"))
        if settings.export is not None:
            self._configured.append(group.create_task(isolated(self._export(settings, settings.export)), name="export"))

    async def _export(self, settings: Settings, export: ExportSettings) -> None:
        from tui_monitor.runtime.export_job import export_documents

        await export_documents(settings, export, self._telemetry_db, self._telemetry, self._state, self._clock, self._troubles)

    async def _acknowledge_from_chat(self, alert_id: str, by: str) -> str:
        result = await self._engine.apply(Acknowledge((alert_id,)), by)
        words = phrases(language_in_use(self._settings.language))
        return words.button_done if result.ok else words.button_over

    async def _run_hourly(self) -> None:
        await self._clock.sleep(CHECK_HISTORY_AFTER)
        self._troubles.set("history-damaged", await self._recorder.quick_check())
        while True:
            await self._prune(self._clock.wall_ms())
            await self._check_balances()
            await self._clock.sleep(EVERY)

    async def _prune(self, now: int) -> None:
        with contextlib.suppress(StorageFault):
            await self._state.transaction(lambda state: prune(state, now), durable=False)

    async def _check_balances(self) -> None:
        for name, notifier in self._notifiers.items():
            if not isinstance(notifier, Prepaid) or not notifier.low_balance:
                continue
            try:
                left = await notifier.balance()
            except SendError as error:
                log.warning("%s: the balance cannot be read: %s", name, error.reason)
                continue
            self._troubles.set("balance", f"{name}: only {left} SMS left" if left < notifier.low_balance else "", name)
