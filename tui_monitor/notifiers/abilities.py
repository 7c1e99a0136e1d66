"""What some notifiers can do beside sending: each ability is a protocol of its own, so that nobody asks which kind a notifier is."""

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
    """A notifier whose messages are paid for beforehand. ``low_balance``: warn when fewer remain; 0: do not ask."""

    low_balance: int

    async def balance(self) -> int:
        """How many messages may still be sent. Raises SendError."""
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
    """Waits for presses of buttons until it is cancelled."""

    async def run(self) -> None:
        """Until cancelled."""
        ...


@frozen
class PressDesk:
    """What a listener is told of this monitor: ``host`` is its name in messages.

    ``on_problem`` logs; ``on_conflict`` says that another program takes the presses of the same account, and with "" that none does
    any more.
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
        """What waits for the presses on messages of this notifier and of those that share its account."""
        ...


def press_listeners(notifiers: Iterable[Notifier], desk: PressDesk, clock: Clock) -> list[PressListener]:
    """One listener for each account: two on one account would take each other's presses."""
    accounts: dict[str, list[TakesPresses]] = {}
    for notifier in notifiers:
        if isinstance(notifier, TakesPresses) and notifier.press_account:
            accounts.setdefault(notifier.press_account, []).append(notifier)
    return [sharing[0].press_listener(sharing, desk, clock) for sharing in accounts.values()]
