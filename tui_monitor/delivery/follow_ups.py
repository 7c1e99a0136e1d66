"""Follow-ups of sent messages: edits that bring them up to date, repeats while alerts still fire."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tui_monitor.alerts.alert import Alert
from tui_monitor.core.clock import Clock
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.dispatch.wording import is_resolved
from tui_monitor.notifiers.abilities import Editable, Repeating
from tui_monitor.notifiers.api import Notifier, SendError
from tui_monitor.storage.repository import StateRepository

log = logging.getLogger(__name__)
_MAX_EDITS = 200
_EDIT_PAUSE_S = 30.0
"""After an edit that failed and may yet succeed; longer where the service asks for it."""


class FollowUps:
    """The follow-ups of one notifier, done by its worker when nothing waits to be sent; ``alerts`` are all alerts as they are now."""

    def __init__(self, repository: StateRepository, clock: Clock, alerts: Callable[[], Iterable[Alert]]) -> None:
        self._repository = repository
        self._clock = clock
        self._alerts = alerts
        self._edits: dict[str, dict[str, str | None]] = {}
        self._edit_at: dict[str, float] = {}
        self._repeated_at: dict[str, float] = {}

    def queue(self, notifier: Notifier, alert_ids: Iterable[str], by: str | None) -> None:
        """Queue an edit: these alerts are acknowledged by a person ("": no longer), or (None) resolved."""
        if isinstance(notifier, Editable):
            marks = self._edits.setdefault(notifier.name, {})
            for ident in alert_ids:
                marks.pop(ident, None)
                marks[ident] = by
            while len(marks) > _MAX_EDITS:
                del marks[next(iter(marks))]

    async def step(self, notifier: Notifier) -> float | None:
        """Do one thing; seconds until there is something to do again, 0: at once, None: nothing is planned. Raises StorageFault."""
        marks = self._edits.get(notifier.name)
        if marks and isinstance(notifier, Editable):
            now = self._clock.monotonic()
            if (wait := self._edit_at.get(notifier.name, now) - now) > 0:
                return wait
            ident, by = next(iter(marks.items()))
            pause = await self._edit(notifier.name, notifier, ident, dict(marks))
            self._edit_at[notifier.name] = self._clock.monotonic() + pause
            if not pause and marks.get(ident) == by:
                marks.pop(ident, None)
            return pause
        if isinstance(notifier, Repeating):
            wait = self._repeated_at.setdefault(notifier.name, self._clock.monotonic()) + notifier.resend_interval - self._clock.monotonic()
            if wait > 0:
                return wait
            self._repeated_at[notifier.name] = self._clock.monotonic()
            await self._repeat(notifier.name, notifier)
            return 0.0
        return None

    async def _edit(self, name: str, notifier: Editable, alert_id: str, marks: Mapping[str, str | None]) -> float:
        """Bring the sent messages of one alert up to date, with all that is to be shown of the other alerts in them.

        Seconds to wait before it is tried again, 0 where nothing is left to do. A refusal is not retried: the message itself has arrived.
        """
        for entry in await self._repository.read(lambda state: state.outbox.of_alert(alert_id, payload=True)):
            if entry.notifier != name or entry.state != "sent" or entry.kind == "resolved" or entry.merged_into or not entry.provider_id:
                continue
            message = entry.message
            changed = replace(message, alerts=tuple(_marked(alert, marks, self._clock.wall_ms()) for alert in message.alerts))
            if changed == message:
                continue
            try:
                await notifier.edit(entry.provider_id, changed)
            except SendError as error:
                if not error.permanent:
                    return max(_EDIT_PAUSE_S, error.retry_after or 0.0)
                continue
            except Exception as error:  # noqa: BLE001  the boundary: the picture of a sent message is not worth a worker
                log.warning("%s: a sent message is not brought up to date: %s", name, type(error).__name__)
                continue
            await self._replace(entry.id, changed)
        return 0.0

    async def _replace(self, ident: str, message: Message) -> None:
        await self._repository.transaction(lambda state: state.outbox.replace_message(ident, message))

    async def _repeat(self, name: str, notifier: Repeating) -> None:
        """Send the firing alerts of earlier messages again; after a failure the next round tries again."""
        firing = {alert.id: alert for alert in self._alerts() if alert.state == "firing"}
        told = await self._repository.read(lambda state: state.outbox.notified(name, list(firing)))
        try:
            await notifier.keepalive([_snapshot(firing[ident]) for ident in told], self._clock.wall_ms())
        except SendError as error:
            log.warning("%s: the firing alerts could not be sent again: %s", name, error.reason)
        except Exception as error:  # noqa: BLE001  the boundary: as for an edit; its text may hold secrets
            log.warning("%s: the firing alerts could not be sent again: %s", name, type(error).__name__)


def _snapshot(alert: Alert) -> AlertSnapshot:
    return AlertSnapshot(
        alert.id, alert.fingerprint, "firing", alert.severity, alert.labels, alert.annotations, alert.value, alert.starts_at
    )


def _marked(alert: AlertSnapshot, marks: Mapping[str, str | None], now_ms: int) -> AlertSnapshot:
    """The snapshot of an alert as acknowledged by a person, or (None) as resolved; unchanged where nothing is to be shown."""
    if alert.id not in marks or is_resolved(alert):
        return alert
    by = marks[alert.id]
    if by is None:
        return replace(alert, status="resolved", ends_at=now_ms)
    return replace(alert, acknowledged_by=by)
