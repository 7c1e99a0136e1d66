"""The Telegram notifier: HTML messages through the Bot API, with buttons to acknowledge, edited after an acknowledgement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any

from tui_monitor.config.notifier_fields import BaseAddress, ChatId, TelegramToken, UserId
from tui_monitor.config.receivers import chat_id
from tui_monitor.config.section import key
from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.wording import is_resolved, local_time
from tui_monitor.notifiers.abilities import PressDesk, PressListener
from tui_monitor.notifiers.api import RateLimit
from tui_monitor.notifiers.http import ApiAnswer, HttpClient, HttpNotifierSettings
from tui_monitor.notifiers.layout import MARKS, Line, fit, lines_of, mark_of, plain, utf16_length
from tui_monitor.notifiers.telegram.answer import description_of, parameter_of, result_of
from tui_monitor.notifiers.telegram.buttons import CALLBACK_LIMIT, press_data

LIMIT = 4096
"""Characters after entity parsing (source: Bot API, sendMessage)."""
_MAX_BUTTONS = 8
_QUIET = ("info", "warning")
_GONE = re.compile(r"message thread not found|TOPIC_(?:DELETED|CLOSED|ID_INVALID)", re.IGNORECASE)
"""A 400 that only concerns the topic: deleted, or closed to the bot."""


def to_html(lines: list[Line]) -> str:
    """The lines as Telegram's HTML, where only & < > need escaping."""
    return "\n".join(f"<b>{escape(line.text, quote=False)}</b>" if line.title else escape(line.text, quote=False) for line in lines)


def text_lines(message: Message, note: str = "", possible_repeat: bool = False) -> list[Line]:
    """The message's lines within Telegram's limit, cut before markup is added."""
    return fit(lines_of(message, note, possible_repeat, mark_of(message)), LIMIT, utf16_length)


def buttons(message: Message) -> dict[str, Any] | None:
    """Acknowledge buttons of the unacknowledged firing alerts; None without any."""
    rows: list[list[dict[str, str]]] = []
    for alert in message.alerts:
        data = press_data(alert.id, message.host)
        if is_resolved(alert) or alert.acknowledged_by or len(data.encode()) > CALLBACK_LIMIT or len(rows) >= _MAX_BUTTONS:
            continue
        name = (
            f" {clean(alert.labels.get('alertname', ''))} {clean(alert.labels.get('check', ''))}".rstrip()
            if len(message.alerts) > 1
            else ""
        )
        rows.append([{"text": clip(phrases(message.language).button_acknowledge + name, 60), "callback_data": data}])
    return {"inline_keyboard": rows} if rows else None


def payload_of(message: Message, chat_id: str | int, note: str = "", possible_repeat: bool = False, *, ack: bool = False) -> dict[str, Any]:
    """The body of sendMessage."""
    payload: dict[str, Any] = {
        "chat_id": chat_id,
        "text": to_html(text_lines(message, note, possible_repeat)),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "disable_notification": message.kind == "resolved" or message.severity in _QUIET,
    }
    if ack and message.kind in ("firing", "reminder") and (keyboard := buttons(message)):
        payload["reply_markup"] = keyboard
    return payload


def as_plain(payload: dict[str, Any], lines: list[Line]) -> dict[str, Any]:
    """The same message without markup."""
    bare = {**payload, "text": plain(lines)}
    del bare["parse_mode"]
    return bare


def edited_lines(message: Message) -> list[Line]:
    """A sent message updated to the present: acknowledging person per alert, and resolved alerts."""
    states, words = [], phrases(message.language)
    for alert in message.alerts:
        name = " ".join(filter(None, (clean(alert.labels.get("alertname", "")), clean(alert.labels.get("check", "")))))
        if is_resolved(alert):
            states.append(f"{MARKS['resolved']} {name}: {words.state_resolved.format(now=local_time(alert.ends_at or 0))}")
        elif alert.acknowledged_by:
            states.append(f"✔ {name}: {words.state_acknowledged.format(by=clip(clean(alert.acknowledged_by), 100))}")
    over = all(map(is_resolved, message.alerts))
    title, *body = lines_of(message, mark=MARKS["resolved"] if over else mark_of(message))
    return fit([title, *(Line(state) for state in states[:20]), *body], LIMIT, utf16_length)


