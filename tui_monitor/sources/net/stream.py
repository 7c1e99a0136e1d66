"""Stream sockets, plain or TLS, on the event loop's socket calls: no transport, no buffers, immediate close."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence

from tui_monitor.sources.net.resolve import Address

ATTEMPT_DELAY = 0.25
"""Seconds that one address may take before the next is tried beside it (RFC 8305, section 5)."""

_CHUNK = 65536


class HungUp(ConnectionError):
    """The peer closed the connection during a handshake; the text says where."""


class Stream:
    """One connected socket. Every await may be cancelled; ``close`` leaves nothing behind."""

    __slots__ = ("_incoming", "_loop", "_outgoing", "_tls", "peer", "sock")

    def __init__(self, sock: socket.socket, peer: str) -> None:
        self.sock = sock
        self.peer = peer
        self._loop = asyncio.get_running_loop()
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS session, also after a failed handshake, for its certificates."""
        return self._tls

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> None:
        """Do the handshake. Raises ssl.SSLError, HungUp where the peer closes the connection, or OSError."""
        self._tls = tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._feed():
                    raise HungUp("hung up during the TLS handshake") from None
            except ssl.SSLError:
                await self._say_alert()
                raise
            else:
                await self._flush()
                return

    async def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError."""
        if self._tls is None:
            await self._loop.sock_sendall(self.sock, data)
            return
        self._tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        """Receive at most 64 KiB; b"" at the end. Raises OSError (ssl.SSLError is one)."""
        if self._tls is None:
            return await self._loop.sock_recv(self.sock, _CHUNK)
        while True:
            try:
                return self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""  # many servers close without close_notify; HTTP's framing detects truncation

    async def first_record(self) -> None:
        """Wait for the peer's first record after the TLS handshake (a session ticket or data) and drop it.

        Raises ssl.SSLError for a refusal, HungUp for a close, or OSError.
        """
        assert self._tls is not None
        fed = False
        while True:
            try:
                self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                if fed and self._incoming.pending == 0:
                    return
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                raise HungUp("hung up right after the TLS handshake") from None
            else:
                return
            fed = await self._feed()

    def is_idle(self) -> bool:
        """Whether an unused connection is still open and nothing, not even an end, was received."""
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close the socket at once, without TLS close_notify."""
        self.sock.close()

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            await self._loop.sock_sendall(self.sock, data)

    async def _feed(self) -> bool:
        data = await self._loop.sock_recv(self.sock, _CHUNK)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return bool(data)

    async def _say_alert(self) -> None:
        """Send the pending TLS alert, ignoring errors."""
        data = self._outgoing.read()
        if data:
            try:
                self.sock.send(data)
            except OSError:
                return


def address_text(address: Address, port: int) -> str:
    """ "127.0.0.1:80" or "[::1]:80"."""
    host = str(address[1][0])
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def connect(addresses: Sequence[Address], port: int) -> Stream:
    """Connect to the first answering address, alternating families, with a new attempt each 250 ms or after a failure.

    Raises ConnectError with every attempt's error.
    """
    if len(addresses) == 1:
        address = addresses[0]
        try:
            return await _attempt(address, port)
        except OSError as error:
            raise ConnectError([(address_text(address, port), error)]) from error
    return await _race(_alternate(addresses), port)


async def connect_unix(path: str) -> Stream:
    """Connect to the Unix socket at a path, "\\0name" for an abstract one. Raises ConnectError with its path and error."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, path)
    except OSError as error:
        sock.close()
        raise ConnectError([(path, error)]) from error
    except BaseException:
        sock.close()
        raise
    return Stream(sock, path)


class ConnectError(Exception):
    """No address answered; ``failures`` are (address, error) in the order in which they failed."""

    def __init__(self, failures: list[tuple[str, OSError]]) -> None:
        super().__init__(", ".join(f"{address}: {error}" for address, error in failures))
        self.failures = failures


async def _attempt(address: Address, port: int) -> Stream:
    family, target = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, (target[0], port, *target[2:]))
    except BaseException:
        sock.close()
        raise
    return Stream(sock, address_text(address, port))


def _alternate(addresses: Sequence[Address]) -> list[Address]:
    """Addresses of both families alternating, each in the resolver's order, its first choice first (RFC 8305, section 4)."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    second = [address for address in addresses if address[0] != addresses[0][0]]
    mixed: list[Address] = []
    for index in range(max(len(first), len(second))):
        mixed += first[index : index + 1] + second[index : index + 1]
    return mixed


async def _race(addresses: list[Address], port: int) -> Stream:
    attempts: dict[asyncio.Task[Stream], Address] = {}
    failures: list[tuple[str, OSError]] = []
    waiting = list(addresses)
    try:
        while waiting or attempts:
            if waiting:
                address = waiting.pop(0)
                attempts[asyncio.create_task(_attempt(address, port))] = address
            done, _ = await asyncio.wait(attempts, timeout=ATTEMPT_DELAY if waiting else None, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                tried = address_text(attempts.pop(task), port)
                try:
                    return task.result()
                except OSError as error:
                    failures.append((tried, error))
        raise ConnectError(failures)
    finally:
        for task in attempts:
            _drop(task)


def _drop(task: asyncio.Task[Stream]) -> None:
    """Cancel a losing attempt and close its connection if it has one. No await, so that it cannot be interrupted."""
    task.cancel()
    if task.done():
        _close_result(task)
    else:
        task.add_done_callback(_close_result)


def _close_result(task: asyncio.Task[Stream]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()
