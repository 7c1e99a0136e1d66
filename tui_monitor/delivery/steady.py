"""Delivery in order to one receiver, as long as it takes: backoff, Retry-After, halving of what is refused, a trouble after 10 minutes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.core.troubles import Troubles
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.http import ApiAnswer, retry_after, server_time

log = logging.getLogger(__name__)
T = TypeVar("T")
FIRST_PAUSE, LAST_PAUSE = 1.0, 60.0
TROUBLE_AFTER_S = 600.0
HALVED = (400, 413)
"""Statuses by which a receiver refuses a request for what is in it."""


@frozen
class Attempt(Generic[T]):
    """One request. ``reason`` "": all was taken. ``wait``: seconds that the receiver asks for.

    ``refused``: it refuses something in the request for ever. ``rest``: the part to send again, None: all of it.
    """

    reason: str = ""
    wait: float | None = None
    refused: bool = False
    rest: Sequence[T] | None = None


def attempt_of(answer: ApiAnswer, now_ms: int) -> Attempt[T]:
    """What an answer's status means."""
    if 200 <= answer.status < 300:
        return Attempt()
    wait = retry_after(answer.headers.get("retry-after"), server_time(answer.headers, now_ms / 1000))
    return Attempt(f"HTTP {answer.status}: {answer.text[:200]}".removesuffix(": "), wait, answer.status in HALVED)


def failed_attempt(error: SendError) -> Attempt[T]:
    """A request without an answer."""
    return Attempt(error.reason, error.retry_after)


class SteadyDelivery(Generic[T]):
    """The delivery to one receiver. ``name`` and ``subject`` key its trouble; ``send`` makes one request and raises nothing.

    ``drop`` is told what has been refused for ever, and why.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        troubles: Troubles,
        send: Callable[[Sequence[T]], Awaitable[Attempt[T]]],
        drop: Callable[[T, str], None],
        subject: str = "",
    ) -> None:
        self._name, self._subject, self._clock, self._troubles, self._send, self._drop = name, subject, clock, troubles, send, drop
        self._failing_since: float | None = None

    @property
    def _title(self) -> str:
        return f"{self._name} ({self._subject})" if self._subject else self._name

    async def deliver(self, items: Sequence[T]) -> None:
        """Return once the receiver has each item, or has refused it."""
        pause = FIRST_PAUSE
        while items:
            attempt = await self._send(items)
            if attempt.rest is not None and len(attempt.rest) < len(items):
                pause = FIRST_PAUSE  # it takes something
            items = items if attempt.rest is None else attempt.rest
            if not attempt.reason:
                return self._succeeded()
            if attempt.refused:
                return await self._halve(items, attempt.reason)
            self._failed(attempt.reason)
            log.warning("%s: %s; tried again in %g s", self._title, attempt.reason, max(pause, attempt.wait or 0.0))
            await self._clock.sleep(max(pause, attempt.wait or 0.0))
            pause = min(2 * pause, LAST_PAUSE)

    async def _halve(self, items: Sequence[T], reason: str) -> None:
        if len(items) == 1:
            return self._drop(items[0], reason)
        middle = len(items) // 2
        await self.deliver(items[:middle])
        await self.deliver(items[middle:])

    def _succeeded(self) -> None:
        self._failing_since = None
        self._troubles.clear(self._name, self._subject)

    def _failed(self, reason: str) -> None:
        now = self._clock.monotonic()
        self._failing_since = now if self._failing_since is None else self._failing_since
        if now - self._failing_since >= TROUBLE_AFTER_S:
            self._troubles.raise_(self._name, f"{self._title}: nothing was taken for 10 minutes: {reason}", self._subject)
