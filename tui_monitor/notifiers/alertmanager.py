"""The Alertmanager notifier: posts alerts to API v2, and again while they fire, since it expires alerts that are not repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from tui_monitor.config.fields import Interval
from tui_monitor.config.notifier_fields import BaseAddress
from tui_monitor.config.section import key
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean
from tui_monitor.core.units import rfc3339
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.notifiers.api import RateLimit
from tui_monitor.notifiers.http import HttpClient, HttpNotifierSettings
from tui_monitor.notifiers.webhook import alerts_of

RESOLVED_FOR_MS = 5 * 60_000
"""A resolved alert is repeated for so long, as Prometheus does up to 15 min, in case the first one was lost."""
_AHEAD = 4
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def entry_of(alert: AlertSnapshot, link: str, ends_at: int, now_ms: int) -> dict[str, Any]:
    """One alert of the request's array, with valid label names and no empty values. It starts before now and before its end."""
    entry: dict[str, Any] = {
        "labels": _texts({"severity": alert.severity, **alert.labels}),
        "annotations": _texts(alert.annotations),
        "startsAt": rfc3339(min(alert.starts_at, now_ms, ends_at - 1)),
        "endsAt": rfc3339(ends_at),
    }
    if link.startswith(("http://", "https://")):
        entry["generatorURL"] = link
    return entry


def entries_of(alerts: Iterable[AlertSnapshot], link: str, now_ms: int, resend_interval: float) -> list[dict[str, Any]]:
    """The request's array: firing alerts end a few intervals ahead, resolved ones at their end.

    The end of a resolved alert is never later than now: Alertmanager would ignore an end in the future (after the clock was set
    back), and the alert would stay active until the end sent while it fired.
    """
    ahead = now_ms + round(_AHEAD * resend_interval * 1000)
    return [entry_of(alert, link, ahead if alert.ends_at is None else min(alert.ends_at, now_ms), now_ms) for alert in alerts]


class AlertmanagerNotifier(HttpNotifierSettings):
    """An Alertmanager (API v2); firing alerts are sent again while they fire."""

    url: BaseAddress = key(doc="base address, for example http://localhost:9093", example="http://127.0.0.1:9093")
    resend_interval: Interval = key(default=60.0, doc="how often a firing alert is sent again", gt=0)


class Alertmanager:
    """Sender to one Alertmanager; any 2xx is success."""

    def __init__(self, settings: AlertmanagerNotifier, clock: Clock) -> None:
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self.resend_interval = settings.resend_interval
        self._clock = clock
        self._url = settings.url.rstrip("/") + "/api/v2/alerts"
        self._http = HttpClient(
            settings.timeout, [settings.url.partition("@")[0].rpartition("/")[2]] if "@" in settings.url else [], settings.ca_file
        )
        self._sent: dict[str, AlertSnapshot] = {}
        self._link = ""

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """POST the message's alerts; repeats are harmless. Raises SendError."""
        alerts = alerts_of(message)
        await self._post([*alerts, *self._superseded(alerts)], message.link)
        self._link = message.link
        if message.alerts:
            self._sent.update((alert.fingerprint, alert) for alert in alerts)
        return ""

    async def keepalive(self, firing: Sequence[AlertSnapshot], now_ms: int) -> None:
        """Send again, each ``resend_interval``, firing alerts and those resolved in the last 5 minutes. Raises SendError.

        ``firing``: the alerts that fire now. Resolved ones are taken from this process's own record of sent alerts.
        """
        recent = [alert for alert in self._sent.values() if alert.ends_at is not None and now_ms - alert.ends_at <= RESOLVED_FOR_MS]
        fires = {alert.fingerprint for alert in firing}
        again = [*firing, *self._superseded(firing), *(alert for alert in recent if alert.fingerprint not in fires)]
        self._sent = {alert.fingerprint: alert for alert in [*recent, *firing]}
        if again:
            await self._post(again, self._link)

    def _superseded(self, alerts: Iterable[AlertSnapshot]) -> list[AlertSnapshot]:
        """Alerts to resolve after a change of severity: Alertmanager identifies alerts by labels, and severity is one."""
        now = self._clock.wall_ms()
        before = ((alert, self._sent.get(alert.fingerprint)) for alert in alerts)
        return [
            replace(old, status="resolved", ends_at=now)
            for alert, old in before
            if old is not None and old.ends_at is None and old.severity != alert.severity
        ]

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _post(self, alerts: Sequence[AlertSnapshot], link: str) -> None:
        now = self._clock.wall_ms()
        answer = await self._http.post_json(self._url, entries_of(alerts, link, now, self.resend_interval))
        self._http.judge(answer, now / 1000)


def _texts(texts: Any) -> dict[str, str]:
    pairs = ((_NOT_IN_NAMES.sub("_", clean(name)), clean(text, newlines=True)) for name, text in sorted(texts.items()))
    return {f"_{name}" if name[:1].isdigit() else name: text for name, text in pairs if name and text}