class TelegramNotifier(HttpNotifierSettings):
    """A Telegram bot."""

    token: TelegramToken = key(doc="the bot's token", min_length=1, example="${TOKEN}")
    chat_id: ChatId = key(doc="chat id or @name", example="-100123")
    api_url: BaseAddress = key(default="https://api.telegram.org", doc="base address of the API")
    thread_id: int | None = key(default=None, doc="topic of a forum group", example=7)
    allowed_users: list[UserId] = key(default=[], doc="user ids that may acknowledge with a button; none: no buttons", example=[12345])

    def sent_to(self, address: str) -> TelegramNotifier:
        """The settings with another chat. Raises ValueError for what is no chat."""
        if address.startswith("0"):
            raise ValueError(f'"{address}" is a phone number; a chat\'s number does not begin with 0')
        return replace(self, chat_id=chat_id(address), thread_id=None)


class Telegram:
    """Sender to one chat; the token is removed from all reasons."""

    def __init__(self, settings: TelegramNotifier, clock: Clock) -> None:
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self._clock = clock
        self._chat_id = settings.chat_id
        self._thread_id = settings.thread_id
        self._ack = bool(settings.allowed_users)
        self.allowed_users = settings.allowed_users
        self._token = token = settings.token.reveal()
        self._api_url = settings.api_url
        self._ca_file = settings.ca_file
        self.press_account = f"{self._api_url} {token}" if self._ack else ""
        self._base = f"{settings.api_url.rstrip('/')}/bot{token}"
        self._http = HttpClient(settings.timeout, [token], settings.ca_file)

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Call sendMessage; returns the message id. A refusal with a known remedy is retried once.

        A migrated chat is followed, unparsable markup is sent as plain text, and for a deleted topic the message goes to the
        group, with a remark.
        """
        payload = payload_of(message, self._chat_id, note, possible_repeat, ack=self._ack)
        if self._thread_id is not None:
            payload["message_thread_id"] = self._thread_id
        answer = await self._call("sendMessage", payload)
        if answer.status == 400 and "message_thread_id" in payload and _GONE.search(description_of(answer)):
            del payload["message_thread_id"]
            lost = phrases(message.language).topic_gone.format(topic=self._thread_id)
            payload = payload_of(message, payload["chat_id"], " · ".join(filter(None, (note, lost))), possible_repeat, ack=self._ack)
            answer = await self._call("sendMessage", payload)
        if (moved := parameter_of(answer, "migrate_to_chat_id")) is not None:
            self._chat_id = payload["chat_id"] = moved
            answer = await self._call("sendMessage", payload)
        if answer.status == 400 and "can't parse entities" in description_of(answer):
            answer = await self._call("sendMessage", as_plain(payload, text_lines(message, note, possible_repeat)))
        result = self._result(answer)
        return str(result.get("message_id", "")) if isinstance(result, dict) else ""

    async def edit(self, provider_id: str, message: Message) -> None:
        """Edit a sent message to show acknowledgements and resolved alerts. Raises SendError."""
        payload: dict[str, Any] = {"chat_id": self._chat_id, "message_id": int(provider_id), "text": to_html(edited_lines(message))}
        payload |= {"parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
        if self._ack and (keyboard := buttons(message)):
            payload["reply_markup"] = keyboard
        answer = await self._call("editMessageText", payload)
        if "message is not modified" not in description_of(answer):
            self._result(answer)

    def press_listener(self, sharing: Sequence[Telegram], desk: PressDesk, clock: Clock) -> PressListener:
        """One poller per bot, since a second gets 409. Users allowed by any of the notifiers may press."""
        from tui_monitor.notifiers.telegram.updates import TelegramUpdates

        allowed = {user for notifier in sharing for user in notifier.allowed_users}
        return TelegramUpdates(self._token, self._api_url, allowed, desk, clock, self._ca_file)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _call(self, method: str, payload: dict[str, Any]) -> ApiAnswer:
        return await self._http.post_json(f"{self._base}/{method}", payload)

    def _result(self, answer: ApiAnswer) -> Any:
        return result_of(self._http, answer, self._clock)
