"""A scripted MySQL server for what no real one does here: logins of MySQL 8, and answers that break the protocol.

Packets: dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

PROTOCOL_41, SSL, SECURE, PLUGIN_AUTH, LENENC = 0x200, 0x800, 0x8000, 0x80000, 0x200000
MULTI_STATEMENTS, LOCAL_FILES = 0x10000, 0x80
OK, EOF = b"\x00\x00\x00\x02\x00\x00\x00", b"\xfe\x00\x00\x02\x00"
SALT = b"12345678abcdefghijkl"


@dataclass
class MysqlScript:
    """What one server does: the plugin of its greeting, whether it has TLS, what it asks for in the login and answers to a statement."""

    plugin: str = "caching_sha2_password"
    version: bytes = b"8.0.36"
    tls: ssl.SSLContext | None = None
    login: list[bytes] = field(default_factory=list)
    """Packets after the client's login, each of which it answers; then comes OK."""
    answer: Callable[[str], list[bytes]] = lambda sql: [OK]
    heard: list[bytes] = field(default_factory=list)
    flags: int = 0

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Serve one connection after the other in a thread of its own; gives the port of 127.0.0.1."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
            thread.start()
            yield int(listener.getsockname()[1])
            listener.shutdown(socket.SHUT_RDWR)  # ends its accept
        await asyncio.to_thread(thread.join, 10)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                self._socket, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                self._talk()
            self._socket.close()

    def _talk(self) -> None:
        self._next = 0
        self._send(self._greeting())
        first = self._read()
        if self.tls is not None and int.from_bytes(first[:4], "little") & SSL:
            self._socket = self.tls.wrap_socket(self._socket, server_side=True)
            first = self._read()
        self.flags = int.from_bytes(first[:4], "little")
        self.heard.append(first)
        for packet in self.login:
            self._send(packet)
            self.heard.append(self._read())
        self._send(OK)
        while True:
            command = self._read()
            self._next = 1
            if command[:1] == b"\x01":
                return
            self.heard.append(command)
            self._socket.sendall(b"".join(self._packet(packet) for packet in self.answer(command[1:].decode())))

    def _greeting(self) -> bytes:
        flags = PROTOCOL_41 | SECURE | PLUGIN_AUTH | LENENC | (SSL if self.tls else 0)
        low, high = struct.pack("<I", flags)[:2], struct.pack("<I", flags)[2:]
        head = b"\x0a" + self.version + b"\0" + struct.pack("<I", 7) + SALT[:8] + b"\0" + low + b"\x2d\x02\x00" + high
        return head + b"\x15" + bytes(10) + SALT[8:] + b"\0" + self.plugin.encode() + b"\0"

    def _send(self, payload: bytes) -> None:
        self._socket.sendall(self._packet(payload))

    def _packet(self, payload: bytes) -> bytes:
        self._next += 1
        return struct.pack("<I", len(payload))[:3] + bytes([(self._next - 1) % 256]) + payload

    def _read(self) -> bytes:
        head = self._exactly(4)
        self._next = head[3] + 1
        return self._exactly(int.from_bytes(head[:3], "little"))

    def _exactly(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            part = self._socket.recv(length - len(found))
            if not part:
                raise ConnectionError
            found += part
        return found


def column(name: str, kind: int = 8) -> bytes:
    """The packet that describes a column; kind 8 is a whole number, 16 BIT, 253 text."""
    texts = b"".join(bytes([len(text)]) + text for text in (b"def", b"", b"", b"", name.encode(), b""))
    return texts + b"\x0c" + struct.pack("<HIBHB", 63, 20, kind, 0, 0) + b"\0\0"


def rows(names: list[str], cells: list[list[str]], kind: int = 8) -> list[bytes]:
    """The packets of a whole answer."""
    described = [column(name, kind) for name in names]
    told = [b"".join(bytes([len(cell)]) + cell.encode() for cell in row) for row in cells]
    return [bytes([len(names)]), *described, EOF, *told, EOF]
