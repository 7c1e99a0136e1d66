"""Connected UDP sockets on the event loop: refused ports fail at once, packets of other senders are dropped."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import TypeVar

from tui_monitor.sources.net.resolve import Address
from tui_monitor.sources.net.stream import ConnectError, address_text

T = TypeVar("T")
LARGEST = 65535
"""Bytes of the largest UDP packet."""
MAX_STRAY = 100
"""Packets that are not the answer; a peer that sends more would hold the loop."""


class TooManyStray(OSError):
    """The peer sent MAX_STRAY packets without the expected answer."""


class Datagram:
    """One connected UDP socket. Every await may be cancelled; ``close`` leaves nothing behind.

    The kernel delivers packets of ``peer`` only (source: udp(7)) and reports an ICMP "port unreachable" as ConnectionRefusedError at
    the next call, so a closed port fails before the timeout. ``stray`` counts unexpected packets.
    """

    __slots__ = ("_loop", "peer", "sock", "stray")

    def __init__(self, sock: socket.socket, peer: str) -> None:
        self.sock = sock
        self.peer = peer
        self.stray = 0
        self._loop = asyncio.get_running_loop()

    async def ask(self, request: bytes, accept: Callable[[bytes], T | None]) -> T:
        """Send one packet and wait for the first reply for which ``accept`` returns a value; others (None) are counted.

        There is no time limit: the caller sets it. ``accept`` compares the request's nonce. Raises OSError.
        """
        await self._loop.sock_sendall(self.sock, request)
        for _ in range(MAX_STRAY):
            found = accept(await self._loop.sock_recv(self.sock, LARGEST))
            if found is not None:
                return found
            self.stray += 1
            await asyncio.sleep(0)  # sock_recv does not yield if a packet is already queued
        raise TooManyStray(f"sent {MAX_STRAY} packets that nobody had asked for")

    def close(self) -> None:
        """Close the socket."""
        self.sock.close()


def open_datagram(addresses: Sequence[Address], port: int) -> Datagram:
    """A socket connected to the first address with a route; nothing is sent.

    Raises ConnectError with every address's error.
    """
    failures: list[tuple[str, OSError]] = []
    for family, target in addresses:
        peer = address_text((family, target), port)
        try:
            return Datagram(_connected(family, (target[0], port, *target[2:])), peer)
        except OSError as error:
            failures.append((peer, error))
    raise ConnectError(failures)


def _connected(family: socket.AddressFamily, target: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(target)
    except BaseException:
        sock.close()
        raise
    return sock
