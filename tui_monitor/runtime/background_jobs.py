"""What a leader does beside its ticks: listen to chats, prune, ask for balances, check the history's file, ping the dead man's switch."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from tui_monitor.checks.dead_mans_ping import Heartbeat
from tui_monitor.config.models import Settings
from tui_monitor.core.clock import Clock
from tui_monitor.core.commands import Acknowledge
from tui_monitor.core.tasks import quietly
from tui_monitor.core.troubles import Troubles
from tui_monitor.dispatch.wording import say
from tui_monitor.notifiers.base import Notifier, Prepaid, SendError
from tui_monitor.runtime.alert_engine import Alerting
from tui_monitor.runtime.wiring import host_of
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.interface import HistoryStore
from tui_monitor.storage.repository import StateRepository, prune

log = logging.getLogger(__name__)
CHECK_HISTORY_AFTER = 30.0
EVERY = 3600.0


class Upkeep:
    """Runs in the leader's task group until `stop`."""

    def __init__(
        self, clock: Clock, state: StateRepository, recorder: HistoryStore, alerting: Alerting, troubles: Troubles, group: asyncio.TaskGroup
    ) -> None:
        self._clock = clock
        self._state = state
        self._recorder = recorder
        self._alerting = alerting
        self._troubles = troubles
        self._group = group
        self._notifiers: Mapping[str, Notifier] = {}
        self._configured: list[asyncio.Task[None]] = []
        self._hourly = group.create_task(quietly(self._keep_house()), name="housekeeping")

    def use(self, settings: Settings, notifiers: Mapping[str, Notifier]) -> None:
        """Take (new) settings: chats to listen to, balances to ask for, the heartbeat to send."""
        for task in self._configured:
            task.cancel()
        self._settings, self._notifiers = settings, notifiers
        self._configured = []
        asked = {entry.name for entry in settings.notifiers if entry.type == "aligo" and entry.low_balance}
        for reason in self._troubles.reasons:  # of notifiers that are gone
            kind, _, name = reason.partition("-")
            if (kind == "notifier" and name not in notifiers) or (kind == "balance" and name not in asked) or kind == "chat":
                self._troubles.clear(reason)
        if any(entry.type == "telegram" and entry.allowed_users for entry in settings.notifiers):
            from tui_monitor.notifiers.telegram.updates import build_updates

            pollers = build_updates(
                settings.notifiers,
                self._acknowledged_in_chat,
                self._clock,
                lambda text: log.warning("%s", text),
                settings.language,
                host=host_of(settings),
                on_conflict=lambda text: self._troubles.set("chat", text),
            )
            self._configured += [self._group.create_task(quietly(poller.run()), name="chat") for poller in pollers]
        if settings.heartbeat is not None:
            heartbeat = Heartbeat(settings.heartbeat, self._clock, self._troubles)
            self._configured.append(self._group.create_task(quietly(heartbeat.run()), name="heartbeat"))

    def stop(self) -> None:
        """End everything."""
        for task in (self._hourly, *self._configured):
            task.cancel()

    async def _acknowledged_in_chat(self, alert_id: str, by: str) -> str:
        result = await self._alerting.apply(Acknowledge((alert_id,)), by)
        return say(self._settings.language, "taken" if result.ok else "gone")

    async def _keep_house(self) -> None:
        await self._clock.sleep(CHECK_HISTORY_AFTER)
        self._troubles.set("history-damaged", await self._recorder.quick_check())
        while True:
            await self._prune(self._clock.wall_ms())
            await self._ask_balances()
            await self._clock.sleep(EVERY)

    async def _prune(self, now: int) -> None:
        with contextlib.suppress(StorageFault):
            await self._state.transaction(lambda state: prune(state, now), durable=False)

    async def _ask_balances(self) -> None:
        for entry in self._settings.notifiers:
            notifier = self._notifiers.get(entry.name)
            if entry.type != "aligo" or not entry.low_balance or not isinstance(notifier, Prepaid):
                continue
            try:
                left = await notifier.balance()
            except SendError as error:
                log.warning("%s: the balance cannot be asked for: %s", entry.name, error.reason)
                continue
            self._troubles.set(f"balance-{entry.name}", f"{entry.name}: only {left} SMS left" if left < entry.low_balance else "")
