"""Client NTP packets (RFC 5905): a request with a nonce, and the parsed reply."""

from __future__ import annotations

import secrets
import struct

from tui_monitor.core.frozen import frozen

_PACKET = struct.Struct("!BBbbIII8s8s8s8s")
_CLIENT, _SERVER = 3, 4
_VERSION = 4
_UNIX_EPOCH = 2208988800
"""Seconds from 1900 to 1970."""
_ERA = 2**32
UNSYNCHRONISED = 3
"""The leap indicator of a server that does not know the time."""
HIGHEST_STRATUM = 15


@frozen
class NtpReply:
    """``offset``: seconds that the server's clock is ahead of ours. ``delay``: round trip without the server's own time, seconds.

    ``kiss``: the four letters of a stratum 0 packet ("RATE", "DENY"). ``distance``: the server's maximum error in seconds, including half
    of the delay.
    """

    leap: int
    stratum: int
    offset: float
    delay: float
    distance: float
    reference: str
    kiss: str


def request() -> tuple[bytes, bytes]:
    """(nonce, packet): the nonce replaces the transmit time, so that a reply cannot be forged without seeing the request."""
    nonce = secrets.token_bytes(8)
    return nonce, bytes((_VERSION << 3 | _CLIENT,)) + bytes(39) + nonce


def read(packet: bytes, nonce: bytes, sent: float, received: float) -> NtpReply | None:
    """The reply to the request with this nonce; None for any other packet. ``sent``, ``received``: our clock, Unix seconds."""
    if len(packet) < _PACKET.size:
        return None
    first, stratum, _, _, root_delay, root_dispersion, reference, _, origin, arrived, left = _PACKET.unpack_from(packet)
    if origin != nonce or first & 7 != _SERVER:
        return None
    there, back = _unix(arrived, sent), _unix(left, sent)
    delay = max(0.0, (received - sent) - (back - there))
    distance = root_delay / 65536 / 2 + root_dispersion / 65536 + delay / 2
    letters = struct.pack("!I", reference)
    return NtpReply(
        leap=first >> 6,
        stratum=stratum,
        offset=((there - sent) + (back - received)) / 2,
        delay=delay,
        distance=distance,
        reference=_letters(letters) if stratum <= 1 else ".".join(map(str, letters)),
        kiss=_letters(letters) if stratum == 0 else "",
    )


def _letters(raw: bytes) -> str:
    return "".join(chr(byte) for byte in raw if 32 < byte < 127)


def _unix(stamp: bytes, near: float) -> float:
    """Unix seconds of an NTP time, in the era nearest to ``near`` (the next one begins in 2036)."""
    seconds = struct.unpack("!Q", stamp)[0] / _ERA - _UNIX_EPOCH
    return float(seconds + _ERA * round((near - seconds) / _ERA))
