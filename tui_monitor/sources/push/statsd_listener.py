"""The StatsD sockets: UDP and a unix datagram socket, read in small turns of the event loop; what the kernel dropped is counted."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

RECEIVE_BUFFER = 4 * 2**20
"""Bytes: about 16,000 small packets (the kernel counts 256 bytes and more for each), 0.8 s at 20,000 packets a second."""
PACKETS_A_TURN = 256
"""Then other tasks get the loop: 1.5 ms."""
PAUSE_S = 0.005
"""After the buffer was emptied: at 20,000 packets a second the loop then wakes for 100 packets, not for each. Unix senders would wait."""
LARGEST_PACKET = 65_536
_SO_RCVBUFFORCE, _SO_MEMINFO, _DROPS = 33, 55, 8
"""Linux (source: include/uapi/asm-generic/socket.h, include/uapi/linux/sock_diag.h); Python has no names for them."""
UNIX_SENDER = "statsd socket"

Packet = Callable[[bytes, str, float], None]


class StatsdUnusable(Exception):
    """A socket that cannot be opened; the text says which and what to change."""


class StatsdListener:
    """One open socket. ``on_packet`` gets each datagram, its sender (the address, or UNIX_SENDER) and the turn's time by ``monotonic``."""

    def __init__(self, opened: socket.socket, on_packet: Packet, monotonic: Callable[[], float], path: Path | None = None) -> None:
        self._socket = opened
        self._monotonic = monotonic
        self._on_packet = on_packet
        self._path = path
        self._pause: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._read = self._read_unix if path is not None else self._read_udp
        opened.setblocking(False)
        _enlarge(opened)
        self._loop.add_reader(opened.fileno(), self._read)

    @property
    def port(self) -> int:
        """The UDP port, 0 of a unix socket."""
        return 0 if self._path is not None else int(self._socket.getsockname()[1])

    @property
    def lost(self) -> int:
        """Packets that the kernel has dropped since the socket was opened, as /proc/net/udp counts them; unix senders wait instead."""
        return 0 if self._path is not None else drops_of(self._socket)

    def _read_udp(self) -> None:
        receive, on_packet, now = self._socket.recvfrom, self._on_packet, self._monotonic()
        try:
            for _ in range(PACKETS_A_TURN):
                data, address = receive(LARGEST_PACKET)
                on_packet(data, address[0], now)
        except (BlockingIOError, InterruptedError):
            self._loop.remove_reader(self._socket.fileno())
            self._pause = self._loop.call_later(PAUSE_S, self._resume)

    def _resume(self) -> None:
        self._loop.add_reader(self._socket.fileno(), self._read)

    def _read_unix(self) -> None:
        receive, on_packet, now = self._socket.recv, self._on_packet, self._monotonic()
        with suppress(BlockingIOError, InterruptedError):
            for _ in range(PACKETS_A_TURN):
                on_packet(receive(LARGEST_PACKET), UNIX_SENDER, now)

    def close(self) -> None:
        """Stop reading."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()


def open_udp(host: str, port: int, on_packet: Packet, monotonic: Callable[[], float] = time.monotonic) -> StatsdListener:
    """Listen on an address. Raises StatsdUnusable."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise StatsdUnusable(f'statsd = {host}:{port}: {error.strerror}; give another address in [push], or ""') from None
    return StatsdListener(opened, on_packet, monotonic)


def open_unix(path: Path, on_packet: Packet, monotonic: Callable[[], float] = time.monotonic) -> StatsdListener:
    """Listen on a unix datagram socket that every user of this machine may write to. Raises StatsdUnusable."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        _remove_dead(path)
        opened.bind(str(path))
        os.chmod(path, 0o666)
    except (OSError, ValueError) as error:
        opened.close()
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StatsdUnusable(f"statsd_socket = {path}: {why}; give a path in a directory that this user may write to") from None
    return StatsdListener(opened, on_packet, monotonic, path)


def _remove_dead(path: Path) -> None:
    """Remove the socket of a process that has ended; anything else at the path stays."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ValueError("there is a file of another kind")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise ValueError("another process listens there")


def _enlarge(opened: socket.socket) -> None:
    """The receive buffer, beyond net.core.rmem_max where this process may."""
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except OSError:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)


def drops_of(opened: socket.socket) -> int:
    """The kernel's count of packets that found the socket's buffer full; 0 where it tells none (not Linux)."""
    try:
        raw = opened.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * (_DROPS + 1))
        return int(struct.unpack(f"{_DROPS + 1}I", raw)[_DROPS])
    except (OSError, struct.error):
        return 0
