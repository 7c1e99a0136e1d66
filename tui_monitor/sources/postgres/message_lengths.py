"""A limit for the messages of a PostgreSQL server: the driver keeps what a server announces (asyncpg 0.31: 846 MiB in 2 s)."""

from __future__ import annotations

from functools import cache
from typing import Any

LARGEST_MESSAGE = 16 * 1024 * 1024
"""Bytes of one message, which holds one row at most."""
_HEAD = 5


class MessageTooLarge(OSError):
    """The server announces a message above the limit, or one of a negative length."""


class MessageLengths:
    """Follows the lengths of messages in a stream (PostgreSQL's protocol 3: a type, then four bytes of length, itself included)."""

    __slots__ = ("_head", "_left")

    def __init__(self) -> None:
        self._head = b""
        self._left = 0

    def admit(self, data: bytes) -> None:
        """Take the next bytes of the stream. Raises MessageTooLarge."""
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            part = data[at : at + _HEAD - len(self._head)]
            self._head += part
            at += len(part)
            if len(self._head) == _HEAD:
                self._left = _body_length(self._head)
                self._head = b""


def _body_length(head: bytes) -> int:
    length = int.from_bytes(head[1:], "big", signed=True) - 4
    if not 0 <= length <= LARGEST_MESSAGE:
        raise MessageTooLarge("not PostgreSQL's message, or too long")
    return length


@cache
def limit_messages() -> None:
    """Give the driver a protocol with this limit, once: it has no setting for it, and makes its protocol of a name in a module."""
    from asyncpg import protocol

    driver: Any = protocol.Protocol

    class LimitedMessages(driver):  # type: ignore[misc]
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._lengths = MessageLengths()

        def data_received(self, data: bytes) -> None:
            self._lengths.admit(data)  # the event loop closes the connection for an OSError
            super().data_received(data)

    setattr(protocol, "Protocol", LimitedMessages)  # noqa: B010  an assignment to a class is refused by mypy
