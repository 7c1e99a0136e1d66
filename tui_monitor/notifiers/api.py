"""The public interface of notifier kinds, also for third parties (docs/plugins.md)."""

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
    """A message was not sent, or possibly not.

    ``permanent``: a retry cannot help. ``retry_after``: seconds that the service asked to wait. ``maybe_delivered``: the request
    was written, the answer is missing. ``answered``: the service itself refused, so the cause may be this one message.
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
        """Parse "20/1m". Raises ValueError."""
        return RateLimit(*parse_rate(text))


class Notifier(Protocol):
    """One channel: formats messages for its service and sends them. It never retries by itself."""

    name: str
    rate_limit: RateLimit
    timeout: float

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Send once; returns the provider's id of the message, or "". ``note`` is a remark on late delivery. Raises SendError."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


@frozen
class NotifierKind:
    """One kind of notifier. Each part is the object itself or its place as "package.module:Name", imported when used.

    ``name``: the word in `type`. ``settings``: its record of keys, a subclass of NotifierSettings. ``notifier``: constructs a Notifier
    from settings and a clock; raises ValueError, starting with the key and a colon, for unusable settings. ``example``: values, as
    written in the file, for keys without an example of their own; at least `name`.
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
