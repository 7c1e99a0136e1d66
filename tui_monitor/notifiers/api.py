"""What a kind of notifier consists of: the public interface for kinds of one's own (docs/plugins.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, ClassVar, Protocol

from tui_monitor.config.entries import NotifierSettings
from tui_monitor.config.fields import Duration, FilePath, HostName, HttpAddress, SecretHttpAddress, SecretText
from tui_monitor.config.kinds import resolve
from tui_monitor.config.section import key
from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.core.secret import Secret
from tui_monitor.core.units import parse_rate
from tui_monitor.dispatch.message import AlertSnapshot, Message

__all__ = [
    "AlertSnapshot",
    "Clock",
    "Duration",
    "FilePath",
    "HostName",
    "HttpAddress",
    "Message",
    "Notifier",
    "NotifierKind",
    "NotifierSettings",
    "RateLimit",
    "Secret",
    "SecretHttpAddress",
    "SecretText",
    "SendError",
    "key",
]


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


@frozen
class NotifierKind:
    """One kind of notifier. Each part is the thing itself or where it is, as "package.module:Name", and then loads when it is used.

    ``name``: the word in `type`. ``settings``: its record of keys, a subclass of NotifierSettings. ``notifier``: makes a Notifier of the
    settings and a clock; ValueError, beginning with the key and a colon, where a setting cannot be used. ``example``: values for the keys
    that have no example of their own, as written in the file; at least `name`.
    """

    CALLED: ClassVar[tuple[str, ...]] = ("notifier",)

    name: str
    settings: str | type[NotifierSettings]
    notifier: str | Callable[[Any, Clock], Notifier]
    example: Mapping[str, Any] = field(default_factory=dict)

    def build(self, settings: NotifierSettings, clock: Clock) -> Notifier:
        """The notifier of one table of the file. Raises ValueError where a setting is unusable or a driver is not installed."""
        made: Notifier = resolve(self.notifier)(settings, clock)
        return made
