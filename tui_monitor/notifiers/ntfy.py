"""The ntfy notifier: publishes JSON to a topic."""

from __future__ import annotations

from typing import Any

from tui_monitor.config.notifier_fields import NtfyServer, NtfyTopic, Token
from tui_monitor.config.section import key
from tui_monitor.core.clock import Clock
from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.api import RateLimit
from tui_monitor.notifiers.http import HttpClient, HttpNotifierSettings
from tui_monitor.notifiers.layout import fit, headline, lines_of, plain, utf8_length
from tui_monitor.notifiers.webhook import web_link

LIMIT = 4000
"""Bytes; a longer message (over 4,096) would arrive as a file (source: docs.ntfy.sh, limitations)."""
PRIORITIES = {"critical": 5, "error": 4, "warning": 3, "info": 2}
TAGS = {"critical": "rotating_light", "error": "exclamation", "warning": "warning", "info": "information_source"}


def payload_of(message: Message, topic: str, note: str = "", possible_repeat: bool = False) -> dict[str, Any]:
    """The body of a publish request."""
    over = message.kind == "resolved"
    body = fit(lines_of(message, note, possible_repeat)[1:], LIMIT, utf8_length)
    payload: dict[str, Any] = {
        "topic": topic,
        "title": headline(message, possible_repeat),
        "message": plain(body) or headline(message, possible_repeat),
        "priority": 2 if over else PRIORITIES.get(message.severity, 3),
        "tags": ["white_check_mark" if over else TAGS.get(message.severity, TAGS["info"])],
    }
    if link := web_link(message):
        payload["click"] = link
    return payload


class NtfyNotifier(HttpNotifierSettings):
    """A ntfy topic."""

    url: NtfyServer = key(default="https://ntfy.sh", doc="address of the server, without the topic")
    topic: NtfyTopic = key(doc="the topic", example="my-alerts")
    token: Token | None = key(default=None, doc="access token", example="${TOKEN}")


class Ntfy:
    """Sender to one topic; the id is ntfy's."""

    def __init__(self, settings: NtfyNotifier, clock: Clock) -> None:
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self._clock = clock
        self._url = settings.url
        self._topic = settings.topic
        token = settings.token.reveal() if settings.token else ""
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = HttpClient(settings.timeout, [token, settings.topic if len(settings.topic) > 8 else ""], settings.ca_file)

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Publish. Raises SendError."""
        answer = await self._http.post_json(self._url, payload_of(message, self._topic, note, possible_repeat), self._headers)
        self._http.judge(answer, self._clock.wall_ms() / 1000, str((answer.json() or {}).get("error", "")))
        return str((answer.json() or {}).get("id", ""))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
