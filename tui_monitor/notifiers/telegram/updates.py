"""Long polling of Telegram for button presses, which needs no open port. Only the leader polls, once per bot."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.notifiers.abilities import PressDesk
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.http import HttpClient
from tui_monitor.notifiers.telegram.answer import result_of
from tui_monitor.notifiers.telegram.buttons import host_in_press

POLL_S = 50
_FIRST_PAUSE_S = 2.0
_LONGEST_PAUSE_S = 60.0
_LEAST_S = 1.0
"""A server (or a proxy before it) that answers at once without news is not asked without pause."""
HOLD_S = 15.0
"""A press for another host is left to its monitor for so long before it is answered here; then it would be too old to answer."""
_HOLD_PAUSE_S = 3.0
_CONFLICT_PAUSE_S = 10.0
"""The longest pause after a 409: the other machine's turn must come within `HOLD_S`."""
_CONFLICTS = 3
"""So many 409 in a row are another program, not our own last poll that Telegram has not given up yet."""
_DATA = re.compile(r"ack:([0-9A-Za-z_-]{1,60})(?::(.*))?", re.DOTALL)


class TelegramUpdates:
    """Long poll of one bot. An update is confirmed after it was processed, so a crash loses no press."""

    def __init__(
        self, token: str, api_url: str, allowed_users: Iterable[int], desk: PressDesk, clock: Clock, ca_file: str | None = None
    ) -> None:
        self._base = f"{api_url.rstrip('/')}/bot{token}"
        self._http = HttpClient(POLL_S + 10.0, [token], ca_file)
        self._allowed = frozenset(allowed_users)
        self._desk = desk
        self._clock = clock
        self._offset = 0
        self._held: dict[int, float] = {}
        self._done: set[int] = set()

    async def run(self) -> None:
        """Poll until cancelled; a failure is reported once and retried with growing delays."""
        pause, told, conflicts = _FIRST_PAUSE_S, "", 0
        try:
            while True:
                begin = self._clock.monotonic()
                try:
                    news = await self.poll()
                except SendError as error:
                    conflicts = self._judge_conflict(error, conflicts)
                    if error.reason != told:
                        self._desk.on_problem(f"Telegram buttons do not work: {error.reason}")
                        told = error.reason
                    await self._clock.sleep(max(pause, error.retry_after or 0.0))
                    pause = min(_CONFLICT_PAUSE_S if conflicts else _LONGEST_PAUSE_S, pause * 2)
                    continue
                pause, told, conflicts = _FIRST_PAUSE_S, "", 0
                self._desk.on_conflict("")
                if self._held:
                    await self._clock.sleep(_HOLD_PAUSE_S)
                elif not news and self._clock.monotonic() - begin < _LEAST_S:
                    await self._clock.sleep(_LEAST_S)
        finally:
            await self._http.close()

    def _judge_conflict(self, error: SendError, before: int) -> int:
        """The new count of consecutive 409 answers; the third is shown on the board."""
        if not error.reason.startswith("HTTP 409"):
            return 0
        if before + 1 == _CONFLICTS:
            self._desk.on_conflict(
                f"Telegram buttons: another program polls the same bot; give each machine a bot of its own ({error.reason})"
            )
        return before + 1

    async def poll(self, wait_s: int = POLL_S) -> bool:
        """Call getUpdates once and process the result; returns whether there were updates. Raises SendError.

        Telegram hands an update to any poller of the bot, and drops it once a later one is requested. So a press for another
        host is not confirmed for `HOLD_S`: that host's monitor can still receive it.
        """
        before = self._offset
        question = {"offset": self._offset, "timeout": wait_s, "allowed_updates": ["callback_query"]}
        updates = await self._call("getUpdates", question)
        seen = [each for each in (updates if isinstance(updates, list) else []) if isinstance(each, dict)]
        numbers = {each["update_id"]: each for each in seen if isinstance(each.get("update_id"), int)}
        self._held = {number: since for number, since in self._held.items() if number in numbers}
        for number, update in numbers.items():
            query = update.get("callback_query")
            if number not in self._done and isinstance(query, dict) and not self._hold(number, query):
                await self._press(query)
                self._done.add(number)
        ahead = max(numbers, default=self._offset - 1) + 1
        self._offset = max(self._offset, min(self._held, default=ahead))
        self._done = {number for number in self._done if number >= self._offset}
        return self._offset > before

    def _hold(self, number: int, query: dict[str, Any]) -> bool:
        """Whether this press belongs to another host and is still held for it."""
        if not self._other_host(str(query.get("data", ""))):
            return False
        now = self._clock.monotonic()
        if now - self._held.setdefault(number, now) < HOLD_S:
            return True
        del self._held[number]
        return False

    def _other_host(self, data: str) -> str:
        """The host in the button's data if it is another one; "" for our own and for buttons of older versions without a host."""
        match = _DATA.fullmatch(data)
        named = match[2] if match and match[2] else ""
        return (
            "" if match is None or not named or not self._desk.host or named == host_in_press(match[1], self._desk.host) else clean(named)
        )

    async def _press(self, query: dict[str, Any]) -> None:
        sender = query.get("from")
        user: dict[str, Any] = sender if isinstance(sender, dict) else {}
        data = str(query.get("data", ""))
        match = _DATA.fullmatch(data)
        if user.get("id") not in self._allowed:
            words = phrases(self._desk.language).button_forbidden
        elif match is None:
            words = phrases(self._desk.language).button_unknown
        elif other := self._other_host(data):
            words = phrases(self._desk.language).button_other_host.format(host=clip(other, 60))
        else:
            words = await self._acknowledge(match[1], who(user))
        try:
            await self._call("answerCallbackQuery", {"callback_query_id": str(query.get("id", "")), "text": clip(words, 200)})
        except SendError as error:
            if error.maybe_delivered or not error.permanent:
                self._desk.on_problem(f"Telegram did not accept an answer to a press: {error.reason}")

    async def _acknowledge(self, alert_id: str, by: str) -> str:
        try:
            return await self._desk.on_ack(alert_id, by)
        except Exception as error:  # noqa: BLE001  the boundary: a press that cannot be kept must not end the polling
            self._desk.on_problem(f"an acknowledgement by {by} could not be stored: {type(error).__name__}")
            return phrases(self._desk.language).button_failed

    async def _call(self, method: str, payload: dict[str, Any]) -> Any:
        return result_of(self._http, await self._http.post_json(f"{self._base}/{method}", payload), self._clock)


def who(user: dict[str, Any]) -> str:
    """A Telegram user's name in the audit log: telegram:@name (id)."""
    name = user.get("username")
    shown = f"@{name}" if name else str(user.get("first_name", ""))
    return clip(clean(f"telegram:{shown} ({user.get('id')})"), 80)
