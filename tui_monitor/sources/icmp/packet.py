"""ICMP echo packets of both families (RFC 792, RFC 4443) and their error messages."""

from __future__ import annotations

import errno
import os
import socket
import struct

HEADER = struct.Struct("!BBHHH")
"""Type, code, checksum, identifier, sequence number."""
NONCE = 8
_REQUEST = {int(socket.AF_INET): 8, int(socket.AF_INET6): 128}
_REPLY = {int(socket.AF_INET): 0, int(socket.AF_INET6): 129}
"""By the number of the family, not its enumeration, which takes a microsecond to look up."""
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
"""struct sock_extended_err (linux/errqueue.h): errno, origin, type, code, padding, info, data; then the offender's address."""

_WORDS_V4 = {
    (3, 0): "network unreachable", (3, 1): "host unreachable", (3, 2): "protocol unreachable", (3, 3): "port unreachable",
    (3, 4): "packet too large for the path", (3, 9): "network prohibited", (3, 10): "host prohibited",
    (3, 13): "prohibited by a filter", (11, 0): "too many hops",
}  # fmt: skip
_WORDS_V6 = {
    (1, 0): "no route", (1, 1): "prohibited by a filter", (1, 3): "address unreachable", (1, 4): "port unreachable",
    (1, 5): "prohibited by a filter", (1, 6): "route rejected", (2, 0): "packet too large for the path", (3, 0): "too many hops",
}  # fmt: skip


def request(family: int, identifier: int, sequence: int, payload: bytes, *, checksum: bool = True) -> bytes:
    """An echo request. The kernel puts identifier and checksum into those of ping sockets, the checksum into all of IPv6."""
    packet = HEADER.pack(_REQUEST[family], 0, 0, identifier, sequence) + payload
    if not checksum:
        return packet
    return packet[:2] + _checksum(packet).to_bytes(2, "big") + packet[4:]


def _checksum(packet: bytes) -> int:
    """The one's complement of the one's complement sum of 16-bit words (RFC 1071)."""
    padded = packet + b"\0" * (len(packet) % 2)
    total = int.from_bytes(padded, "big") % 0xFFFF or 0xFFFF  # the sum of the words, as 2^16 is 1 modulo 2^16 - 1
    return ~total & 0xFFFF


def reply(family: int, packet: bytes, with_ip_header: bool) -> tuple[int, bytes] | None:
    """The sequence number and payload of an echo reply; None for any other packet. Raw IPv4 sockets give the IP header too."""
    if with_ip_header and family == socket.AF_INET:
        packet = packet[4 * (packet[0] & 15) if packet else 0 :]
    if len(packet) < HEADER.size + NONCE or packet[0] != _REPLY[family]:
        return None
    return HEADER.unpack_from(packet)[4], packet[HEADER.size :]


def quoted_sequence(family: int, packet: bytes) -> tuple[int, bytes] | None:
    """Sequence number and payload of the request quoted in an error; old routers quote the header only (empty payload)."""
    if len(packet) < HEADER.size or packet[0] != _REQUEST[family]:
        return None
    return HEADER.unpack_from(packet)[4], packet[HEADER.size :]


def error_text(family: int, extended: bytes) -> str:
    """Text of an extended error with its sender: "host unreachable, says 192.0.2.1"."""
    number, _, kind, code, _, info, _ = _EXTENDED_ERROR.unpack_from(extended)
    words = (_WORDS_V4 if family == socket.AF_INET else _WORDS_V6).get((kind, code))
    if number == errno.EMSGSIZE:
        words = f"packet too large for the path (MTU {info})"
    words = words or f"{os.strerror(number).lower()} (ICMP {kind}/{code})"
    offender = extended[_EXTENDED_ERROR.size :][_OFFENDER_IN_ADDRESS[family]]
    if len(offender) in (4, 16) and any(offender):
        return f"{words}, says {socket.inet_ntop(family, offender)}"
    return words


_OFFENDER_IN_ADDRESS = {int(socket.AF_INET): slice(4, 8), int(socket.AF_INET6): slice(8, 24)}
"""Where the address stands in sockaddr_in and sockaddr_in6."""
