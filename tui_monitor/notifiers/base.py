"""What a notifier is, and what a failed send means. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


class PartlySent(SendError):
    """Not every receiver of a message has it: ``taken`` have, each of ``failures`` has its own reason and meaning.

    For who only asks whether the send went well it is an ordinary failure, final where every single one is.
    """

    def __init__(self, taken: Sequence[str], failures: Mapping[str, SendError], provider_id: str = "") -> None:
        reason = "not taken for " + ", ".join(f"{receiver} ({error.reason})" for receiver, error in failures.items())
        super().__init__(reason, permanent=all(error.permanent for error in failures.values()), answered=True)
        self.taken = tuple(taken)
        self.failures = dict(failures)
        self.provider_id = provider_id


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
class Addressed(Protocol):
    """A notifier with receivers of its own; it sends to those of ``message.to``, and raises PartlySent where they fare differently."""

    receivers: tuple[str, ...]


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


def receivers_of(message: Message, configured: Sequence[str]) -> tuple[str, ...]:
    """Who of the configured receivers a message is for. SendError where none of them is a receiver any more."""
    wanted = tuple(receiver for receiver in dict.fromkeys(configured) if not message.to or receiver in message.to)
    if not wanted:
        raise SendError(f"no longer a receiver: {', '.join(message.to)}", permanent=True)
    return wanted


def failure_of(taken: Mapping[str, str], failures: Mapping[str, SendError]) -> SendError:
    """What to raise: one failure where it means the same for every receiver, else PartlySent. ``taken``: receiver -> the provider's id."""
    errors = list(failures.values())
    if taken or len({(error.permanent, error.maybe_delivered) for error in errors}) > 1:
        return PartlySent(list(taken), failures, " ".join(ident for ident in dict.fromkeys(taken.values()) if ident))
    if len({error.reason for error in errors}) == 1:
        reason = errors[0].reason if len(errors) > 1 else f"{next(iter(failures))}: {errors[0].reason}"
    else:
        reason = "nobody was accepted: " + ", ".join(f"{receiver} ({error.reason})" for receiver, error in failures.items())
    return SendError(
        reason,
        permanent=errors[0].permanent,
        maybe_delivered=errors[0].maybe_delivered,
        answered=all(error.answered for error in errors),
        retry_after=max((error.retry_after for error in errors if error.retry_after is not None), default=None),
    )
