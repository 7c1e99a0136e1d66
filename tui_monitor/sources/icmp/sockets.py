"""Sockets shared by all pings of an address family, and the assignment of replies to requests."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.icmp.packet import NONCE, error_text, quoted_sequence, reply, request
from tui_monitor.sources.net.error_attribution import own_trouble

REMEDIES = (
    'this machine does not let the monitor send pings. One of these does: sysctl net.ipv4.ping_group_range="0 2147483647" (IPv4 and IPv6),'
    " AmbientCapabilities=CAP_NET_RAW in the service's unit, or setcap cap_net_raw+ep on the Python that runs it"
)
_IP_MTU_DISCOVER, _IP_RECVERR = 10, 11
_IPV6_MTU_DISCOVER, _IPV6_RECVERR = 23, 25
_PMTUDISC_WANT, _PMTUDISC_DO = 1, 2
_ICMP_FILTER, _SOL_RAW = 1, 255
_ONLY_ECHO_REPLY_V4 = (0xFFFFFFFE).to_bytes(4, "little")
_MSG_ERRQUEUE = 0x2000
_TURN = 64
"""Packets that are read before the loop has its turn."""
_RECEIVE_BUFFER = 1 << 20
_REMEMBERED = 2000
_FILLER = bytes(range(256))


class Echo:
    """One sent request. ``took``: seconds until its reply; ``error``: text of an ICMP error; neither: pending."""

    __slots__ = ("done", "doubled", "error", "late", "mangled", "payload", "sent", "took")

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.sent = perf_counter()
        self.took: float | None = None
        self.error = ""
        self.doubled = self.late = self.mangled = 0
        self.done = asyncio.Event()


class EchoSocket:
    """Sender of requests; assigns replies by sequence number and the random start of the payload.

    The kernel chooses the identifier of ping sockets, so it cannot be used. ICMP errors arrive through the socket's error queue
    with the quoted request, so at once and for the right echo (source: ip(7), IP_RECVERR).
    """

    def __init__(self, family: int) -> None:
        self.family = family
        self.raw, self._sock = _opened(family)
        self._loop = asyncio.get_running_loop()
        self._identifier, self._sequence = secrets.randbits(16), secrets.randbits(16)
        self._waiting: dict[int, Echo] = {}
        self._given_up: OrderedDict[int, Echo] = OrderedDict()
        self._loop.add_reader(self._sock.fileno(), self._read)

    def send(self, address: tuple[object, ...], size: int, dont_fragment: bool) -> tuple[int, Echo]:
        """Send one request; returns its sequence number for `forget`, and the echo to await. Raises OSError."""
        self._sequence = (self._sequence + 1) % 65536
        payload = secrets.token_bytes(NONCE) + _FILLER * ((size - NONCE) // 256 + 1)
        echo = Echo(payload[:size])
        packet = request(self.family, self._identifier, self._sequence, echo.payload, checksum=self.raw)
        self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # an earlier error of another target must not fail this request
        with self._fragmenting(not dont_fragment):
            self._sock.sendto(packet, address)
        self._waiting[self._sequence] = echo
        return self._sequence, echo

    def forget(self, sequence: int) -> None:
        """Stop waiting; a later reply is counted as late."""
        echo = self._waiting.pop(sequence, None)
        if echo is not None and not echo.done.is_set():
            self._given_up[sequence] = echo
            while len(self._given_up) > _REMEMBERED:
                self._given_up.popitem(last=False)

    def close(self) -> None:
        """Close the socket."""
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    @contextmanager
    def _fragmenting(self, allowed: bool) -> Iterator[None]:
        """Set the fragmentation option for one request on the shared socket."""
        if allowed:
            yield
            return
        level, option = (
            (socket.IPPROTO_IP, _IP_MTU_DISCOVER) if self.family == socket.AF_INET else (socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER)
        )
        self._sock.setsockopt(level, option, _PMTUDISC_DO)
        try:
            yield
        finally:
            self._sock.setsockopt(level, option, _PMTUDISC_WANT)

    def _read(self) -> None:
        self._read_errors()
        for _ in range(_TURN):
            try:
                packet = self._sock.recv(65535)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error; its details are in the error queue
                self._read_errors()
                continue
            found = reply(self.family, packet, self.raw)
            if found is not None:
                self._take(*found)

    def _take(self, sequence: int, payload: bytes) -> None:
        late = self._given_up.get(sequence)
        if late is not None and late.payload[:NONCE] == payload[:NONCE]:
            late.late += 1
            return
        echo = self._waiting.get(sequence)
        if echo is None or echo.payload[:NONCE] != payload[:NONCE]:
            return
        if echo.done.is_set():
            echo.doubled += 1
        elif echo.payload != payload:
            echo.mangled += 1
        else:
            echo.took = perf_counter() - echo.sent
            echo.done.set()

    def _read_errors(self) -> None:
        for _ in range(_TURN):
            try:
                packet, controls, _, _ = self._sock.recvmsg(2048, 512, _MSG_ERRQUEUE)
            except OSError:
                return
            found = quoted_sequence(self.family, packet)
            echo = self._waiting.get(found[0]) if found is not None else None
            if found is None or echo is None or echo.done.is_set() or not echo.payload.startswith(found[1][:NONCE]):
                continue
            for _, kind, data in controls:
                if kind in (_IP_RECVERR, _IPV6_RECVERR):
                    echo.error = error_text(self.family, data)
                    echo.done.set()


def _opened(family: int) -> tuple[bool, socket.socket]:
    """(is raw, socket): a ping socket, which needs only the sysctl's permission, else a raw one. Raises OwnTrouble."""
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            sock = socket.socket(family, kind, protocol)
        except PermissionError:
            continue
        except OSError as error:
            raise OwnTrouble(own_trouble(error) or f"no socket for pings: {error.strerror}") from error
        return kind == socket.SOCK_RAW, _prepared(sock, family, kind)
    raise OwnTrouble(REMEDIES)


def _prepared(sock: socket.socket, family: int, kind: int) -> socket.socket:
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        if kind == socket.SOCK_RAW:
            sock.setsockopt(_SOL_RAW, _ICMP_FILTER, _ONLY_ECHO_REPLY_V4)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    return sock


class Sockets:
    """The shared sockets of an event loop; each is open while a probe uses it."""

    def __init__(self) -> None:
        self._open: dict[tuple[asyncio.AbstractEventLoop, int], tuple[EchoSocket, set[object]]] = {}

    def take(self, family: int, holder: object) -> EchoSocket:
        """The family's socket, opened by its first user. Raises OwnTrouble."""
        where = (asyncio.get_running_loop(), family)
        if where not in self._open:
            self._open[where] = (EchoSocket(family), set())
        echo_socket, holders = self._open[where]
        holders.add(holder)
        return echo_socket

    def give_back(self, holder: object) -> None:
        """Release the holder's sockets; the last release closes them."""
        for where, (echo_socket, holders) in list(self._open.items()):
            holders.discard(holder)
            if not holders:
                del self._open[where]
                echo_socket.close()


SOCKETS = Sockets()
"""The ones that all probes share."""
