"""One HTTP connection: uvicorn's h11 protocol, and the limits that it does not have (measured in decision 11).

A connection beyond the limit is closed at once, an unfinished head after 10 s; a head above 64 KiB gets 431; heads that two servers read
differently (folded lines, both lengths, chunked in HTTP/1.0) get 400; a second request before the first is answered closes the connection.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from tui_monitor.core.frozen import frozen

MOST_CONNECTIONS = 128
MOST_HEAD = 64 * 1024
HEAD_WITHIN_S = 10.0
LINGER_S = 2.0
_SO_PEERGROUPS = 59
"""Linux' number; Python has no name for it."""
_END = re.compile(rb"\r?\n\r?\n")
_FOLDED = re.compile(rb"\n[ \t]")
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:", re.IGNORECASE)
_CODING = re.compile(rb"\ntransfer-encoding[ \t]*:", re.IGNORECASE)


@frozen
class Peer:
    """The process at the other end of a unix socket."""

    uid: int
    groups: tuple[int, ...]


class LimitedProtocol(H11Protocol):
    """See the module."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._head = bytearray()
        self._deadline: asyncio.TimerHandle | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse beyond the limit; else note who it is."""
        if len(self.connections) >= MOST_CONNECTIONS:
            transport.abort()
            self.transport = transport
            return
        super().connection_made(transport)
        self.app_state = {"peer": peer_of(transport.get_extra_info("socket"))}
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Also of a connection that was refused."""
        self._cancel_deadline()
        if self in self.connections:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Look at a head before h11 sees it."""
        if self._refused or self.transport.is_closing():
            return
        if self.conn.their_state is not h11.IDLE:
            self._pass_on(data)
            return
        self._unset_keepalive_if_required()
        if self._deadline is None:
            self._expect_head()
        self._head += data
        end = _END.search(self._head)
        if (end.start() if end else len(self._head)) > MOST_HEAD:
            self._refuse(b"431 Request Header Fields Too Large", b"the head of a request may have 64 KiB")
        elif end:
            self._cancel_deadline()
            head, self._head = bytes(self._head), bytearray()
            if fault := head_fault(head[: end.start()]):
                self._refuse(b"400 Bad Request", fault)
            else:
                self._pass_on(head)

    def _pass_on(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.DONE and self.conn.trailing_data[0] and self.cycle is not None:
            self.cycle.keep_alive = False  # what follows has not been looked at; the client repeats it on a new connection

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_WITHIN_S, self.transport.abort)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: bytes, text: bytes) -> None:
        """Answer and close; what still comes is read for a moment, else the system would reset the connection before the answer is read."""
        self._cancel_deadline()
        self._refused = True
        head = b"HTTP/1.1 %b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        self.transport.write(head % (status, len(text)) + text)
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._deadline = self.loop.call_later(LINGER_S, self.transport.abort)
        else:
            self.transport.close()


def head_fault(head: bytes) -> bytes:
    """What is ambiguous in a head, b"" for nothing: what one server reads so and the next one otherwise is how requests are smuggled."""
    first = head.split(b"\n", 1)[0].strip()
    if not first.endswith((b" HTTP/1.1", b" HTTP/1.0")):
        return b"HTTP/1.1 is spoken here"
    if _FOLDED.search(head):
        return b"a header line begins with a blank; write each header on one line"
    if _CODING.search(head):
        if _LENGTH.search(head):
            return b"both Content-Length and Transfer-Encoding are given; give one"
        if first.endswith(b"1.0"):
            return b"HTTP/1.0 has no Transfer-Encoding"
    return b""


def peer_of(connection: socket.socket | None) -> Peer | None:
    """The process at the other end; None for TCP, and where the system does not tell."""
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    try:
        _, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 1024)  # what Python allows: a user of more than 256 groups has none
    except OSError:
        return None
    return Peer(uid, (gid, *struct.unpack(f"{len(raw) // 4}I", raw)))
