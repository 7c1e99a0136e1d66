"""What a notifier is, and what a failed send means. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tui_monitor.core.frozen import frozen
from tui_monitor.core.units import parse_rate
from tui_monitor.dispatch.message import AlertSnapshot, Message


class SendError(Exception):
    """A message did not go out, or may not have.

    ``permanent``: trying again cannot help. ``retry_after``: seconds that the service asked for. ``maybe_delivered``: the request
    was written, the answer is missing. ``answered``: the service itself refused, so the trouble may lie in this one message.
    ``reason`` is for people and holds no secrets.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        maybe_delivered: bool = False,
        answered: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
        self.maybe_delivered = maybe_delivered
        self.answered = answered


@frozen
class RateLimit:
    """At most ``count`` messages in any ``window`` seconds."""

    count: int
    window: float

    @staticmethod
    def parse(text: str) -> RateLimit:
        """Read "20/1m"; ValueError where it is something else."""
        return RateLimit(*parse_rate(text))


class Notifier(Protocol):
    """One channel: turns messages into whatever its service wants and sends them. It never retries by itself."""

    name: str
    rate_limit: RateLimit
    timeout: float

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Send once; the provider's id for the message, or "". ``note`` tells of lateness. Raises SendError."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class Repeating(Protocol):
    """A notifier whose service forgets a firing alert that nobody tells again."""

    resend_interval: float

    async def keepalive(self, firing: Sequence[AlertSnapshot], now_ms: int) -> None:
        """Tell these firing alerts again. Raises SendError."""
        ...


@runtime_checkable
class Editable(Protocol):
    """A notifier that can change what it has sent."""

    async def edit(self, provider_id: str, message: Message) -> None:
        """Show the message anew with its alerts as they are now. Raises SendError."""
        ...


@runtime_checkable
class Prepaid(Protocol):
    """A notifier whose messages are paid for beforehand."""

    async def balance(self) -> int:
        """How many messages may still be sent. Raises SendError."""
        ...
