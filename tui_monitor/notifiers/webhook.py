"""The webhook notifier: one POST of Alertmanager's version 4 body, with an idempotency key and an optional signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tui_monitor.config.fields import SecretHttpAddress, SecretText
from tui_monitor.config.notifier_fields import HeaderFields
from tui_monitor.config.section import key
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean
from tui_monitor.core.units import rfc3339
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.notifiers.api import RateLimit
from tui_monitor.notifiers.http import USER_AGENT, HttpClient, HttpNotifierSettings, header_text, secrets_of_url

NEVER = "0001-01-01T00:00:00Z"


def alerts_of(message: Message) -> tuple[AlertSnapshot, ...]:
    """The message's alerts; a test or manual message becomes one alert, which keeps the shape for receivers."""
    if message.alerts:
        return message.alerts
    name = "TestAlert" if message.kind == "test" else message.title or "Message"
    labels = {"alertname": name, "severity": message.severity, "host": message.host}
    fingerprint = hashlib.sha256(message.key.encode(errors="replace")).hexdigest()[:16]
    annotations = {"summary": message.title, "description": message.text}
    return (AlertSnapshot(fingerprint, fingerprint, "firing", message.severity, labels, annotations, None, message.created_at),)


def body_of(message: Message, max_alerts: int = 0) -> dict[str, Any]:
    """The version 4 body. Pure: the same message, the same body.

    Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
    """
    alerts = alerts_of(message)
    shown = alerts[:max_alerts] if max_alerts else alerts
    entries = [_alert(alert, message) for alert in shown]
    group_labels = dict(message.group_labels) or {"alertname": entries[0]["labels"].get("alertname", "")}
    return {
        "version": "4",
        "groupKey": message.group_key or message.thread or message.key,
        "truncatedAlerts": len(alerts) - len(shown) + message.held_back,
        "status": "firing" if any(alert.status == "firing" for alert in alerts) else "resolved",
        "receiver": message.notifier,
        "groupLabels": _texts(group_labels),
        "commonLabels": _common([entry["labels"] for entry in entries]),
        "commonAnnotations": _common([entry["annotations"] for entry in entries]),
        "externalURL": web_link(message),
        "alerts": entries,
        **({"report": json.loads(message.report)} if message.report else {}),
    }


def web_link(message: Message) -> str:
    """The message's link if it is a web address (it can be an SSH command), else ""."""
    return clean(message.link) if message.link.startswith(("http://", "https://")) else ""


def encode(message: Message, max_alerts: int = 0) -> bytes:
    """The encoded body, identical on every retry."""
    return json.dumps(body_of(message, max_alerts), ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: str, body: bytes) -> str:
    """The value of X-Signature-256: HMAC-SHA256 of the raw body, hexadecimal."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class WebhookNotifier(HttpNotifierSettings):
    """POST JSON in Alertmanager's version 4 shape."""

    url: SecretHttpAddress = key(doc="where to POST", example="https://example.com/hook")
    headers: HeaderFields = key(default={}, doc="more request headers", example={"Accept": "application/json"}, hide=True)
    secret: SecretText | None = key(default=None, doc="key of the HMAC in X-Signature-256", example="${WEBHOOK_SECRET}")
    max_alerts: int = key(default=0, doc="at most this many alerts in one message; 0: no limit", ge=0)


class Webhook:
    """Sender to one address; any 2xx is success."""

    def __init__(self, settings: WebhookNotifier, clock: Clock) -> None:
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self._settings = settings
        self._clock = clock
        self._url = settings.url.reveal()
        self._secret = settings.secret.reveal() if settings.secret else ""
        secrets = (*secrets_of_url(self._url), self._secret, *(value for value in settings.headers.values() if len(value) >= 6))
        self._http = HttpClient(settings.timeout, secrets, settings.ca_file)

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """POST the body; returns "" as id. Raises SendError."""
        body = encode(message, self._settings.max_alerts)
        answer = await self._http.post(self._url, content=body, headers=self._headers(message, body, note, possible_repeat))
        self._http.judge(answer, self._clock.wall_ms() / 1000)
        return ""

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _headers(self, message: Message, body: bytes, note: str, possible_repeat: bool) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT, "Idempotency-Key": header_text(message.key)}
        if self._secret:
            headers["X-Signature-256"] = signature(self._secret, body)
        if possible_repeat:
            headers["X-Possible-Repeat"] = "1"
        if note:
            headers["X-Delivery-Note"] = header_text(note)
        ours = {name.lower() for name in headers}
        return headers | {name: value for name, value in self._settings.headers.items() if name.lower() not in ours}


def _alert(alert: AlertSnapshot, message: Message) -> dict[str, Any]:
    annotations = _texts(alert.annotations)
    if message.note:
        annotations["delivery_note"] = clean(message.note)
    return {
        "status": alert.status,
        "labels": _texts({"severity": alert.severity, **alert.labels}),
        "annotations": annotations,
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": NEVER if alert.status == "firing" or alert.ends_at is None else rfc3339(alert.ends_at),
        "generatorURL": web_link(message),
        "fingerprint": alert.fingerprint,
    }


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {clean(name): clean(text, newlines=True) for name, text in sorted(texts.items())}


def _common(texts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *others = texts
    return {name: text for name, text in first.items() if all(other.get(name) == text for other in others)}
