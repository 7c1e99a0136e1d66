"""Sockets shared by all pings of an address family, and the assignment of replies to requests."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections import OrderedDict
from contextlib import suppress

from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.icmp.packet import NONCE, error_text, quoted_sequence, reply, request
from tui_monitor.sources.icmp.pings import Echo, Pings
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
_SO_TIMESTAMPNS = 35
"""Gives the time of arrival with each packet as a struct timespec of CLOCK_REALTIME (asm-generic/socket.h)."""
_TIMESPEC = struct.Struct("@ll")
_TURN = 64
"""Packets that are read before the loop has its turn."""
_RECEIVE_BUFFER = 1 << 20
_REMEMBERED = 2000


class EchoSocket:
    """Sender of requests; assigns replies by sequence number and the random start of the payload.

    The kernel chooses the identifier of ping sockets, so it cannot be used. ICMP errors arrive through the socket's error queue
    with the quoted request, so at once and for the right echo (source: ip(7), IP_RECVERR).
    """

    def __init__(self, family: int) -> None:
        self.family = int(family)
        self.raw, self._sock = _opened(family)
        self._loop = asyncio.get_running_loop()
        self._identifier, self._sequence = secrets.randbits(16), secrets.randbits(16)
        self._waiting: dict[int, Echo] = {}
        self._given_up: OrderedDict[int, Echo] = OrderedDict()
        self._due: dict[float, list[Pings]] = {}
        self._loop.add_reader(self._sock.fileno(), self._read)

    async def answers(self, pings: Pings, limit: float) -> list[Echo]:
        """Send all requests and wait for a reply or an error of each, at most ``limit`` seconds. Raises OSError."""
        end = self._loop.call_later(limit, pings.end)
        try:
            self.send(pings)
            await pings.done
        finally:
            pings.end()
            end.cancel()
            self.forget(pings)
        if pings.failed is not None:
            raise pings.failed
        return list(pings.echoes.values())

    def send(self, pings: Pings) -> None:
        """Send the next request and plan the one after it. Raises OSError."""
        self._sequence = (self._sequence + 1) % 65536
        packet = request(self.family, self._identifier, self._sequence, pings.payload, checksum=self.raw)
        echo = Echo(pings)
        self._send(packet, pings)
        self._waiting[self._sequence] = pings.echoes[self._sequence] = echo
        if len(pings.echoes) < pings.count:
            self._plan(pings)

    def _plan(self, pings: Pings) -> None:
        """Send the next request on the grid of its gap, so that the requests of many targets share one wake-up."""
        due = round(pings.due / pings.gap) * pings.gap
        if due not in self._due:
            self._due[due] = []
            self._loop.call_at(due, self._send_due, due)
        self._due[due].append(pings)

    def _send_due(self, due: float) -> None:
        for pings in self._due.pop(due):
            if pings.done.done():
                continue
            try:
                self.send(pings)
            except OSError as error:
                pings.end(error)

    def _send(self, packet: bytes, pings: Pings) -> None:
        if pings.dont_fragment:
            self._set_discovery(_PMTUDISC_DO)
        try:
            self._sock.sendto(packet, pings.address)
        except OSError:  # perhaps an earlier error of another target, which is cleared by this
            self._sock.sendto(packet, pings.address)
        finally:
            if pings.dont_fragment:
                self._set_discovery(_PMTUDISC_WANT)

    def _set_discovery(self, value: int) -> None:
        """Set the fragmentation option of the shared socket, for one request."""
        v4 = self.family == socket.AF_INET
        level, option = (socket.IPPROTO_IP, _IP_MTU_DISCOVER) if v4 else (socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER)
        self._sock.setsockopt(level, option, value)

    def forget(self, pings: Pings) -> None:
        """Stop waiting; later replies are counted as late."""
        for sequence, echo in pings.echoes.items():
            self._waiting.pop(sequence, None)
            if echo.pending:
                self._given_up[sequence] = echo
        while len(self._given_up) > _REMEMBERED:
            self._given_up.popitem(last=False)

    def close(self) -> None:
        """Close the socket."""
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def _read(self) -> None:
        for count in range(_TURN):
            try:
                packet, controls, _, _ = self._sock.recvmsg(65535, 64)
            except BlockingIOError:
                if not count:  # no packet has woken the loop, but an error that was taken from the socket when another request was sent
                    self._read_errors()
                return
            except OSError:  # an ICMP error; its details are in the error queue
                self._read_errors()
                continue
            found = reply(self.family, packet, self.raw)
            if found is not None:
                self._take(*found, _arrival(controls))

    def _take(self, sequence: int, payload: bytes, at_ns: int) -> None:
        for echo in (self._given_up.get(sequence), self._waiting.get(sequence)):
            if echo is None or echo.pings.payload[:NONCE] != payload[:NONCE]:
                continue
            pings = echo.pings
            if not echo.pending:
                pings.doubled += 1
            elif pings.done.done():
                pings.late += 1
            elif pings.payload != payload:
                pings.mangled += 1
            else:
                echo.replied(at_ns)
                pings.answered()
            return

    def _read_errors(self) -> None:
        for _ in range(_TURN):
            try:
                packet, controls, _, _ = self._sock.recvmsg(2048, 512, _MSG_ERRQUEUE)
            except OSError:
                return
            found = quoted_sequence(self.family, packet)
            echo = self._waiting.get(found[0]) if found is not None else None
            if found is None or echo is None or not echo.pending or not echo.pings.payload.startswith(found[1][:NONCE]):
                continue
            said = next((data for _, kind, data in controls if kind in (_IP_RECVERR, _IPV6_RECVERR)), None)
            if said is not None:
                echo.error = error_text(self.family, said)
                echo.pings.answered()


def _arrival(controls: list[tuple[int, int, bytes]]) -> int:
    """When the kernel got a packet (ns of CLOCK_REALTIME), 0 where it does not say."""
    for level, kind, data in controls:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return 0


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
    with suppress(OSError):  # without it the moment of reading counts
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
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
