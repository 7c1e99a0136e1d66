"""A UDP server on the test's own event loop, which answers each packet as a function says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any


class _Server(asyncio.DatagramProtocol):
    def __init__(self, answer: Callable[[bytes], Iterable[bytes]]) -> None:
        self._answer = answer

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.DatagramTransport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        for packet in self._answer(data):
            self._transport.sendto(packet, address)


@contextlib.asynccontextmanager
async def udp_server(answer: Callable[[bytes], Iterable[bytes]]) -> AsyncIterator[int]:
    """Gives its port at 127.0.0.1."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Server(answer), local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
