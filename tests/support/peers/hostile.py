"""A hostile TCP server on the test's own event loop: it hangs, cuts, lies and floods at a chosen point of the exchange."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
MIB = 1 << 20
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read whatever comes and never send a byte: a TLS client hangs in its handshake, a plain one before the first byte."""
    while await reader.read(65536):
        pass


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the first bytes (a request, a ClientHello) and close in order."""
    await reader.read(65536)


async def _close_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close without reading."""


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the first bytes, then answer with a TCP reset (SO_LINGER of 0 s)."""
    await reader.read(65536)
    plain: socket.socket = writer.get_extra_info("socket")
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _hang_in_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Announce 1,000 bytes, send 100, then nothing."""
    await reader.read(65536)
    writer.write(_HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 100)
    await _hang(reader, writer)


async def _cut_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Announce 1,000 bytes, send 100, close."""
    await reader.read(65536)
    writer.write(_HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 100)
    await writer.drain()


async def _garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Every byte value, escape sequences and NULs, then close."""
    await reader.read(65536)
    writer.write(bytes(range(256)) + b"\x1b]0;title\x07\x1b[2J\r\n\r\n" + b"\x00" * 64)
    await writer.drain()


async def _bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A gzip body of 64 KiB that inflates to 64 MiB."""
    await reader.read(65536)
    body = _bomb_body()
    writer.write(_HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()


@functools.cache
def _bomb_body() -> bytes:
    return gzip.compress(bytes(64 * MIB), 9)


async def _endless_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A chunked body without end."""
    await reader.read(65536)
    writer.write(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"y" * 65536 + b"\r\n")
        await writer.drain()


async def _endless_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Header fields without end."""
    await reader.read(65536)
    writer.write(_HEAD)
    while True:
        writer.write(b"X-More: " + b"z" * 1000 + b"\r\n")
        await writer.drain()


async def _endless_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A first line without end: no line break ever."""
    while True:
        writer.write(b"l" * 65536)
        await writer.drain()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A good answer at one byte every 50 ms: each read succeeds, the whole never ends in time."""
    await reader.read(65536)
    for byte in _HEAD + b"Content-Length: 100000\r\n\r\n" + b"d" * 100000:
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0.05)


BEHAVIOURS: Mapping[str, Behaviour] = {
    "hang": _hang, "hang up": _hang_up, "close at once": _close_at_once, "reset": _reset, "hang in body": _hang_in_body,
    "cut body": _cut_body, "garbage": _garbage, "bomb": _bomb, "endless body": _endless_body, "endless head": _endless_head,
    "endless line": _endless_line, "drip": _drip,
}  # fmt: skip


@dataclass
class Hostile:
    """Where it listens and how many connections it took."""

    port: int = 0
    connections: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, behaviour: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, closed when the behaviour has ended."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await behaviour(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def end(self) -> None:
        """Drop every connection that is still served."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


@contextlib.asynccontextmanager
async def hostile(behaviour: str | Behaviour, tls: ssl.SSLContext | None = None, path: str = "") -> AsyncIterator[Hostile]:
    """A server on a free port of 127.0.0.1 that treats every connection by a name of ``BEHAVIOURS`` or by a function of one's own.

    With ``tls`` the behaviour begins after a good handshake; without, a TLS client meets it in the handshake. ``path``: a Unix socket to
    listen at in place of a port.
    """
    chosen = BEHAVIOURS[behaviour] if isinstance(behaviour, str) else behaviour
    server = Hostile()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.serve(chosen, reader, writer)

    listener = await (asyncio.start_unix_server(serve, path) if path else asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls))
    server.port = 0 if path else listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.end()


@contextlib.contextmanager
def unanswered_port() -> Iterator[int]:
    """A port of 127.0.0.1 where connecting hangs: the queue of a listener that never accepts is full, so the kernel drops SYNs."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])
