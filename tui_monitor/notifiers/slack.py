"""The Slack notifier: one POST to an incoming webhook, with a coloured attachment and plain text as fallback."""

from __future__ import annotations

from typing import Any

from tui_monitor.config.fields import SecretHttpAddress
from tui_monitor.config.section import key
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean
from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.api import RateLimit
from tui_monitor.notifiers.http import HttpClient, HttpNotifierSettings, secrets_of_url
from tui_monitor.notifiers.layout import Line, colour_of, fit, lines_of, mark_of

TEXT_LIMIT = 3000
"""Characters of the attachment's text, counted with its escapes."""


def escape(text: str) -> str:
    """The text with & < > escaped, Slack's only markup, so that <!channel> in a label notifies nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def payload_of(message: Message, note: str = "", possible_repeat: bool = False) -> dict[str, Any]:
    """The webhook's body: the title as text, the rest in an attachment with the severity's colour, footer and time.

    The attachment is plain text without blocks: Slack shows footer and time beside text only.
    """
    title, *body = lines_of(message, note, possible_repeat, mark_of(message), footer=False)
    text = "\n".join(escape(line.text) for line in fit(body or [Line("…")], TEXT_LIMIT, lambda part: len(escape(part))))
    attachment = {
        "color": colour_of(message),
        "fallback": escape(title.text),
        "text": text,
        "mrkdwn_in": [],
        "ts": message.created_at // 1000,
    }
    if footer := clean(message.footer).strip():
        attachment["footer"] = escape(footer)
    return {"text": escape(title.text), "attachments": [attachment]}


class SlackNotifier(HttpNotifierSettings):
    """A Slack incoming webhook."""

    url: SecretHttpAddress = key(doc="the incoming webhook's address", example="${SLACK_WEBHOOK}")


class Slack:
    """Sender to one channel; success is HTTP 200 with the body "ok"."""

    def __init__(self, settings: SlackNotifier, clock: Clock) -> None:
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self._clock = clock
        self._url = settings.url.reveal()
        self._http = HttpClient(settings.timeout, secrets_of_url(self._url), settings.ca_file)

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """POST the message; Slack returns no id. Raises SendError."""
        answer = await self._http.post_json(self._url, payload_of(message, note, possible_repeat))
        self._http.judge(answer, self._clock.wall_ms() / 1000)
        if answer.text != "ok":
            reason = f'HTTP {answer.status}, not "ok": {answer.text}' if answer.complete else "the answer was cut off"
            raise self._http.error(reason, maybe_delivered=True)
        return ""

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
