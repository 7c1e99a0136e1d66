"""Answers of the Telegram API: updates with button presses, and refusals of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fuzz.fences import unfenced
from fuzz.target import Target
from fuzz.targets.answers import driven
from tui_monitor.notifiers import http
from tui_monitor.notifiers.abilities import PressDesk
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.http import ApiAnswer
from tui_monitor.notifiers.telegram.updates import TelegramUpdates


class StoodClock:
    """A clock that stands still."""

    def wall_ms(self) -> int:
        """UTC milliseconds."""
        return 1_790_000_000_000

    def monotonic(self) -> float:
        """Seconds."""
        return 1.0

    async def sleep(self, seconds: float) -> None:
        """Return at once."""


async def _acknowledge(alert_id: str, by: str) -> str:
    alert_id.encode(), by.encode()
    return "done"


def _told(problem: str) -> None:
    problem.encode()


def _poll(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """One poll; every call of the API is answered so."""
    clock: Any = StoodClock()
    updates = TelegramUpdates("1:" + "a" * 35, "https://api.telegram.org", [7], PressDesk(_acknowledge, _told, host="web-1"), clock)

    async def post_json(*_: object, **__: object) -> ApiAnswer:
        return ApiAnswer(status, headers, body, True)

    updates._http.post_json = post_json  # type: ignore[method-assign]
    try:
        driven(updates.poll(0))
    except SendError as error:
        error.reason.encode()
        return False
    return True


def _updates(text: str) -> bool:
    return _poll(200, {}, text.encode("utf-8", "surrogatepass"))


def _refusal(text: str) -> bool:
    """The first line is the status and Retry-After, the rest the body."""
    head, _, body = text.partition("\n")
    number, _, wait = head.partition(" ")
    status = int(number) if number.isascii() and number.isdigit() and len(number) == 3 else 429
    return _poll(status, {"retry-after": wait}, body.encode("utf-8", "surrogatepass"))


_WORDS = (
    '{"ok":true,"result":[]}', '{"ok":false,"description":"x","parameters":{"retry_after":5}}', '"update_id"', '"callback_query"',
    '"from"', '"id"', '"data"', "ack:abc", "ack:abc:web-1", "ack:abc:web-2", "Wed, 21 Oct 2026 07:28:00 GMT",
    "Wed, 99 Oct 99999 07:28:00 +9999", "429 ",
    "503 ", "409 ",
    "401 ", "400 ", "302 ", "migrate_to_chat_id",
)  # fmt: skip

TARGETS = (
    Target(name="telegram-updates", kind="json", call=_updates, words=_WORDS, fence=lambda: unfenced(http.ApiAnswer.json)),
    Target(name="api-refusal", kind="text", call=_refusal, words=_WORDS, fence=lambda: unfenced(http.retry_after)),
)
