"""Protocols of optional notifier abilities, so that callers test for an ability instead of a kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.notifiers.api import Notifier

OnAck = Callable[[str, str], Awaitable[str]]
"""Acknowledge an alert (id, by whom); the words to show to the person who pressed."""


@runtime_checkable
class Addressed(Protocol):
    """A notifier with configured receivers; it sends to those in ``message.to`` and raises PartlySent where results differ."""

    receivers: tuple[str, ...]


@runtime_checkable
class Repeating(Protocol):
    """A notifier whose service expires firing alerts that are not sent again."""

    resend_interval: float

    async def keepalive(self, firing: Sequence[AlertSnapshot], now_ms: int) -> None:
        """Send these firing alerts again. Raises SendError."""
        ...


@runtime_checkable
class Editable(Protocol):
    """A notifier that can edit a sent message."""

    async def edit(self, provider_id: str, message: Message) -> None:
        """Edit the sent message to its alerts' present state. Raises SendError."""
        ...


@runtime_checkable
class Prepaid(Protocol):
    """A notifier with prepaid messages. ``low_balance``: warn when fewer remain; 0: do not query the balance."""

    low_balance: int

    async def balance(self) -> int:
        """Number of messages left. Raises SendError."""
        ...


@runtime_checkable
class HasTestMode(Protocol):
    """Settings of a notifier whose service can accept a message without delivering it."""

    test_mode: bool


@runtime_checkable
class TakesAddress(Protocol):
    """Settings of a notifier that can send to another address than the configured ones."""

    def sent_to(self, address: str) -> Any:
        """The settings with this address as the only receiver. Raises ValueError where it is none of this kind."""
        ...


class PressListener(Protocol):
    """Listener for presses of message buttons; runs until cancelled."""

    async def run(self) -> None:
        """Listen until cancelled."""
        ...


@frozen
class PressDesk:
    """The monitor's side of a press listener; ``host`` is this machine's name in messages.

    ``on_problem`` logs; ``on_conflict`` reports that another program receives the presses of the same account, and with "" the
    end of that.
    """

    on_ack: OnAck
    on_problem: Callable[[str], None]
    language: str = "en"
    host: str = ""
    on_conflict: Callable[[str], None] = lambda text: None


@runtime_checkable
class TakesPresses(Protocol):
    """A notifier whose messages have buttons. ``press_account``: notifiers of the same account share one listener; "": no buttons."""

    press_account: str

    def press_listener(self, sharing: Sequence[Any], desk: PressDesk, clock: Clock) -> PressListener:
        """The listener for presses on messages of this notifier and of those that share its account."""
        ...


def press_listeners(notifiers: Iterable[Notifier], desk: PressDesk, clock: Clock) -> list[PressListener]:
    """One listener per account: two on one account would receive each other's presses."""
    accounts: dict[str, list[TakesPresses]] = {}
    for notifier in notifiers:
        if isinstance(notifier, TakesPresses) and notifier.press_account:
            accounts.setdefault(notifier.press_account, []).append(notifier)
    return [sharing[0].press_listener(sharing, desk, clock) for sharing in accounts.values()]
