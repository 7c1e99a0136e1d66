"""Take button presses from Telegram by long polling: no open port. Only the leader polls, and each bot once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.notifiers.abilities import OnAck
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.http import HttpClient
from tui_monitor.notifiers.telegram.answer import result_of

POLL_S = 50
_FIRST_PAUSE_S = 2.0
_LONGEST_PAUSE_S = 60.0
_LEAST_S = 1.0
"""A server (or a proxy before it) that answers at once without news is not asked without pause."""
_DATA = re.compile(r"ack:([0-9A-Za-z_-]{1,60})")


class TelegramUpdates:
    """One bot's long poll. An update is confirmed only after it was acted on, so a crash loses no press."""

    def __init__(
        self,
        token: str,
        api_url: str,
        allowed_users: Iterable[int],
        on_ack: OnAck,
        clock: Clock,
        on_problem: Callable[[str], None],
        language: str = "en",
    ) -> None:
        self._base = f"{api_url.rstrip('/')}/bot{token}"
        self._http = HttpClient(POLL_S + 10.0, [token])
        self._allowed = frozenset(allowed_users)
        self._on_ack = on_ack
        self._clock = clock
        self._on_problem = on_problem
        self._language = language
        self._offset = 0

    async def run(self) -> None:
        """Poll until cancelled; what fails is reported once and tried again, more and more slowly."""
        pause, told = _FIRST_PAUSE_S, ""
        try:
            while True:
                begin = self._clock.monotonic()
                try:
                    news = await self.poll()
                    pause, told = _FIRST_PAUSE_S, ""
                    if not news and self._clock.monotonic() - begin < _LEAST_S:
                        await self._clock.sleep(_LEAST_S)
                    continue
                except SendError as error:
                    wait = max(pause, error.retry_after or 0.0)
                    if error.reason != told:
                        self._on_problem(f"Telegram buttons do not work: {error.reason}")
                        told = error.reason
                await self._clock.sleep(wait)
                pause = min(_LONGEST_PAUSE_S, pause * 2)
        finally:
            await self._http.close()

    async def poll(self, wait_s: int = POLL_S) -> bool:
        """One getUpdates and what follows from it; whether there was anything new. Raises SendError."""
        before = self._offset
        question = {"offset": self._offset, "timeout": wait_s, "allowed_updates": ["callback_query"]}
        updates = await self._call("getUpdates", question)
        for update in updates if isinstance(updates, list) else []:
            if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
                continue
            query = update.get("callback_query")
            if isinstance(query, dict):
                await self._press(query)
            self._offset = max(self._offset, update["update_id"] + 1)
        return self._offset > before

    async def _press(self, query: dict[str, Any]) -> None:
        sender = query.get("from")
        user: dict[str, Any] = sender if isinstance(sender, dict) else {}
        match = _DATA.fullmatch(str(query.get("data", "")))
        if user.get("id") not in self._allowed:
            words = phrases(self._language).button_forbidden
        elif match is None:
            words = phrases(self._language).button_unknown
        else:
            words = await self._acknowledge(match[1], who(user))
        try:
            await self._call("answerCallbackQuery", {"callback_query_id": str(query.get("id", "")), "text": clip(words, 200)})
        except SendError as error:
            if error.maybe_delivered or not error.permanent:
                self._on_problem(f"Telegram did not take an answer: {error.reason}")

    async def _acknowledge(self, alert_id: str, by: str) -> str:
        try:
            return await self._on_ack(alert_id, by)
        except Exception as error:  # noqa: BLE001  the boundary: a press that cannot be kept must not end the polling
            self._on_problem(f"an acknowledgement by {by} could not be kept: {type(error).__name__}")
            return phrases(self._language).button_failed

    async def _call(self, method: str, payload: dict[str, Any]) -> Any:
        return result_of(self._http, await self._http.post_json(f"{self._base}/{method}", payload), self._clock)


def who(user: dict[str, Any]) -> str:
    """A Telegram user as the journal names him: telegram:@name (id)."""
    name = user.get("username")
    shown = f"@{name}" if name else str(user.get("first_name", ""))
    return clip(clean(f"telegram:{shown} ({user.get('id')})"), 80)
