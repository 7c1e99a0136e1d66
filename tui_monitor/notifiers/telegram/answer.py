"""Parser of Telegram's Bot API answers (core.telegram.org/bots/api, making requests)."""

from __future__ import annotations

from typing import Any

from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean
from tui_monitor.notifiers.http import ApiAnswer, HttpClient, bounded_wait


def result_of(http: HttpClient, answer: ApiAnswer, clock: Clock) -> Any:
    """The `result` of an API answer. Raises SendError for a refusal or an unreadable answer."""
    wait = parameter_of(answer, "retry_after")
    if answer.status == 429 and isinstance(wait, int | float):
        raise http.error(f"HTTP 429: {description_of(answer)}", retry_after=bounded_wait(wait))
    http.judge(answer, clock.wall_ms() / 1000, description_of(answer))
    body = answer.json()
    if body is None or body.get("ok") is not True:
        raise http.error("the answer was cut off" if not answer.complete else f"not Telegram's answer: {answer.text}", maybe_delivered=True)
    return body.get("result")


def description_of(answer: ApiAnswer) -> str:
    """The service's description of an error, cleaned."""
    return clean(str((answer.json() or {}).get("description", "")))


def parameter_of(answer: ApiAnswer, name: str) -> Any:
    """A value of the answer's `parameters`; None without it."""
    parameters = (answer.json() or {}).get("parameters")
    return parameters.get(name) if isinstance(parameters, dict) else None
